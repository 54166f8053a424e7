import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { givenToSomebody, linked, openedToAll, wineTempDir } from '../../../../e2e/support/wine-files.ts';
import { PRIVATE_TREE, READ_ONLY_TREE } from './access.ts';
import { native } from './native.ts';
import { removeBelow } from './remove-tree.ts';
import { NOT_TRUSTED, secureDirectory, untrusted } from './secure-directory.ts';

const onWindows = describe.runIf(process.platform === 'win32');

onWindows('a directory that decides what runs as SYSTEM', () => {
  const secured = (path: string, sddl = PRIVATE_TREE, deep = true): string[] => {
    const said: string[] = [];
    secureDirectory(path, sddl, deep, (line) => said.push(line));
    return said;
  };

  it('is made with its access list, and left alone when it is as it must be', () => {
    const path = join(wineTempDir(), 'config');
    expect(secured(path)).toEqual([]);
    expect(untrusted(path)).toBeNull();
    writeFileSync(join(path, 'agent.toml'), 'ours');
    expect(secured(path)).toEqual([]);
    expect(readFileSync(join(path, 'agent.toml'), 'utf8')).toBe('ours');
  });

  it('that somebody has laid down before us is moved away unread, and made anew', async () => {
    const path = join(wineTempDir(), 'config');
    mkdirSync(path);
    writeFileSync(join(path, 'agent.toml'), 'theirs');
    await givenToSomebody(path);
    expect(secured(path)).toEqual([expect.stringMatching(/config belongs to S-1-.* it is not used, and lies in /)]);
    expect(readdirSync(path)).toEqual([]);
    expect(untrusted(path)).toBeNull();
    const aside = readdirSync(join(path, '..')).find((name) => name.includes(NOT_TRUSTED)) ?? '';
    expect(readFileSync(join(path, '..', aside, 'agent.toml'), 'utf8')).toBe('theirs');
  });

  it('of ours that others could write into is shut; what strangers have put into it, or could change, is moved away', async () => {
    const path = join(wineTempDir(), 'data');
    mkdirSync(join(path, 'inner'), { recursive: true });
    mkdirSync(join(path, 'kept'));
    for (const name of ['ours', 'theirs', 'changed', 'inner\\deep', 'kept\\ours'])
      writeFileSync(join(path, name), name);
    for (const each of ['', 'inner', 'kept', 'changed']) await openedToAll(join(path, each));
    for (const each of ['theirs', 'inner\\deep']) await givenToSomebody(join(path, each));
    expect(secured(path).map((line) => line.slice(line.indexOf('data\\'), line.indexOf(';')))).toEqual([
      'data\\changed can be changed by S-1-1-0, who is no administrator',
      expect.stringMatching(/^data\\inner\\deep belongs to S-1-/),
      'data\\inner could be changed by others, and holds nothing of ours',
      expect.stringMatching(/^data\\theirs belongs to S-1-/),
    ]);
    for (const each of ['', 'kept', 'ours', 'kept\\ours']) expect(untrusted(join(path, each)), each).toBeNull();
    expect(readdirSync(path).filter((name) => !name.includes(NOT_TRUSTED))).toEqual(['kept', 'ours']);
    expect(readdirSync(join(path, 'kept'))).toEqual(['ours']);
  });

  it('that others could write into and that holds nothing of ours is another one afterwards', async () => {
    const path = join(wineTempDir(), 'config');
    mkdirSync(path);
    writeFileSync(join(path, 'theirs'), '');
    await givenToSomebody(join(path, 'theirs'));
    await openedToAll(path);
    expect(secured(path)).toHaveLength(2);
    expect(readdirSync(path)).toEqual([]);
    expect(untrusted(path)).toBeNull();
  });

  it('that was empty and open is another one afterwards: a handle from before is of no use', async () => {
    const path = join(wineTempDir(), 'config');
    mkdirSync(path);
    await openedToAll(path);
    const before = native().CreateFileW(path, 0x80, 7, null, 3, 0x0200_0000, 0);
    onTestFinished(() => void native().CloseHandle(before));
    const { ino } = statSync(path, { bigint: true });
    expect(secured(path, READ_ONLY_TREE)).toEqual([]);
    expect(statSync(path, { bigint: true }).ino).not.toBe(ino);
    expect(untrusted(path)).toBeNull();
  });
});

onWindows('a removal', () => {
  it('takes a whole tree, and only that', () => {
    const directory = wineTempDir();
    mkdirSync(join(directory, 'a', 'Tray', 'deep', 'deeper'), { recursive: true });
    mkdirSync(join(directory, 'a', 'other'));
    for (let at = 0; at < 300; at++)
      writeFileSync(join(directory, 'a', 'Tray', 'deep', `a file with a name ${at}`), '');
    expect(removeBelow(directory, ['A', 'tray'])).toBe(true);
    expect(readdirSync(join(directory, 'a'))).toEqual(['other']);
    expect(removeBelow(directory, ['a', 'Tray'])).toBe(false);
    expect(removeBelow(join(directory, 'none'), ['Tray'])).toBe(false);
  });

  it('follows no link, neither on the way nor inside', async () => {
    const directory = wineTempDir();
    const elsewhere = join(directory, 'elsewhere');
    mkdirSync(join(elsewhere, 'Tray'), { recursive: true });
    writeFileSync(join(elsewhere, 'Tray', 'precious'), '');
    mkdirSync(join(directory, 'profile', 'Roaming', 'Tray'), { recursive: true });
    await linked(elsewhere, join(directory, 'profile', 'Local'));
    expect(removeBelow(directory, ['profile', 'Local', 'Tray'])).toBe(false);
    await linked(elsewhere, join(directory, 'profile', 'Roaming', 'Tray', 'inner'));
    try {
      removeBelow(directory, ['profile', 'Roaming', 'Tray']);
    } catch {
      // wine can't remove a link to a directory.
    }
    expect(readdirSync(join(elsewhere, 'Tray'))).toEqual(['precious']);
  });
});
