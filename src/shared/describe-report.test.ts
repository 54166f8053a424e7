import { expect, test } from 'vitest';
import { runNumberIn, spokenNumber } from './describe-report.ts';

test.each([
  [7, '7'],
  [204, '204'],
  [1_204, '1 204'],
  [1_234_567, '1 234 567'],
])('%j is said as %j, and found by it', (run, said) => {
  expect(spokenNumber(run)).toBe(said);
  for (const typed of [
    said,
    `#${said}`,
    ` # ${said} `,
    said.replaceAll(' ', ''),
    said.replaceAll(' ', ','),
    `＃${said}`,
  ]) {
    expect(runNumberIn(typed)).toBe(run);
  }
});

test('full-width digits are digits', () => {
  expect(runNumberIn('１２０４')).toBe(1_204);
});

test.each(['', '#', 'kb 5001', '5f', '12 345 678 901 234 567', 'task 5'])('%j is no number', (search) => {
  expect(runNumberIn(search)).toBe(null);
});
