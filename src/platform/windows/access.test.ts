import { expect, it } from 'vitest';
import { LISTED_TREE, PASSABLE_TREE, PRIVATE_TREE, passedOn, READABLE_TOO } from './access.ts';

it('what lies in a directory that everybody may list is private, but for what is to be read', () => {
  const inherited = 'O:BAD:ARAI(A;ID;FA;;;SY)(A;ID;FA;;;BA)';
  expect(passedOn(LISTED_TREE, false, '')).toBe(inherited);
  expect(passedOn(PRIVATE_TREE, false, '')).toBe(inherited);
  expect(passedOn(LISTED_TREE, true, '')).toBe('O:BAD:ARAI(A;OICIID;FA;;;SY)(A;OICIID;FA;;;BA)');
  expect(passedOn(LISTED_TREE, false, READABLE_TOO)).toBe(inherited.replace('(', '(A;;0x120089;;;BU)('));
});

it('a directory to go through gives nobody a right by which it could be held', () => {
  const rights = Number.parseInt(/\(A;;(0x[0-9a-f]+);;;BU\)/.exec(PASSABLE_TREE)?.[1] ?? '', 16);
  // Windows compares how a file is shared for whoever reads, runs, writes, appends or deletes; a directory goes by the same bits.
  expect(rights & (0x1 | 0x20 | 0x2 | 0x4 | 0x1_0000)).toBe(0);
  // FILE_READ_ATTRIBUTES: it can be seen.
  expect(rights & 0x80).toBe(0x80);
  expect(passedOn(PASSABLE_TREE, true, '')).toBe(passedOn(PRIVATE_TREE, true, ''));
});
