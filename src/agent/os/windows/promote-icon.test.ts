import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { promoteIcons } from './promote-icon.ts';
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

it.skipIf(process.platform !== 'win32')(
  'promotes our icons about which the person has not decided, and no other',
  () => {
    icon('1', OURS);
    icon('2', OURS, 0);
    icon('3', 'C:\\other.exe');
    const isOurs = (path: string) => path.endsWith('\\app\\Kanade Tray.exe');
    expect(promoteIcons(ownSid(), isOurs)).toBe(1);
    expect(['1', '2', '3'].map(isPromoted)).toEqual(['1', '0', null]);
    expect(promoteIcons(ownSid(), isOurs)).toBe(0);
    expect(promoteIcons('S-1-5-21-1-2-3-4', isOurs)).toBe(0);
  },
);
