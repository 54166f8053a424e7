import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { tempDir } from '../../test/support/temp.ts';
import { LISTED_TREE, PRIVATE_TREE } from '../platform/windows/access.ts';
import type { Inside } from '../platform/windows/secure-directory.ts';
import { directoriesOf } from '../shared/directories.ts';
import { writeChoices } from './choices.ts';
import { SetupError } from './exit-codes.ts';
import { Layout } from './layout.ts';
import { whyNotBuiltIn } from './place.ts';
import { deleteSpent } from './put-settings.ts';
import { modeBefore, secureData, whyExchangeable, whyLedElsewhere } from './secure.ts';

const HOME = 'C:\\ProgramData\\Kanade';
const directories = directoriesOf({ startedAs: 'service', platform: 'win32', env: {}, cwd: null, home: '' });

class Disk {
  readonly secured: [path: string, sddl: string, inside: Inside][] = [];
  readonly wrong = new Map<string, string>();
  /** After this directory was secured, `HOME` leads elsewhere. */
  linkedAfter = '';

  secureDirectory(path: string, sddl: string, inside: Inside): void {
    this.secured.push([path, sddl, inside]);
    if (path === this.linkedAfter) this.wrong.set(HOME, 'leads elsewhere');
  }

  untrusted(path: string, _rights?: number): string | null {
    return this.wrong.get(path) ?? null;
  }

  removeTree(): boolean {
    return false;
  }
}

describe('settings, data and logs', () => {
  it('are private for the service', () => {
    const disk = new Disk();
    secureData(directories, 'service', disk, () => {});
    expect(disk.secured.map(([path, sddl, { deep }]) => [path, sddl, deep])).toEqual([
      [HOME, PRIVATE_TREE, false],
      [`${HOME}\\config`, PRIVATE_TREE, true],
      [`${HOME}\\data`, PRIVATE_TREE, true],
      [`${HOME}\\logs`, PRIVATE_TREE, true],
    ]);
  });

  it('are private in tray mode too, but for the settings file', () => {
    const disk = new Disk();
    secureData(directories, 'tray', disk, () => {});
    expect(disk.secured[1]).toEqual([
      `${HOME}\\config`,
      LISTED_TREE,
      { deep: true, tellsReaders: true, readable: ['agent.toml'] },
    ]);
    expect(disk.secured.slice(2).map(([, sddl]) => sddl)).toEqual([PRIVATE_TREE, PRIVATE_TREE]);
  });

  it.each([
    ['before the settings', HOME, 2],
    ['before the data', `${HOME}\\config`, 2],
    ['at last', `${HOME}\\logs`, 4],
  ])('whose directory has become a link meanwhile are given up (%s)', (_when, linkedAfter, secured) => {
    const disk = new Disk();
    disk.linkedAfter = linkedAfter;
    expect(() => secureData(directories, 'service', disk, () => {})).toThrow(SetupError);
    expect(disk.secured).toHaveLength(secured);
  });
});

describe('data that IT has put elsewhere', () => {
  const at = (data: string) =>
    directoriesOf({
      startedAs: 'service',
      platform: 'win32',
      env: { KANADE_AGENT_DATA_DIR: data },
      cwd: null,
      home: '',
    });

  it('is secured where there is nothing, or what is ours', () => {
    const data = tempDir();
    for (const name of ['kanade-tray', 'outbox', 'admission']) mkdirSync(join(data, name));
    writeFileSync(join(data, 'local_completions.json.imported'), '{}');
    const disk = new Disk();
    secureData({ ...at('D:\\data'), data }, 'service', disk, () => {});
    expect(disk.secured.map(([path]) => path)).toContain(data);
  });

  it('is refused, untouched, where anything else lies in it', () => {
    const data = tempDir();
    for (const name of ['outbox', 'taro']) mkdirSync(join(data, name));
    const disk = new Disk();
    expect(() => secureData({ ...at('D:\\data'), data }, 'service', disk, () => {})).toThrow('not ours (taro)');
    expect(disk.secured.map(([path]) => path)).not.toContain(data);
  });
});

describe('who runs the agent', () => {
  it('is read only where administrators alone can have said so', () => {
    const layout = new Layout(tempDir());
    const disk = new Disk();
    expect(modeBefore(layout, disk)).toBe('service');
    writeChoices(layout, { mode: 'tray', tray: true, autostart: true });
    expect(modeBefore(layout, disk)).toBe('tray');
    for (const path of [layout.root, layout.privateDirectory]) {
      disk.wrong.clear();
      disk.wrong.set(path, 'can be changed by S-1-1-0');
      expect(modeBefore(layout, disk), path).toBe('service');
    }
  });

  it('is not read where somebody else could lead the way there elsewhere', () => {
    const layout = new Layout(tempDir());
    const disk = new Disk();
    writeChoices(layout, { mode: 'tray', tray: true, autostart: true });
    disk.wrong.set(dirname(dirname(layout.root)), 'can be changed by S-1-1-0');
    expect(modeBefore(layout, disk)).toBe('service');
  });
});

