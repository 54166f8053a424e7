/** What is executed for a script: pure, one place for each shell's form and limits (protocol §4.4, §12.1). */
import { POWERSHELL_BOOTSTRAP, powershellInput } from './powershell.ts';

export type Shell = 'powershell' | 'cmd' | 'sh' | 'pwsh';

export interface Invocation {
  /** A name to be found on the PATH. */
  readonly file: string;
  /** Unquoted; on Windows the launcher quotes them (`command-line.ts`). */
  readonly args: readonly string[];
  /** What the shell reads; null: it finds its input at the end at once. */
  readonly stdin: string | null;
}

/** Linux takes no single argument of this size or more, its closing NUL included (MAX_ARG_STRLEN). */
const MAX_ARGUMENT_BYTES = 128 * 1024;

/** `eval` sees the same text as `-c` would; the input of the script's own commands is at its end either way. */
const SH_BOOTSTRAP = 'eval "$(cat)"';

/**
 * PowerShell on Windows always reads its script from standard input, so that neither the length of a command line (32,767
 * characters) nor anybody's quoting matters. Elsewhere a script that fits into an argument is one, as in the original.
 */
export function invocation(shell: Shell, script: string, platform: NodeJS.Platform = process.platform): Invocation {
  const fits = platform !== 'win32' && Buffer.byteLength(script) < MAX_ARGUMENT_BYTES;
  switch (shell) {
    case 'sh':
      return fits
        ? { file: 'sh', args: ['-c', script], stdin: null }
        : { file: 'sh', args: ['-c', SH_BOOTSTRAP], stdin: script };
    case 'cmd':
      return { file: 'cmd', args: ['/C', script], stdin: null };
    case 'powershell':
    case 'pwsh': {
      const [command, stdin] = fits ? [script, null] : [POWERSHELL_BOOTSTRAP, powershellInput(script)];
      return { file: shell, args: ['-NoProfile', '-NonInteractive', '-Command', command], stdin };
    }
  }
}
