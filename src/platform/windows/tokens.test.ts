import { execFileSync } from 'node:child_process';
import { expect, it, onTestFinished } from 'vitest';
import { native } from './native.ts';
import { ownTokenIn, profileOf } from './tokens.ts';

it.runIf(process.platform === 'win32')(
  'a profile is where Windows has it, whatever its person has made of the variable',
  () => {
    const reg = (...args: readonly string[]) => execFileSync('reg.exe', args, { stdio: 'ignore' });
    reg('add', 'HKCU\\Environment', '/v', 'USERPROFILE', '/t', 'REG_SZ', '/d', '\\\\evil\\share', '/f');
    onTestFinished(() => void reg('delete', 'HKCU\\Environment', '/v', 'USERPROFILE', '/f'));
    const token = ownTokenIn(null);
    onTestFinished(() => void native().CloseHandle(token));
    expect(profileOf(token)).toMatch(/^[A-Z]:\\/i);
  },
);
