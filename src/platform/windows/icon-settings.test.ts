import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { tempDir } from '../../../test/support/temp.ts';
import { settleIcons } from './icon-settings.ts';
import { ownSid } from './sids.ts';

const KEY = 'HKCU\\Control Panel\\NotifyIconSettings';
const OURS = 'C:\\Program Files\\Kanade Tray\\versions\\1.0.0\\app\\Kanade Tray.exe';

function icon(name: string, path: string, promoted?: number): void {
  const add = (...args: string[]) =>
    execFileSync('reg.exe', ['add', `${KEY}\\${name}`, ...args, '/f'], { stdio: 'ignore' });
  add('/v', 'ExecutablePath', '/t', 'REG_SZ', '/d', path);
  if (promoted !== undefined) add('/v', 'IsPromoted', '/t', 'REG_DWORD', '/d', String(promoted));
}

function isPromoted(name: string): string | null {
  try {
    const said = execFileSync('reg.exe', ['query', `${KEY}\\${name}`, '/v', 'IsPromoted'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return /0x(\d)/.exec(said)?.[1] ?? null;
  } catch {
    return null;
  }
}

const isOurs = (path: string) => path.endsWith('\\app\\Kanade Tray.exe');
const ofVersion = (version: string) => OURS.replace('1.0.0', version);
const onlyOnWindows = it.skipIf(process.platform !== 'win32');

afterEach(() => {
  if (process.platform === 'win32') execFileSync('reg.exe', ['delete', KEY, '/f'], { stdio: 'ignore' });
});

onlyOnWindows('where IT wants it, our icons are promoted, and no other', async () => {
  icon('1', OURS);
  icon('3', 'C:\\other.exe');
  expect(await settleIcons(ownSid(), isOurs, false)).toBe(0);
  expect(await settleIcons(ownSid(), isOurs, true)).toBe(1);
  expect(['1', '3'].map(isPromoted)).toEqual(['1', null]);
  expect(await settleIcons(ownSid(), isOurs, true)).toBe(0);
  expect(await settleIcons('S-1-5-21-1-2-3-4', isOurs, true)).toBe(0);
});

onlyOnWindows.each([
  [0, true],
  [1, false],
])(
  'what the person has decided (%i) stays, and holds for the next version, whatever IT wants',
  async (decided, wants) => {
    icon('1', ofVersion('9.0.0'), 1 - decided);
    icon('2', ofVersion('10.0.0'), decided);
    icon('3', ofVersion('11.0.0'));
    expect(await settleIcons(ownSid(), isOurs, wants)).toBe(1);
    expect(['1', '2', '3'].map(isPromoted)).toEqual([1 - decided, decided, decided].map(String));
  },
);

onlyOnWindows('where somebody has made very many, none is looked at', async () => {
  icon('1', OURS);
  expect(await settleIcons(ownSid(), isOurs, true)).toBe(1);
  icon('2', ofVersion('9.0.0'));
  const directory = tempDir();
  const keys = Array.from(
    { length: 1_000 },
    (_, at) => `[HKEY_CURRENT_USER\\Control Panel\\NotifyIconSettings\\more-${at}]`,
  );
  writeFileSync(join(directory, 'many.reg'), `REGEDIT4\r\n\r\n${keys.join('\r\n\r\n')}\r\n`);
  execFileSync('reg.exe', ['import', join(directory, 'many.reg')], { stdio: 'ignore' });
  expect(await settleIcons(ownSid(), isOurs, true)).toBe(0);
  expect(isPromoted('2')).toBeNull();
});
