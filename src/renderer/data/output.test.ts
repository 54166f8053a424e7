import { expect, test } from 'vitest';
import { occurrences, shortened } from './output.ts';

const note = (chars: number) => `${chars} characters left out`;

test('what fits is copied as it is', () => {
  expect(shortened('a'.repeat(10), note, 10)).toEqual({ text: 'a'.repeat(10), leftOutChars: 0 });
});

test('what does not fit says in its middle how much is left out, keeps its end, and cuts no character in two', () => {
  const text = `begin ${'😀'.repeat(50)} end`;
  const copied = shortened(text, note, 21);
  expect(copied.leftOutChars).toBeGreaterThan(0);
  expect(copied.text).toContain(`[… ${copied.leftOutChars} characters left out …]`);
  expect([copied.text.startsWith('begin '), copied.text.endsWith(' end')]).toEqual([true, true]);
  expect(copied.text.isWellFormed()).toBe(true);
});

test('places in a row, capital and small letters alike', () => {
  expect(occurrences('Needle, needle', 'NEEDLE')).toEqual([0, 8]);
  expect(occurrences('İİ needle', 'needle')).toEqual([3]);
  expect(occurrences('text', '')).toEqual([]);
});
