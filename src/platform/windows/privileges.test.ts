import { expect, it } from 'vitest';
import { native } from './native.ts';
import { BACKUP, DEBUG, withPrivileges } from './privileges.ts';

/** Of those that this process has, the ones that count now. */
function enabled(): number[] {
  const token: [number] = [0];
  native().OpenProcessToken(native().GetCurrentProcess(), 8, token);
  const info = Buffer.alloc(4096);
  native().GetTokenInformation(token[0], 3, info, info.length, [0]);
  native().CloseHandle(token[0]);
  const all = Array.from({ length: info.readUInt32LE(0) }, (_, at) => 4 + 12 * at);
  return all.filter((at) => (info.readUInt32LE(at + 8) & 2) !== 0).map((at) => info.readUInt32LE(at));
}

it.runIf(process.platform === 'win32')(
  'rights that are asked for are there meanwhile, and as before afterwards',
  () => {
    const before = enabled();
    expect(withPrivileges([BACKUP, DEBUG], enabled)).toEqual(expect.arrayContaining([BACKUP, DEBUG]));
    expect(enabled()).toEqual(before);
    expect(() => withPrivileges([BACKUP], () => expect.unreachable())).toThrow();
    expect(enabled()).toEqual(before);
  },
);
