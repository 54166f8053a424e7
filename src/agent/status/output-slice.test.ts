import { expect, test } from 'vitest';
import { MAX_TEXT_BYTES } from '../../shared/frames.ts';
import { MAX_OUTPUT_CHARS } from '../../shared/run-view.ts';
import { outputSlice } from './output-slice.ts';

function whole(text: string, limitChars: number): { pieces: string[]; encodedBytes: number[] } {
  const pieces: string[] = [];
  let offset: number | null = 0;
  while (offset !== null) {
    const slice = outputSlice({ text, totalBytes: 1, cut: false }, offset, limitChars);
    pieces.push(slice.text);
    offset = slice.nextOffsetChars;
  }
  return { pieces, encodedBytes: pieces.map((piece) => Buffer.byteLength(JSON.stringify(piece))) };
}

test.each([
  ['plain text', 'line of output\n'.repeat(50_000)],
  ['Japanese', '日本語の出力'.repeat(60_000)],
  ['characters outside the BMP', `x${'😀'.repeat(200_000)}`],
  ['NULs, six bytes each as JSON', '\0'.repeat(600_000)],
  ['lone surrogates', '\ud800'.repeat(300_000)],
])('%s comes whole, in pieces that each fit one answer', (_what, text) => {
  const { pieces, encodedBytes } = whole(text, MAX_OUTPUT_CHARS);
  expect(pieces.join('') === text).toBe(true);
  expect(Math.max(...encodedBytes)).toBeLessThan(MAX_TEXT_BYTES);
});

test('a piece does not end inside a pair, and the smallest piece still goes on', () => {
  expect(whole('a😀b', 2).pieces).toEqual(['a', '😀', 'b']);
  expect(whole('😀😀', 1).pieces.join('')).toBe('😀😀');
});

test('beyond the end there is nothing, and the size is that of the whole', () => {
  expect(outputSlice({ text: 'abc', totalBytes: 900, cut: true }, 10, 5)).toEqual({
    text: '',
    nextOffsetChars: null,
    size: { keptChars: 3, totalBytes: 900, cut: true },
  });
});
