import { describe, expect, it } from 'vitest';
import { isFixedDrive, whyNotOfThisPc } from './drives.ts';

const REFUSED = 'is on no disk that is built into this PC';
const onlyC = (letter: string) => letter.toUpperCase() === 'C';

describe('what lies elsewhere than on a disk of this PC', () => {
  it.each([
    '\\\\server\\share\\install.toml',
    '\\\\?\\UNC\\server\\share\\install.toml',
    '\\\\?\\C:\\install.toml',
    '\\\\.\\C:\\install.toml',
    '//server/share/install.toml',
    'install.toml',
    'C:install.toml',
    '',
  ])('%s is known by its name, and no drive is asked', (path) => {
    const asked: string[] = [];
    const ask = (letter: string) => asked.push(letter) > 0;
    expect(whyNotOfThisPc(path, ask)).toBe(REFUSED);
    expect(asked).toEqual([]);
  });

  it('is known by its drive: of the network, or of a stick', () => {
    expect(whyNotOfThisPc('X:\\pkg\\install.toml', onlyC)).toBe(REFUSED);
    expect(whyNotOfThisPc('c:\\pkg\\install.toml', onlyC)).toBeNull();
  });

  it.runIf(process.platform === 'win32')('the disk of Windows is built in, a letter without a drive is not', () => {
    expect(isFixedDrive('C')).toBe(true);
    expect(isFixedDrive('Q')).toBe(false);
  });
});
