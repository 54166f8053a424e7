/**
 * Keeps what a script writes in bounded memory (invariant 9): the beginning and the end of each stream, and how much lay
 * between. Small outputs cost small memory; nothing is allocated ahead.
 */
import type { CapturedText } from '../store/outputs.ts';
import { decodeInPieces, decodeOutput, type LegacyDecoder, trimToWholeCharacters } from './decode-output.ts';

export interface TailView {
  readonly text: string;
  /** Whether the stream is longer than `text`. */
  readonly cut: boolean;
}

export const DEFAULT_MAX_OUTPUT_BYTES = 8 * 1024 * 1024;

export function omittedText(omittedBytes: number): string {
  return `\n[... ${omittedBytes} bytes of output left out ...]\n`;
}

/** A script that writes byte by byte must not cost a buffer object per byte. */
const BLOCK_BYTES = 16 * 1024;
const SMALL_CHUNK_BYTES = 4 * 1024;

export class Capture {
  readonly #headMaxBytes: number;
  readonly #tailMaxBytes: number;
  #blocks: Buffer[] = [];
  /** The last block, while it has room: `#openUsed` of its bytes are in use. */
  #open: Buffer | null = null;
  #openUsed = 0;
  #headBytes = 0;
  #ring: Buffer | null = null;
  #ringTotalBytes = 0;

  /** `maxBytes` bounds what is kept: the first two thirds and the last third of the stream. */
  constructor(maxBytes: number = DEFAULT_MAX_OUTPUT_BYTES) {
    this.#tailMaxBytes = Math.max(1, Math.floor(maxBytes / 3));
    this.#headMaxBytes = maxBytes - this.#tailMaxBytes;
  }

  get totalBytes(): number {
    return this.#headBytes + this.#ringTotalBytes;
  }

  /** Whether the stream is already longer than what is kept of it. */
  get overflowed(): boolean {
    return this.#ringTotalBytes > this.#tailMaxBytes;
  }

  push(chunk: Buffer): void {
    const room = this.#headMaxBytes - this.#headBytes;
    if (chunk.length <= room) this.#pushHead(chunk);
    else {
      if (room > 0) this.#pushHead(chunk.subarray(0, room));
      this.#pushRing(chunk.subarray(room));
    }
  }

  #pushHead(chunk: Buffer): void {
    this.#headBytes += chunk.length;
    if (this.#open !== null && this.#openUsed + chunk.length <= this.#open.length) {
      this.#openUsed += chunk.copy(this.#open, this.#openUsed);
      return;
    }
    this.#closeBlock();
    // The first chunk is mostly the only one: it is kept as it came.
    if (this.#blocks.length === 0 || chunk.length >= SMALL_CHUNK_BYTES) {
      this.#blocks.push(chunk);
      return;
    }
    this.#open = Buffer.allocUnsafeSlow(BLOCK_BYTES);
    this.#openUsed = chunk.copy(this.#open);
  }

  #closeBlock(): void {
    if (this.#open !== null) this.#blocks.push(this.#open.subarray(0, this.#openUsed));
    this.#open = null;
  }

  #pushRing(chunk: Buffer): void {
    const size = this.#tailMaxBytes;
    this.#ring ??= Buffer.allocUnsafeSlow(size);
    const kept = chunk.length > size ? chunk.subarray(chunk.length - size) : chunk;
    const at = (this.#ringTotalBytes + chunk.length - kept.length) % size;
    const first = kept.copy(this.#ring, at, 0, Math.min(kept.length, size - at));
    kept.copy(this.#ring, 0, first);
    this.#ringTotalBytes += chunk.length;
  }

  #head(): Buffer {
    this.#closeBlock();
    const [only] = this.#blocks;
    if (only !== undefined && this.#blocks.length === 1) return only;
    const head = Buffer.concat(this.#blocks, this.#headBytes);
    this.#blocks = [head];
    return head;
  }

  /** The end of the stream in order, as far as the ring keeps it. */
  #tail(): Buffer {
    if (this.#ring === null) return Buffer.alloc(0);
    if (!this.overflowed) return this.#ring.subarray(0, this.#ringTotalBytes);
    const at = this.#ringTotalBytes % this.#tailMaxBytes;
    return Buffer.concat([this.#ring.subarray(at), this.#ring.subarray(0, at)]);
  }

  /**
   * What the result says of the stream, as it is now. No character is cut in two; `legacy` decodes lines that are not UTF-8.
   * Takes several turns of the event loop where there is much of it.
   */
  async finish(legacy: LegacyDecoder | null = null): Promise<CapturedText> {
    const { totalBytes, overflowed } = this;
    if (!overflowed) {
      const whole = this.#ring === null ? this.#head() : Buffer.concat([this.#head(), this.#tail()]);
      return { ...(await decodeInPieces([whole], legacy)), totalBytes, cut: false };
    }
    const head = trimToWholeCharacters(this.#head(), 'end');
    const tail = trimToWholeCharacters(this.#tail(), 'start');
    const omitted = Buffer.from(omittedText(totalBytes - head.length - tail.length));
    return { ...(await decodeInPieces([head, omitted, tail], legacy)), totalBytes, cut: true };
  }

  /** The last `maxBytes` so far, of a running script. */
  tail(maxBytes: number, legacy: LegacyDecoder | null = null): TailView {
    const end = this.#tail();
    const both = end.length >= maxBytes || this.overflowed ? end : Buffer.concat([this.#head(), end]);
    const last = both.length > maxBytes ? trimToWholeCharacters(both.subarray(both.length - maxBytes), 'start') : both;
    const text = decodeOutput(trimToWholeCharacters(last, 'end'), legacy);
    return { text, cut: last.length < this.totalBytes };
  }
}
