/**
 * Texts cut to a size in encoded JSON: what counts is the size after escaping (D11; one NUL is six bytes). Costs no more
 * than a walk over what stays.
 */

/**
 * `text` in at most `maxBytes` escaped bytes: whole, or its head (two thirds) and its tail with a line between them that
 * says how much is missing. Surrogate pairs stay whole, and halves of them become U+FFFD. `textBytes`: of `text` in UTF-8,
 * where that is known.
 */
export function cutText(text: string, maxBytes: number, textBytes?: number): string {
  if (bytesOf(text, maxBytes) !== null) return text.toWellFormed();
  // Every code unit takes a byte or more: what is further from both ends than this is not checked.
  const window = Math.max(0, maxBytes);
  const start = text.slice(0, window).toWellFormed();
  const end = text.slice(Math.max(0, text.length - window)).toWellFormed();
  const markerBytes = escapedBytes(marker(textBytes ?? 3 * text.length));
  const room = maxBytes - markerBytes;
  // Too little room to be worth a marker: the end is what says how it went.
  if (room < markerBytes) return end.slice(suffixStart(end, maxBytes));
  const first = prefixOf(start, Math.floor((room * 2) / 3));
  const head = start.slice(0, first.end);
  const tail = end.slice(suffixStart(end, room - first.bytes));
  const left = (textBytes ?? Buffer.byteLength(text)) - Buffer.byteLength(head) - Buffer.byteLength(tail);
  return head + marker(left) + tail;
}

/** What all of `text` takes when escaped; null: more than `maxBytes`. */
export function bytesOf(text: string, maxBytes: number): number | null {
  if (text.length > maxBytes) return null;
  const whole = text.toWellFormed();
  const { end, bytes } = prefixOf(whole, maxBytes);
  return end === whole.length ? bytes : null;
}

function marker(leftOutBytes: number): string {
  return `\n[agent: ${leftOutBytes} bytes of output left out here: the result is too large for one message]\n`;
}

/** How much of the start of `text`, which is well-formed, goes into `maxBytes` escaped bytes, and how many it takes. */
function prefixOf(text: string, maxBytes: number): { end: number; bytes: number } {
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
