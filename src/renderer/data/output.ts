/** The output of one run as it is read piece by piece, and what of it may be put on a screen. */
import type { WindowClient } from './window-client.ts';

export type Stream = 'stdout' | 'stderr' | 'script';

export interface LoadedOutput {
  readonly text: string;
  /** Where to go on; null: all is here. */
  readonly nextOffsetChars: number | null;
  readonly keptChars: number;
  readonly totalBytes: number;
  readonly cut: boolean;
}

/** At most as much as fits the clipboard of the shell with the other stream beside it. */
const MAX_COPIED_CHARS = 400_000;

/** Reads on from `before`; null where it can't be read. */
export async function readOutput(
  client: WindowClient,
  run: number,
  stream: Stream,
  before: LoadedOutput | null,
): Promise<LoadedOutput | null> {
  const offsetChars = before?.nextOffsetChars ?? 0;
  const answer = await client.ask('runs.output', { run, stream, offsetChars });
  if (!answer.ok) return null;
  const { text, nextOffsetChars, size } = answer.value;
  return { ...size, text: (before?.text ?? '') + text, nextOffsetChars };
}

/** The whole of it, up to a limit. */
export async function outputToCopy(client: WindowClient, run: number, stream: Stream): Promise<string | null> {
  let output: LoadedOutput | null = null;
  do {
    output = await readOutput(client, run, stream, output);
    if (output === null) return null;
  } while (output.nextOffsetChars !== null && output.text.length < MAX_COPIED_CHARS);
  return output.text.length > MAX_COPIED_CHARS ? `${output.text.slice(0, MAX_COPIED_CHARS)}…` : output.text;
}

/**
 * Output as text and nothing else: control characters become their pictures, and marks that turn the direction of writing
 * become visible, so that an output can neither hide nor pretend anything.
 */
export function visibleText(text: string): string {
  return text
    .replaceAll('\r\n', '\n')
    .replaceAll(/\p{Cc}/gu, (character) => pictureOf(character))
    .replaceAll(/[\u200E\u200F\u202A-\u202E\u2066-\u2069]/g, '\u2426');
}

/** U+2400 and on are pictures of the control characters; the line feed and the tab do what they are for. */
function pictureOf(character: string): string {
  const code = character.charCodeAt(0);
  if (character === '\n' || character === '\t') return character;
  return code < 0x20 ? String.fromCharCode(0x2400 + code) : '\u2421';
}

/** Where `search` occurs, in UTF-16 units; no more than `most`. Capital and small letters are the same. */
export function occurrences(text: string, search: string, most: number): number[] {
  const found: number[] = [];
  const [where, what] = [text.toLowerCase(), search.toLowerCase()];
  // A few letters change their length in small: then places would not fit the text.
  const [haystack, needle] = where.length === text.length ? [where, what] : [text, search];
  if (needle === '') return found;
  for (
    let at = haystack.indexOf(needle);
    at !== -1 && found.length < most;
    at = haystack.indexOf(needle, at + needle.length)
  ) {
    found.push(at);
  }
  return found;
}
