import { describe, expect, it } from 'vitest';
import { Capture, omittedText } from './capture.ts';

function filled(maxBytes: number, ...chunks: (string | Buffer)[]): Capture {
  const capture = new Capture(maxBytes);
  for (const chunk of chunks) capture.push(Buffer.from(chunk));
  return capture;
}

describe('what a result gets of a stream', () => {
  it('is nothing of a silent one', () => {
    expect(filled(30).finish()).toEqual({ text: '', totalBytes: 0, cut: false });
  });

  it('is all of it up to the limit, whatever the pieces', () => {
    const text = 'abcdefghijklmnopqrstuvwxyz0123';
    for (const size of [1, 7, 10, 20, 21, 30]) {
      const pieces = text.match(new RegExp(`.{1,${size}}`, 'g')) ?? [];
      expect(filled(30, ...pieces).finish(), `pieces of ${size}`).toEqual({ text, totalBytes: 30, cut: false });
    }
  });

  it('is the first two thirds and the last third of a longer one, with what is missing in between', () => {
    for (const size of [1, 3, 10, 40, 100]) {
      const text = Array.from({ length: 100 }, (_, index) => String.fromCharCode(48 + (index % 64))).join('');
      const pieces = text.match(new RegExp(`.{1,${size}}`, 'g')) ?? [];
      expect(filled(30, ...pieces).finish(), `pieces of ${size}`).toEqual({
        text: `${text.slice(0, 20)}${omittedText(70)}${text.slice(90)}`,
        totalBytes: 100,
        cut: true,
      });
    }
  });

  it('has no character cut in two, and counts the bytes that this costs as left out', () => {
    // 日 has 3 bytes: 20 hold six and a part of the seventh; the last 10 begin with the end of one.
    const captured = filled(30, '日'.repeat(40)).finish();
    expect(captured.text).toBe(`${'日'.repeat(6)}${omittedText(120 - 18 - 9)}${'日'.repeat(3)}`);
  });

  it('keeps small pieces in few buffers', () => {
    const capture = new Capture(8 * 1024 * 1024);
    const before = process.memoryUsage().arrayBuffers;
    for (let index = 0; index < 1_000_000; index++) capture.push(Buffer.of(0x61));
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(4 * 1024 * 1024);
    expect(capture.finish().text).toBe('a'.repeat(1_000_000));
  });
});

describe('a look at the end of a running stream', () => {
  it('shows all of a short one', () => {
    expect(filled(30, 'ab', 'cd').tail(10)).toEqual({ text: 'abcd', truncated: false });
  });

  it('shows the last bytes of a longer one, also over the border of head and tail', () => {
    expect(filled(30, 'abcdefghijklmnopqrst', 'uvwxyz').tail(10)).toEqual({ text: 'qrstuvwxyz', truncated: true });
  });

  it('leaves out characters of which only a part is there', () => {
    expect(filled(30, 'x日本', Buffer.from('語').subarray(0, 2)).tail(7)).toEqual({ text: '本', truncated: true });
  });

  it('does not disturb what follows', () => {
    const capture = filled(30, 'ab');
    capture.tail(10);
    capture.push(Buffer.from('cd'));
    capture.tail(10);
    capture.push(Buffer.from('ef'));
    expect(capture.finish().text).toBe('abcdef');
  });

  it('ends with the newest bytes when the stream has overflowed', () => {
    expect(filled(30, 'x'.repeat(95), 'hello').tail(8)).toEqual({ text: 'xxxhello', truncated: true });
  });
});
