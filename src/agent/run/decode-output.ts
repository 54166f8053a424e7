/**
 * From the bytes of a script to text, never to nothing (D7: one invalid byte emptied the whole stream). UTF-8 where it is
 * UTF-8; a line that is not is taken for the old code page of the system, else its bad bytes become U+FFFD.
 */
import { isUtf8 } from 'node:buffer';

/** Decodes bytes of the system's OEM code page (Windows); elsewhere there is none. */
export type LegacyDecoder = (bytes: Uint8Array) => string;

const LINE_FEED = 0x0a;

/** The text of `bytes`; a byte order mark at the start is no part of it. */
export function decodeOutput(bytes: Buffer, legacy: LegacyDecoder | null): string {
  const body = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? bytes.subarray(3) : bytes;
  // Without another code page the whole may be decoded at once: a bad sequence never reaches over a line feed.
  if (legacy === null || isUtf8(body)) return body.toString('utf8');
  return decodeByLine(body, legacy);
}

/** Neighbouring lines of the same kind are decoded together. No OEM code page has 0x0A inside a character. */
function decodeByLine(bytes: Buffer, legacy: LegacyDecoder): string {
  let text = '';
  let from = 0;
  let fromIsUtf8 = true;
  const flush = (end: number) => {
    const part = bytes.subarray(from, end);
    if (part.length > 0) text += fromIsUtf8 ? part.toString('utf8') : legacy(part);
    from = end;
  };
  for (let at = 0; at < bytes.length; ) {
    const feed = bytes.indexOf(LINE_FEED, at);
    const end = feed < 0 ? bytes.length : feed + 1;
    const lineIsUtf8 = isUtf8(bytes.subarray(at, end));
    if (lineIsUtf8 !== fromIsUtf8) {
      flush(at);
      fromIsUtf8 = lineIsUtf8;
    }
    at = end;
  }
  flush(bytes.length);
  return text;
}

/**
 * Drops the part of a UTF-8 sequence that a cut left at the start or the end: at most 3 bytes. Bytes that were never UTF-8
 * lose at most as many.
 */
export function trimToWholeCharacters(bytes: Buffer, side: 'start' | 'end'): Buffer {
  if (side === 'start') {
    let start = 0;
    while (start < 3 && isContinuation(bytes[start])) start++;
    return bytes.subarray(start);
  }
  let lead = bytes.length - 1;
  while (lead >= 0 && lead > bytes.length - 4 && isContinuation(bytes[lead])) lead--;
  const needed = sequenceLength(bytes[lead]);
  return lead >= 0 && lead + needed > bytes.length ? bytes.subarray(0, lead) : bytes;
}

function isContinuation(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80;
}

function sequenceLength(lead: number | undefined): number {
  if (lead === undefined || lead < 0xc0) return 1;
  return lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
}
