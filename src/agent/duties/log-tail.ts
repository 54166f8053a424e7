/**
 * The last lines of a log file, read from its end: at most {@link LOG_REPLY_MAX_BYTES} are ever in memory, however large
 * the file is (D40).
 */
import { type FileHandle, open } from 'node:fs/promises';

/** What the original puts into one reply at most (protocol §9.2). */
export const LOG_REPLY_MAX_BYTES = 800 * 1024;

const STEP_BYTES = 64 * 1024;
const NEWLINE = 0x0a;

/**
 * The last `lines` lines of the file, each ended by `\n` and without `\r`, as UTF-8 with whatever is not UTF-8 replaced.
 * Longer than {@link LOG_REPLY_MAX_BYTES}: cut at the front, at the start of a character. Rejects with the error of the
 * file system.
 */
export async function lastLines(path: string, lines: number, signal: AbortSignal): Promise<Uint8Array> {
  if (lines === 0) return new Uint8Array();
  await using file = await open(path);
  const raw = await readBackwards(file, lines, signal);
  return cutFront(Buffer.from(tidy(raw.toString('utf8'), lines)), LOG_REPLY_MAX_BYTES);
}

/** The end of the file, from the start of the wanted lines on or a little before it. */
async function readBackwards(file: FileHandle, lines: number, signal: AbortSignal): Promise<Buffer> {
  const { size } = await file.stat();
  const floor = Math.max(0, size - LOG_REPLY_MAX_BYTES);
  const chunks: Buffer[] = [];
  // The one at the very end closes the last line and opens none.
  let newlines = -1;
  for (let start = size; start > floor && newlines < lines; ) {
    signal.throwIfAborted();
    const end = start;
    start = Math.max(floor, end - STEP_BYTES);
    const { bytesRead, buffer } = await file.read(Buffer.alloc(end - start), 0, end - start, start);
    // Shorter: the file was cut meanwhile, and what was read before lies behind a gap.
    if (bytesRead < end - start) chunks.length = 0;
    const chunk = buffer.subarray(0, bytesRead);
    for (const byte of chunk) if (byte === NEWLINE) newlines += 1;
    chunks.unshift(chunk);
  }
  const raw = Buffer.concat(chunks);
  return floor > 0 && newlines < lines ? fromCharacter(raw) : raw;
}

function tidy(text: string, lines: number): string {
  const all = text.split('\n');
  if (all.at(-1) === '') all.pop();
  const body = all
    .slice(-lines)
    .map((line) => (line.endsWith('\r') ? line.slice(0, -1) : line))
    .join('\n');
  return body === '' ? '' : `${body}\n`;
}

/** The end of a text in UTF-8: at most so many bytes, from the start of a character on. */
export function cutFront(bytes: Uint8Array, maxBytes: number): Uint8Array {
  return bytes.length <= maxBytes ? bytes : fromCharacter(bytes.subarray(bytes.length - maxBytes));
}

/** Without what is left of a character that was cut. */
function fromCharacter<T extends Uint8Array>(bytes: T): T {
  let start = 0;
  while (start < 3 && ((bytes[start] ?? 0) & 0xc0) === 0x80) start += 1;
  return bytes.subarray(start) as T;
}
