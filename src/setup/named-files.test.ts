import { expect, it } from 'vitest';
import { whyNotDeleted, whyNotOpened } from './named-files.ts';

const BESIDE = '\\\\fileserver\\software\\Kanade';
const isHere = (path: string) => path.startsWith('C:\\');

it('of other computers only what lies beside an installer that was started from there is opened', () => {
  const opened = (path: string, beside: string | null) => whyNotOpened(path, beside, isHere) === null;
  expect(opened('C:\\Users\\taro\\agent.toml', null)).toBe(true);
  expect(opened(`${BESIDE.toUpperCase()}\\agent.toml`, BESIDE)).toBe(true);
  expect(opened(`${BESIDE}\\sub\\agent.toml`, `${BESIDE}\\`)).toBe(true);
  for (const path of [
    '\\\\evil\\share\\agent.toml',
    '\\\\?\\UNC\\evil\\share\\agent.toml',
    '\\\\fileserver\\software\\KanadeToo\\agent.toml',
    '\\\\.\\pipe\\theirs',
  ]) {
    expect(opened(path, BESIDE), path).toBe(false);
    expect(opened(path, null), path).toBe(false);
  }
});

it('what lies in the directory of the installer itself is deleted, and nothing else', () => {
  expect(whyNotDeleted('c:\\downloads\\token.txt', 'C:\\Downloads\\')).toBeNull();
  expect(whyNotDeleted('C:\\token.txt', 'C:\\')).toBeNull();
  for (const path of ['C:\\Downloads\\deep\\token.txt', 'C:\\Windows\\hosts'])
    expect(whyNotDeleted(path, 'C:\\Downloads'), path).toBe('it does not lie beside the installer');
  expect(whyNotDeleted('C:\\token.txt', null)).not.toBeNull();
});
