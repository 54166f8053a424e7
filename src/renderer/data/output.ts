/** The output of one run as it is read piece by piece, and what of it may be put on a screen. */
import { readableText } from '../../shared/terminal-text.ts';
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
  const text = readableText(output.text);
  return text.length > MAX_COPIED_CHARS ? `${text.slice(0, MAX_COPIED_CHARS)}…` : text;
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
