/** A piece of a stored output that fits into one answer, whatever is in it: a NUL takes six bytes as JSON. */
import type { Result } from '../../shared/contract.ts';
import { MAX_TEXT_BYTES } from '../../shared/frames.ts';
import { wholeEnd } from '../../shared/whole-characters.ts';
import type { StoredOutput } from './ports.ts';
import { sizeOf } from './views.ts';

const MAX_ENCODED_BYTES = MAX_TEXT_BYTES - 4_096;

/** At most `limitChars` UTF-16 units from `offsetChars` on, never ending in the middle of a surrogate pair. */
export function outputSlice(output: StoredOutput, offsetChars: number, limitChars: number): Result<'runs.output'> {
  let end = Math.min(output.text.length, offsetChars + limitChars);
  let text = cut(output.text, offsetChars, end);
  while (Buffer.byteLength(JSON.stringify(text)) > MAX_ENCODED_BYTES) {
    end = offsetChars + Math.floor(text.length / 2);
    text = cut(output.text, offsetChars, end);
  }
  const next = offsetChars + text.length;
  return { text, nextOffsetChars: next < output.text.length ? next : null, size: sizeOf(output) };
}

function cut(text: string, from: number, to: number): string {
  // Half a pair is better than nothing: whoever asks for so little must get on.
  return text.slice(from, Math.max(wholeEnd(text, to), Math.min(from + 1, to)));
}
