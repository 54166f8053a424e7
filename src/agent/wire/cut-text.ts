/**
 * Texts cut to a size in encoded JSON: what counts is the size after escaping (D11; one NUL is six bytes). Costs no more
 * than a walk over what stays.
 */

/**
 * `text` in at most `maxBytes` escaped bytes: whole, or its head (two thirds) and its tail with a line between them that
 * says how much is missing. Surrogate pairs stay whole. `text` must be well-formed.
 */
export function cutText(text: string, maxBytes: number): string {
  if (prefixOf(text, maxBytes).end === text.length) return text;
  const markerBytes = escapedBytes(marker(Buffer.byteLength(text)));
  const room = maxBytes - markerBytes;
  // Too little room to be worth a marker: the end is what says how it went.
  if (room < markerBytes) return text.slice(suffixStart(text, maxBytes));
  const head = prefixOf(text, Math.floor((room * 2) / 3));
  const tailStart = suffixStart(text, room - head.bytes);
  const left = Buffer.byteLength(text.slice(head.end, tailStart));
  return text.slice(0, head.end) + marker(left) + text.slice(tailStart);
}

function marker(leftOutBytes: number): string {
  return `\n[agent: ${leftOutBytes} bytes of output left out here: the result is too large for one message]\n`;
}

/** How much of the start of `text` goes into `maxBytes` escaped bytes, and how many it takes. */
export function prefixOf(text: string, maxBytes: number): { end: number; bytes: number } {
  let bytes = 0;
  let end = 0;
  while (end < text.length) {
    const code = text.charCodeAt(end);
    const next = bytes + codeBytes(code);
    if (next > maxBytes) break;
    bytes = next;
    end += isSurrogate(code) ? 2 : 1;
  }
  return { end, bytes };
}

/** Where the longest end of `text` begins that goes into `maxBytes` escaped bytes. */
function suffixStart(text: string, maxBytes: number): number {
  let bytes = 0;
  let start = text.length;
  while (start > 0) {
    const code = text.charCodeAt(start - 1);
    bytes += codeBytes(code);
    if (bytes > maxBytes) break;
    start -= isSurrogate(code) ? 2 : 1;
  }
  return start;
}

function escapedBytes(text: string): number {
  return prefixOf(text, Number.POSITIVE_INFINITY).bytes;
}

/** What one character takes in JSON and UTF-8; half a surrogate pair stands for its whole. */
function codeBytes(code: number): number {
  if (code < 0x20) return code === 0x0a || code === 0x0d || code === 0x09 || code === 0x08 || code === 0x0c ? 2 : 6;
  if (code < 0x80) return code === 0x22 || code === 0x5c ? 2 : 1;
  if (code < 0x800) return 2;
  return isSurrogate(code) ? 4 : 3;
}

function isSurrogate(code: number): boolean {
  return code >= 0xd800 && code <= 0xdfff;
}
