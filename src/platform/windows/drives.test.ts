import { describe, expect, it } from 'vitest';
import { isFixedDrive, isOfThisPc, whyNotOfWindows, windowsDrive } from './drives.ts';

const REFUSED = 'is not on the disk of Windows';

describe('what lies elsewhere than on the disk of Windows', () => {
  it.each([
    '\\\\server\\share\\install.toml',
    '\\\\?\\UNC\\server\\share\\install.toml',
    '\\\\?\\C:\\install.toml',
    '\\\\.\\C:\\install.toml',
    '//server/share/install.toml',
    'install.toml',
    'C:install.toml',
    '',
  ])('%s is known by its name, and Windows is not asked', (path) => {
    let asked = 0;
    const ask = () => {
      asked += 1;
      return 'C';
    };
    expect(whyNotOfWindows(path, ask)).toBe(REFUSED);
    expect(asked).toBe(0);
  });

  it('is known by its drive: of the network, a stick, or a disk that Windows calls fixed but did not start from', () => {
    expect(whyNotOfWindows('E:\\pkg\\install.toml', () => 'C')).toBe(REFUSED);
    expect(whyNotOfWindows('C:\\pkg\\install.toml', () => 'D')).toBe(REFUSED);
    expect(whyNotOfWindows('c:\\pkg\\install.toml', () => 'C')).toBeNull();
    expect(whyNotOfWindows('C:\\pkg\\install.toml', () => '?')).toBe(REFUSED);
  });

  it.runIf(process.platform === 'win32')('the disk of Windows is built in, a letter without a drive is not', () => {
    expect(isFixedDrive(windowsDrive())).toBe(true);
    expect(isFixedDrive('Q')).toBe(false);
  });
});

it('what is of this PC begins on a drive of it, and Windows is asked for no other name', () => {
  const types: Record<string, number> = { C: 3, E: 2, N: 4, Q: 1 };
  const typeOf = (letter: string) => types[letter] ?? 0;
  expect(['c:\\a.toml', 'E:\\a.toml'].map((path) => isOfThisPc(path, typeOf))).toEqual([true, true]);
  const others = [
    'N:\\a.toml',
    'Q:\\a.toml',
    'X:\\a.toml',
    '\\\\server\\share\\a',
    '\\\\?\\UNC\\server\\share\\a',
    '\\\\?\\C:\\a',
    'C:a',
  ];
  expect(others.filter((path) => isOfThisPc(path, typeOf))).toEqual([]);
});
