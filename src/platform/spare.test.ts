import { expect, test } from 'vitest';
import { canSpare } from './spare.ts';

test('what is more than all memory can not be spared, and nothing can where there is plenty', () => {
  expect(canSpare(Number.MAX_SAFE_INTEGER)).toBe(false);
  expect(canSpare(0)).toBe(process.availableMemory() > 512 * 1024 * 1024);
});
