import { execFileSync } from 'node:child_process';
import { expect, it, onTestFinished } from 'vitest';
import { environmentOf } from './environment-block.ts';
import { type Handle, native } from './native.ts';
import { ownTokenIn } from './tokens.ts';

const KEY = 'HKCU\\Environment';

function environment(): Record<string, string> {
  const token: Handle = ownTokenIn(null);
  try {
    return environmentOf(token);
  } finally {
    native().CloseHandle(token);
  }
}

function put(name: string, value: string): void {
  const reg = (...args: readonly string[]) => execFileSync('reg.exe', args, { stdio: 'ignore' });
  reg('add', KEY, '/v', name, '/t', 'REG_SZ', '/d', value, '/f');
  onTestFinished(() => void reg('delete', KEY, '/v', name, '/f'));
}

it.runIf(process.platform === 'win32')('an environment that its person has made very large is not asked for', () => {
  put('KTRAY_TEST_SMALL', 'here');
  expect(environment().KTRAY_TEST_SMALL).toBe('here');
  for (let at = 0; at < 10; at++) put(`KTRAY_TEST_${at}`, 'x'.repeat(14_000));
  expect(() => environment()).toThrow('holds too much');
});
