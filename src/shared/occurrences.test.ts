import { expect, test } from 'vitest';
import { occurrences } from './occurrences.ts';

const all = (text: string, search: string) => [...occurrences(text, search)];

test('places in a text, capital and small letters alike', () => {
  expect(all('Needle, needle', 'NEEDLE')).toEqual([0, 8]);
  expect(all('İİ needle', 'needle')).toEqual([3]);
  expect(all('text', '')).toEqual([]);
});
