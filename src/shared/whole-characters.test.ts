import { expect, test } from 'vitest';
import { wholeEnd } from './whole-characters.ts';

test.each([
  ['a🙂b', 0, 0],
  ['a🙂b', 1, 1],
  ['a🙂b', 2, 1],
  ['a🙂b', 3, 3],
  ['🙂', 1, 0],
  ['🙂', 2, 2],
  ['🙂', 9, 9],
  ['', 0, 0],
  // Halves that belong to no other are no reason to cut elsewhere.
  ['\ud83d\ud83d', 1, 1],
  ['\ude42\ude42', 1, 1],
  ['a\ud83d', 2, 2],
])('%j may be cut at %i: %i', (text, end, whole) => {
  expect(wholeEnd(text, end)).toBe(whole);
});
