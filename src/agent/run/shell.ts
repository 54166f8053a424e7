/** What is executed for a script: pure, one place for each shell's form and limits (protocol §4.4, §12.1). */
import type { Shell } from '../wire/command.ts';
import { powershellCommand, powershellInput, withoutByteOrderMark } from './powershell.ts';

export interface Invocation {
  /** A name to be found on the PATH. */
  readonly file: string;
  /** Unquoted; on Windows the launcher quotes them (`command-line.ts`), but for `cmd`, which reads its command line as it is. */
  readonly args: readonly string[];
  /** What the shell reads; null: it finds its input at the end at once. */
  readonly stdin: string | null;
  /** `cmd` on Windows: the text of a batch file, which the launcher writes and gives it instead of `args`. */
  readonly batch?: string;
}

/** What stands before the command. */
export const POWERSHELL_ARGUMENTS = ['-NoProfile', '-NonInteractive', '-Command'];

/** Linux takes no single argument of this size or more, its closing NUL included (MAX_ARG_STRLEN). */
const MAX_ARGUMENT_BYTES = 128 * 1024;

/** At the end of the input: all of it is here. Nothing is run of a text that has come in part, since its writer has died. */
const SH_END = '#kanade-tray-end';
/** `eval` sees the same text as `-c` would; the input of the script's own commands is at its end either way. */
const SH_BOOTSTRAP = `eval "$(t=$(cat);case $t in *'${SH_END}')printf %s "\${t%'${SH_END}'}";;*)echo exit 1;;esac)"`;

/**
 * PowerShell on Windows always reads its script from standard input, so that neither the length of a command line (32,767
 * characters) nor anybody's quoting matters; so does `pwsh` everywhere, which the original does not know. Elsewhere a script that
 * fits into an argument is one, as in the original.
 */
export function invocation(shell: Shell, script: string, platform: NodeJS.Platform = process.platform): Invocation {
  const fits = platform !== 'win32' && Buffer.byteLength(script) < MAX_ARGUMENT_BYTES;
  switch (shell) {
    case 'sh':
      // A NUL would be dropped on the way through the input, and another script run; as an argument it is refused.
      return fits || script.includes('\0')
        ? { file: 'sh', args: ['-c', script], stdin: null }
        : { file: 'sh', args: ['-c', SH_BOOTSTRAP], stdin: script + SH_END };
    case 'cmd':
      return platform === 'win32' ? ofWindowsCmd(script) : { file: 'cmd', args: ['/C', script], stdin: null };
    case 'powershell':
    case 'pwsh': {
      const [command, stdin] =
        fits && shell === 'powershell'
          ? [withoutByteOrderMark(script), null]
          : [powershellCommand(script), powershellInput(script)];
      return { file: shell, args: [...POWERSHELL_ARGUMENTS, command], stdin };
    }
  }
}

/**
 * `cmd /C` does the first line of its command and drops the others without a word, so that several lines are a batch file; quotes
 * escaped as C programs read them (`\\"`), which the original does, reach it as they are written and break every quoted path.
 */
function ofWindowsCmd(script: string): Invocation {
  const lines = script.replace(/^[\r\n]+|[\r\n]+$/g, '').split(/\r?\n/);
  if (lines.length === 1) return { file: 'cmd', args: cmdArguments(lines[0] ?? ''), stdin: null };
  return { file: 'cmd', args: [], stdin: null, batch: `${lines.join('\r\n')}\r\n` };
}

/** `/S`: the outer quotes go, and what is between them is taken as it is, whatever quotes are in it. */
export function cmdArguments(command: string): string[] {
  return ['/S', '/C', `"${command}"`];
}

/** {@link cmdArguments} with output in UTF-8, for a command that has characters which are not in the code page of the console. */
export function cmdArgumentsInUtf8(args: readonly string[]): string[] {
  return args.map((arg) => (arg.startsWith('"') ? `"chcp 65001>nul&${arg.slice(1)}` : arg));
}
