import { EventEmitter } from 'node:events';
import { describe, expect, test } from 'vitest';
import { type ByteStream, encodeFrame, FrameReader, framedLink, MAX_FRAME_BYTES } from './frames.ts';

/** Pushes `bytes` in pieces of `size` and returns what came out. */
function read(bytes: Uint8Array, size: number, maxBytes = 100): { texts: string[]; tooLarge: number | null } {
  const reader = new FrameReader(maxBytes);
  const texts: string[] = [];
  for (let at = 0; at < bytes.length; at += size) {
    const tooLarge = reader.push(bytes.subarray(at, at + size), (text) => texts.push(text));
    if (tooLarge !== null) return { texts, tooLarge };
  }
  return { texts, tooLarge: null };
}

describe('frames', () => {
  const texts = ['{}', '', '"日本語 😀"', 'x'.repeat(100)];
  const bytes = Buffer.concat(texts.map(encodeFrame));

  test('the length is four bytes, little-endian, and counts bytes of UTF-8', () => {
    expect([...encodeFrame('é')]).toEqual([2, 0, 0, 0, 0xc3, 0xa9]);
  });

  test.each([1, 2, 3, 5, 7, 1_000])('what was sent is read again from pieces of %i bytes, an empty one too', (size) => {
    expect(read(bytes, size)).toEqual({ texts, tooLarge: null });
  });

  test('half a frame gives nothing', () => {
    expect(read(encodeFrame('12345').subarray(0, 7), 3)).toEqual({ texts: [], tooLarge: null });
  });

  test('a frame of the largest size is read, one byte more is refused by its length alone', () => {
    expect(read(encodeFrame('x'.repeat(100)), 50).texts).toHaveLength(1);
    expect(read(encodeFrame('x'.repeat(101)).subarray(0, 4), 4)).toEqual({ texts: [], tooLarge: 101 });
    expect(read(Buffer.from([0xff, 0xff, 0xff, 0xff]), 4).tooLarge).toBe(2 ** 32 - 1);
  });

  test('bytes that are not UTF-8 do not throw', () => {
    expect(read(Buffer.from([2, 0, 0, 0, 0xff, 0xfe]), 6).texts).toEqual(['\ufffd\ufffd']);
  });

  test('nothing above the limit is sent', () => {
    expect(() => encodeFrame('x'.repeat(MAX_FRAME_BYTES + 1))).toThrow(RangeError);
    expect(encodeFrame('x'.repeat(MAX_FRAME_BYTES))).toHaveLength(MAX_FRAME_BYTES + 4);
  });
});

/** A socket whose other end does not read. */
class StuckStream extends EventEmitter {
  writableLength = 0;
  destroyed = false;

  write(bytes: Uint8Array): void {
    this.writableLength += bytes.length;
  }
  end(): void {}
  destroy(): void {
    this.destroyed = true;
    this.emit('close');
  }
}

test('a peer that does not read is cut off before what is unsent fills the memory', () => {
  const stream = new StuckStream();
  const link = framedLink(stream as ByteStream & StuckStream, { maxReadBytes: 100 });
  let closed = 0;
  link.onClose(() => {
    closed += 1;
  });
  for (let sent = 0; sent < 20; sent += 1) link.send('x'.repeat(MAX_FRAME_BYTES));
  expect({ destroyed: stream.destroyed, closed }).toEqual({ destroyed: true, closed: 1 });
  expect(stream.writableLength).toBeLessThanOrEqual(8 * 1024 * 1024);
});

test('nothing is delivered after hanging up, not even from the same piece', () => {
  const stream = new StuckStream();
  const link = framedLink(stream as ByteStream & StuckStream, { maxReadBytes: 100 });
  const got: string[] = [];
  link.onMessage((text) => {
    got.push(text);
    link.close();
  });
  stream.emit('data', Buffer.concat([encodeFrame('1'), encodeFrame('2')]));
  stream.destroy();
  expect(got).toEqual(['1']);
});