describe('a file that has held a secret', () => {
  const UNASKED = { asks: false, beside: null };
  const log = () => {
    const said: string[] = [];
    return { said, say: (line: string) => void said.push(line) };
  };

  it('is deleted where nobody can lead its name elsewhere, and left and named where somebody can', () => {
    const file = join(tempDir(), 'token.txt');
    writeFileSync(file, 'secret');
    const system = new Disk();
    for (const each of [dirname(file), dirname(dirname(file))]) {
      system.wrong.clear();
      system.wrong.set(each, 'can be changed by S-1-1-0');
      const told = log();
      deleteSpent(file, { log: told, system: system as never, ...UNASKED }, () => null);
      expect(told.said).toEqual([
        `note: ${file} holds a secret and is left where it is, please delete it: ${each} can be changed by S-1-1-0`,
      ]);
      expect(existsSync(file)).toBe(true);
    }
    system.wrong.clear();
    deleteSpent(file, { log: log(), system: system as never, ...UNASKED }, () => null);
    expect(existsSync(file)).toBe(false);
  });

  it('is left where a person may have been given its name by somebody else, but for one beside the installer', () => {
    const beside = tempDir();
    const [ours, other] = [join(beside, 'token.txt'), join(tempDir(), 'hosts')];
    for (const file of [ours, other]) writeFileSync(file, 'secret');
    const told = log();
    const input = { log: told, system: new Disk() as never, asks: true, beside };
    for (const file of [ours, other]) deleteSpent(file, input, () => null);
    expect(told.said).toEqual([
      `deleted ${ours}, its secret is stored`,
      `note: ${other} holds a secret and is left where it is, please delete it: it does not lie beside the installer`,
    ]);
    expect([existsSync(ours), existsSync(other)]).toEqual([false, true]);
  });

  it('is left where it is on no built-in disk, whatever the access lists there say', () => {
    const file = join(tempDir(), 'token.txt');
    writeFileSync(file, 'secret');
    deleteSpent(file, { log: log(), system: new Disk() as never, ...UNASKED }, () => 'is not on a built-in disk');
    expect(existsSync(file)).toBe(true);
    for (const path of ['\\\\server\\share\\token.txt', 'F:\\token.txt', '\\\\?\\C:\\token.txt'])
      expect(whyNotBuiltIn(path, { isFixed: (letter) => letter === 'C' }), path).toBe('is not on a built-in disk');
    expect(whyNotBuiltIn('c:\\IT\\token.txt', { isFixed: (letter) => letter === 'c' })).toBeNull();
  });

  it('may lie in the root of a drive, beside which everybody may make directories', () => {
    const asked: [string, number | undefined][] = [];
    const untrusted = (path: string, rights?: number) => {
      asked.push([path, rights]);
      return null;
    };
    expect(whyExchangeable('C:\\IT', { untrusted })).toBeNull();
    expect(asked.map(([path, rights]) => [path, rights === undefined])).toEqual([
      ['C:\\', false],
      ['C:\\IT', true],
    ]);
    asked.length = 0;
    whyExchangeable('C:\\', { untrusted });
    expect(asked.every(([, rights]) => rights !== undefined)).toBe(true);
  });
});

describe('a file that IT names to be written', () => {
  it('is not written where somebody else could lead its name elsewhere', () => {
    const file = join(tempDir(), 'setup.log');
    const system = new Disk();
    expect(whyLedElsewhere(file, system, () => {})).toBeNull();
    for (const each of [dirname(file), dirname(dirname(file))]) {
      system.wrong.clear();
      system.wrong.set(each, 'can be changed by S-1-1-0');
      expect(whyLedElsewhere(file, system, () => {})).toBe(`${each} can be changed by S-1-1-0`);
    }
  });

  it('goes on where it is an administrator’s already, and others may only add files beside it', () => {
    const file = join(tempDir(), 'setup.log');
    const system = new Disk();
    system.untrusted = (path, rights) =>
      path === dirname(file) && rights === undefined ? 'can be changed by S-1-1-0' : null;
    expect(whyLedElsewhere(file, system, () => {})).toContain('can be changed');
    writeFileSync(file, '');
    expect(whyLedElsewhere(file, system, () => {})).toBeNull();
  });

  it('gets directories that are missing, for administrators alone to change', () => {
    const system = new Disk();
    const directory = join(tempDir(), 'IT', 'logs');
    expect(whyLedElsewhere(join(directory, 'setup.log'), system, () => {})).toBeNull();
    expect(system.secured.map(([path]) => path)).toEqual([dirname(directory), directory]);
  });
});
