/** What Vite bundles is made ASCII alone, and stays the same program. */
import { runInThisContext } from 'node:vm';
import { expect, test } from 'vitest';
import { escaped } from '../scripts/lib/vite-ascii.ts';

/** What a program that is only an expression gives. */
const value = (code: string): unknown => runInThisContext(`(${code})`);

test('texts, templates and patterns stay what they were, in ASCII alone', () => {
  const codes = ['"日本 — é"', '`…\u{1f600}`', "'\u{1f600}'.match(/[\u{1f600}é]/u)[0]", '"\\\\é".length'];
  for (const code of codes) {
    expect(escaped(code)).toMatch(/^[\0-\x7f]*$/);
    expect(value(escaped(code))).toBe(value(code));
  }
});

test('what an escape would change is refused', () => {
  expect(() => escaped('String.raw`é`')).toThrow('String.raw');
});
