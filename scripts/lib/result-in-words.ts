/** Results in words. They are made from what came over the wire, never from what was expected. */
import { en } from '../../src/shared/i18n/en.ts';
import { OUTCOMES, REASONS } from '../../src/shared/outcomes.ts';
import type { ExecResult } from './fleet.ts';

const SHOWN_CHARS = 60;

/** A code that stands for outcomes of the agent's own: as the window calls them. undefined: it is that of a script. */
function meaning(code: number): string | undefined {
  const lines = REASONS.filter((reason) => code > 0 && OUTCOMES[reason].exitCode === code).map((reason) =>
    en[`reason.${reason}.line`].replaceAll('{it}', en.it),
  );
  return lines.length > 0 ? `${lines.join(', or ')} (${code})` : undefined;
}

/** @returns one line, such as `done: "Good morning"` or `not run – too late (125)` */
export function inWords(result: Pick<ExecResult, 'exit_code' | 'stdout' | 'stderr'>): string {
  const { exit_code: code, stdout, stderr } = result;
  const known = meaning(code);
  if (known !== undefined) return known;
  if (code === 0) return `done${quoted(stdout)}`;
  if (code > 0) return `finished with an error (exit code ${code})${quoted(stderr || stdout)}`;
  const note = stderr.trimEnd().split('\n').at(-1) ?? '';
  if (note.startsWith('killed by remote signal')) return 'stopped by IT';
  if (note.startsWith('timeout after')) return `took too long, stopped (${note})`;
  if (note.startsWith('refused: cannot read')) return 'not run: the message could not be read';
  if (note.startsWith('command failed before')) return 'not run: it could not be started';
  return `did not end (${code})${quoted(stderr)}`;
}

function quoted(text: string) {
  const trimmed = text.trim();
  if (trimmed === '') return '';
  const first = trimmed.split('\n', 1)[0]?.trim() ?? '';
  if (trimmed === first && first.length <= SHOWN_CHARS) return `: "${first}"`;
  return `: "${first.slice(0, SHOWN_CHARS)}" … (${Buffer.byteLength(text).toLocaleString('en')} bytes)`;
}
