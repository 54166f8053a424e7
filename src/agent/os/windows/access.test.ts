import { expect, it } from 'vitest';
import { LISTED_TREE, PRIVATE_TREE, passedOn, READABLE_TOO } from './access.ts';

it('what lies in a directory that everybody may list is private, but for what is to be read', () => {
  const inherited = 'O:BAD:ARAI(A;ID;FA;;;SY)(A;ID;FA;;;BA)';
  expect(passedOn(LISTED_TREE, false, '')).toBe(inherited);
  expect(passedOn(PRIVATE_TREE, false, '')).toBe(inherited);
  expect(passedOn(LISTED_TREE, true, '')).toBe('O:BAD:ARAI(A;OICIID;FA;;;SY)(A;OICIID;FA;;;BA)');
  expect(passedOn(LISTED_TREE, false, READABLE_TOO)).toBe(inherited.replace('(', '(A;;0x120089;;;BU)('));
});
