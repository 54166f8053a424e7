/**
 * JSON texts over a byte stream: each is a 4-byte little-endian length and that many bytes of UTF-8 (architecture §5). What
 * comes in never makes us hold more than one frame of the allowed size; what goes out is bounded too, so a peer that
 * does not read is cut off instead of filling our memory.
 */
import { type Link, LinkEvents, MAX_UNSENT_BYTES } from './link.ts';

/** The largest text that fits in a frame, sealed or not. */
export const MAX_TEXT_BYTES = 1024 * 1024;
/** The largest frame either way; a sealed text is a third longer. */
export const MAX_FRAME_BYTES = 1.5 * MAX_TEXT_BYTES;
/** The largest request that an agent reads (architecture §5). */
export const MAX_REQUEST_BYTES = 64 * 1024;
const LENGTH_BYTES = 4;

/** What we need of a socket; `node:net` sockets fit. */
export interface ByteStream {
  readonly writableLength: number;
  write(bytes: Uint8Array): unknown;
  /** Sends what is queued, then closes. */
  end(): unknown;
  destroy(): unknown;
  on(event: 'data', listener: (bytes: Uint8Array) => void): unknown;
  on(event: 'close', listener: () => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
}

/** One frame with its length in front. Throws RangeError above {@link MAX_FRAME_BYTES}. */
export function encodeFrame(text: string): Uint8Array {
  const body = new TextEncoder().encode(text);
  if (body.length > MAX_FRAME_BYTES) {
    throw new RangeError(`a message of ${body.length} bytes is larger than ${MAX_FRAME_BYTES}`);
  }
  const frame = new Uint8Array(LENGTH_BYTES + body.length);
  new DataView(frame.buffer).setUint32(0, body.length, true);
  frame.set(body, LENGTH_BYTES);
  return frame;
}

/** Takes bytes as they come, in any pieces, and gives the frames in them. */
export class FrameReader {
  readonly #maxBytes: number;
  readonly #header = new Uint8Array(LENGTH_BYTES);
  #headerFilled = 0;
  #body: Uint8Array | null = null;
  #bodyFilled = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Calls `onFrame` for each text that is complete. Returns the length of a frame that is too large, after which nothing more can be read. */
  push(bytes: Uint8Array, onFrame: (text: string) => void): number | null {
    let at = 0;
    for (;;) {
      if (this.#body === null) {
        const taken = Math.min(LENGTH_BYTES - this.#headerFilled, bytes.length - at);
        this.#header.set(bytes.subarray(at, at + taken), this.#headerFilled);
        this.#headerFilled += taken;
        at += taken;
        if (this.#headerFilled < LENGTH_BYTES) return null;
        const length = new DataView(this.#header.buffer).getUint32(0, true);
        if (length > this.#maxBytes) return length;
        this.#body = new Uint8Array(length);
      }
      const taken = Math.min(this.#body.length - this.#bodyFilled, bytes.length - at);
      this.#body.set(bytes.subarray(at, at + taken), this.#bodyFilled);
      this.#bodyFilled += taken;
      at += taken;
      if (this.#bodyFilled < this.#body.length) return null;
      const body = this.#body;
      this.#body = null;
      this.#headerFilled = 0;
      this.#bodyFilled = 0;
      // Bytes that are not UTF-8 become U+FFFD; what then is no JSON is answered as such by the peer.
      onFrame(new TextDecoder().decode(body));
    }
  }
}

export interface FramedOptions {
  /** Largest frame that is read. */
  readonly maxReadBytes: number;
  /** What to say, as a JSON text, before hanging up on a frame of `bytes`. */
  readonly refusal?: (bytes: number) => string;
}

/** How long a peer that we hung up on may take to read our last words. */
const LINGER_MS = 1_000;

/** A {@link Link} over a connected byte stream, which it owns from now on. */
export function framedLink(stream: ByteStream, options: FramedOptions): Link {
  const events = new LinkEvents();
  const reader = new FrameReader(options.maxReadBytes);
  let hungUp = false;
  let linger: ReturnType<typeof setTimeout> | undefined;
  const send = (text: string) => {
    if (events.closed || hungUp) return;
    const frame = encodeFrame(text);
    if (stream.writableLength + frame.length > MAX_UNSENT_BYTES) stream.destroy();
    else stream.write(frame);
  };
  const hangUp = () => {
    if (hungUp || events.closed) return;
    hungUp = true;
    stream.end();
    linger = setTimeout(() => stream.destroy(), LINGER_MS);
  };
  stream.on('data', (bytes) => {
    if (hungUp) return;
    const tooLarge = reader.push(bytes, (text) => {
      if (!hungUp) events.deliver(text);
    });
    if (tooLarge === null) return;
    if (options.refusal !== undefined) send(options.refusal(tooLarge));
    hangUp();
  });
  // The close that follows is what counts.
  stream.on('error', () => {});
  stream.on('close', () => {
    clearTimeout(linger);
    events.close();
  });
  return {
    send,
    onMessage: (receive) => events.onMessage(receive),
    onClose: (closed) => events.onClose(closed),
    close: hangUp,
  };
}
