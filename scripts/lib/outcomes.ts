/** Results in words. They are made from what came over the wire, never from what was expected. */
import type { ExecResult } from './fleet.ts';

const SHOWN_CHARS = 60;

/** Codes with a meaning of their own (protocol §12.2). */
const CODES = new Map([
  [121, 'outcome unknown: the agent was interrupted in the middle'],
  [122, 'not run: not possible on this PC'],
  [123, 'not run: the signature was refused'],
  [124, 'not run: a newer version exists'],
  [125, 'not run: too late'],
  [126, 'not run: withdrawn by IT'],
  [127, 'not run: the connection was too old'],
]);

/** @returns one line, such as `done: "Good morning"` or `not run: too late (125)` */
export function inWords(result: Pick<ExecResult, 'exit_code' | 'stdout' | 'stderr'>): string {
  const { exit_code: code, stdout, stderr } = result;
  const known = CODES.get(code);
  if (known) return `${known} (${code})`;
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
