import { describe, expect, it } from 'vitest';
import { Capture, omittedText } from './capture.ts';
import { decodeOutput } from './decode-output.ts';

function filled(maxBytes: number, ...chunks: (string | Buffer)[]): Capture {
  const capture = new Capture(maxBytes);
  for (const chunk of chunks) capture.push(Buffer.from(chunk));
  return capture;
}

describe('what a result gets of a stream', () => {
  it('is nothing of a silent one', async () => {
    expect(await filled(30).finish()).toEqual({ text: '', textBytes: 0, totalBytes: 0, cut: false });
  });

  it('is all of it up to the limit, whatever the pieces', async () => {
    const text = 'abcdefghijklmnopqrstuvwxyz0123';
    for (const size of [1, 7, 10, 20, 21, 30]) {
      const pieces = text.match(new RegExp(`.{1,${size}}`, 'g')) ?? [];
      const all = { text, textBytes: 30, totalBytes: 30, cut: false };
      expect(await filled(30, ...pieces).finish(), `pieces of ${size}`).toEqual(all);
    }
  });

  it('is the first two thirds and the last third of a longer one, with what is missing in between', async () => {
    for (const size of [1, 3, 10, 40, 100]) {
      const text = Array.from({ length: 100 }, (_, index) => String.fromCharCode(48 + (index % 64))).join('');
      const pieces = text.match(new RegExp(`.{1,${size}}`, 'g')) ?? [];
      const kept = `${text.slice(0, 20)}${omittedText(70)}${text.slice(90)}`;
      expect(await filled(30, ...pieces).finish(), `pieces of ${size}`).toEqual({
        text: kept,
        textBytes: kept.length,
        totalBytes: 100,
        cut: true,
      });
    }
  });

  it('has no character cut in two, and counts the bytes that this costs as left out', async () => {
    // 日 has 3 bytes: 20 hold six and a part of the seventh; the last 10 begin with the end of one.
    const captured = await filled(30, '日'.repeat(40)).finish();
    expect(captured.text).toBe(`${'日'.repeat(6)}${omittedText(120 - 18 - 9)}${'日'.repeat(3)}`);
  });

  it('keeps small pieces in few buffers', async () => {
    const capture = new Capture(8 * 1024 * 1024);
    const before = process.memoryUsage().arrayBuffers;
    for (let index = 0; index < 1_000_000; index++) capture.push(Buffer.of(0x61));
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(4 * 1024 * 1024);
    expect((await capture.finish()).text).toBe('a'.repeat(1_000_000));
  });

  it('is decoded a little at a time, and is the same as at once', async () => {
    // Longer than some pieces, with characters on their borders, lines of the old code page and one long line.
    const noise = Buffer.from('é日🙂 ok\n'.repeat(60_000) + '🙂'.repeat(100_000));
    for (let at = 1_000; at < 500_000; at += 777) noise[at] = 0xff;
    const legacy = (bytes: Uint8Array) => Buffer.from(bytes).toString('latin1');
    for (const decoder of [null, legacy]) {
      let turns = 0;
      let ended = false;
      const count = () => {
        turns += 1;
        if (!ended) setImmediate(count);
      };
      setImmediate(count);
      const { text, textBytes } = await filled(8 * 1024 * 1024, noise).finish(decoder);
      ended = true;
      expect(text === decodeOutput(noise, decoder)).toBe(true);
      expect(textBytes).toBe(Buffer.byteLength(text));
      expect(turns).toBeGreaterThan(2);
    }
  });
});

describe('a look at the end of a running stream', () => {
  it('shows all of a short one', () => {
    expect(filled(30, 'ab', 'cd').tail(10)).toEqual({ text: 'abcd', cut: false });
  });

  it('shows the last bytes of a longer one, also over the border of head and tail', () => {
    expect(filled(30, 'abcdefghijklmnopqrst', 'uvwxyz').tail(10)).toEqual({ text: 'qrstuvwxyz', cut: true });
  });

  it('leaves out characters of which only a part is there', () => {
    expect(filled(30, 'x日本', Buffer.from('語').subarray(0, 2)).tail(7)).toEqual({ text: '本', cut: true });
  });

  it('does not disturb what follows', async () => {
    const capture = filled(30, 'ab');
    capture.tail(10);
    capture.push(Buffer.from('cd'));
    capture.tail(10);
    capture.push(Buffer.from('ef'));
    expect((await capture.finish()).text).toBe('abcdef');
  });

  it('ends with the newest bytes when the stream has overflowed', () => {
    expect(filled(30, 'x'.repeat(95), 'hello').tail(8)).toEqual({ text: 'xxxhello', cut: true });
  });
});
