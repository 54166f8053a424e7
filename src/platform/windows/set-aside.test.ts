import { expect, it } from 'vitest';
import { asideName, isSetAside } from './set-aside.ts';

it('a name of what is set aside has room for every name, and no half of a character', () => {
  expect(asideName('config')).toMatch(/^config\.not-trusted-[0-9a-f]{16}$/);
  expect(asideName('x'.repeat(255))).toMatch(/^x{200}\.not-trusted-[0-9a-f]{16}$/);
  expect(asideName(`${'x'.repeat(199)}😀${'x'.repeat(54)}`)).toMatch(/^x{199}\.not-trusted-/);
  expect(asideName(`${'x'.repeat(198)}😀${'x'.repeat(55)}`)).toMatch(/^x{198}😀\.not-trusted-/u);
});

it('only a name that ends as one that we give is one of what is set aside', () => {
  expect(isSetAside(asideName('config'))).toBe(true);
  for (const name of ['a.not-trusted-0.json', 'a.not-trusted-0123456789abcdef.json', 'a.not-trusted-0123456789ABCDEF'])
    expect(isSetAside(name), name).toBe(false);
});
