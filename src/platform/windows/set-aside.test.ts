import { expect, it } from 'vitest';
import { asideName } from './set-aside.ts';

it('a name of what is set aside has room for every name, and no half of a character', () => {
  expect(asideName('config')).toMatch(/^config\.not-trusted-[0-9a-f]{16}$/);
  expect(asideName('x'.repeat(255))).toMatch(/^x{200}\.not-trusted-[0-9a-f]{16}$/);
  expect(asideName(`${'x'.repeat(199)}😀${'x'.repeat(54)}`)).toMatch(/^x{199}\.not-trusted-/);
  expect(asideName(`${'x'.repeat(198)}😀${'x'.repeat(55)}`)).toMatch(/^x{198}😀\.not-trusted-/u);
});
