import type { Database } from 'better-sqlite3';
import { expect, test } from 'vitest';
import { quickCheck } from './quick-check.ts';
import { CorruptStore, isCorrupt, isOfNow, isUnreadable } from './sqlite-errors.ts';

/** As SQLite says it; there is no other way to have it run out of memory at a page. */
const saying = (text: string) => ({ pragma: () => text }) as unknown as Database;

test.each([
  ['*** in database main ***\nTree 4 page 9: unable to get the page. error code=7', false],
  ['*** in database main ***\nTree 4 page 9: unable to get the page. error code=266', false],
  ['*** in database main ***\nTree 4 page 9: unable to get the page. error code=11', true],
  ['*** in database main ***\nTree 4 page 4: btreeInitPage() returns error code 11', true],
  ['NULL value in ledger.fingerprint', true],
])('%s: damaged %s', (text, damaged) => {
  const check = () => quickCheck(saying(text), 'ledger');
  expect(check).toThrow(damaged ? CorruptStore : 'error code');
  try {
    check();
  } catch (error) {
    expect(isCorrupt(error)).toBe(damaged);
  }
});

test('what the disk can not read is told from what there was no memory for', () => {
  const codeOf = (code: number) => {
    try {
      quickCheck(saying(`unable to get the page. error code=${code}`), 'ledger');
    } catch (error) {
      return [isUnreadable(error), isOfNow(error)];
    }
    return null;
  };
  expect([codeOf(7), codeOf(266)]).toEqual([
    [false, true],
    [true, false],
  ]);
});

test('a table that is whole', () => {
  expect(() => quickCheck(saying('ok'), 'ledger')).not.toThrow();
});
