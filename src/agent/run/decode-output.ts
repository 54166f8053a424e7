/**
 * From the bytes of a script to text, never to nothing (D7: one invalid byte emptied the whole stream). UTF-8 where it is
 * UTF-8; a line that is not is taken for the old code page of the system, else its bad bytes become U+FFFD.
 */
import { isUtf8 } from 'node:buffer';
import { loopTurn } from '../../base/loop-turn.ts';

/** Decodes bytes of the system's OEM code page (Windows); elsewhere there is none. */
export type LegacyDecoder = (bytes: Uint8Array) => string;

const LINE_FEED = 0x0a;
/** As much as is decoded in a few ms, also line by line. */
const PIECE_BYTES = 256 * 1024;

export interface Decoded {
  readonly text: string;
  /** Of the text in UTF-8. */
  readonly textBytes: number;
}

/** The text of each of `parts`, which end where a character ends. In pieces: the event loop is never held for long by it. */
export async function decodeInPieces(parts: readonly Buffer[], legacy: LegacyDecoder | null): Promise<Decoded> {
  const texts: string[] = [];
  let textBytes = 0;
  for (const part of parts) {
    for (let from = 0; from < part.length; ) {
      if (texts.length > 0) await loopTurn();
      const end = pieceEnd(part, from, legacy);
      const piece = part.subarray(from, end);
      const text = from === 0 ? decodeOutput(piece, legacy) : decodeBody(piece, legacy);
      texts.push(text);
      textBytes += Buffer.byteLength(text);
      from = end;
    }
  }
  if (texts.length > 1) await loopTurn();
  // Joined and not added up: a text of many parts is put together by whoever looks into it first.
  return { text: texts.join(''), textBytes };
}

/** Where a piece may end: behind a line feed, since a line is decoded as a whole; without another code page behind any character. */
function pieceEnd(bytes: Buffer, from: number, legacy: LegacyDecoder | null): number {
  if (bytes.length - from <= PIECE_BYTES) return bytes.length;
  if (legacy === null) return from + trimToWholeCharacters(bytes.subarray(from, from + PIECE_BYTES), 'end').length;
  const feed = bytes.indexOf(LINE_FEED, from + PIECE_BYTES - 1);
  return feed < 0 ? bytes.length : feed + 1;
}

/** The text of `bytes`; a byte order mark at the start is no part of it. */
export function decodeOutput(bytes: Buffer, legacy: LegacyDecoder | null): string {
  return decodeBody(bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? bytes.subarray(3) : bytes, legacy);
}

function decodeBody(body: Buffer, legacy: LegacyDecoder | null): string {
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
