import { expect, test } from 'vitest';
import { compareMediaQueries } from './room.ts';

test('the narrower counts, and after all widths what asks for none', () => {
  const queries = [
    '(forced-colors: active)',
    '(max-height: 480px)',
    '(max-width: 400px)',
    '(max-width: 640px)',
    '(max-width: 560px)',
    '(max-width: 560px) and (min-height: 481px)',
  ];
  expect(queries.toSorted(compareMediaQueries)).toEqual([
    '(max-width: 640px)',
    '(max-width: 560px)',
    '(max-width: 560px) and (min-height: 481px)',
    '(max-width: 400px)',
    '(forced-colors: active)',
    '(max-height: 480px)',
  ]);
});
