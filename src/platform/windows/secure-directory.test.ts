import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { givenToSomebody, linked, openedToAll, wineTempDir } from '../../../test/support/wine-files.ts';
import { LISTED_TREE, PRIVATE_TREE, READ_ONLY_TREE } from './access.ts';
import { native } from './native.ts';
import { removeBelow } from './remove-tree.ts';
import { readerOfFile, secureDirectory, untrusted } from './secure-directory.ts';
import { NOT_TRUSTED } from './set-aside.ts';

const onWindows = describe.runIf(process.platform === 'win32');

onWindows('a directory that decides what runs as SYSTEM', () => {
  const secured = (path: string, sddl = PRIVATE_TREE, deep = true): string[] => {
    const said: string[] = [];
    secureDirectory(path, sddl, { deep }, (line) => said.push(line));
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

  it('that somebody has laid down before us is moved away unread, and made again', async () => {
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

  it('what only looks as if it had been set aside is looked at as all else', async () => {
    const path = join(wineTempDir(), 'data');
    mkdirSync(path);
    writeFileSync(join(path, 'ours'), '');
    writeFileSync(join(path, 'x.not-trusted-1.json'), 'theirs');
    await givenToSomebody(join(path, 'x.not-trusted-1.json'));
    await openedToAll(path);
    expect(secured(path)).toEqual([expect.stringContaining('x.not-trusted-1.json belongs to')]);
    expect(readdirSync(path)).toEqual(['ours', expect.stringMatching(/json\.not-trusted-[0-9a-f]{16}$/)]);
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

onWindows('a directory of which only itself is looked at', () => {
  const shallow = (path: string): string[] => {
    const said: string[] = [];
    secureDirectory(path, READ_ONLY_TREE, { deep: false }, (line) => said.push(line));
    return said;
  };

  it('is another one afterwards where others could write into it and it holds nothing of ours', async () => {
    const path = join(wineTempDir(), 'Kanade');
    mkdirSync(path);
    writeFileSync(join(path, 'theirs'), '');
    await givenToSomebody(join(path, 'theirs'));
    await openedToAll(path);
    expect(shallow(path)).toEqual([expect.stringContaining('holds nothing of ours')]);
    expect(readdirSync(path)).toEqual([]);
    expect(untrusted(path)).toBeNull();
  });

  it('is not kept by what lies in it and others could take out of it', async () => {
    const path = join(wineTempDir(), 'Kanade');
    mkdirSync(join(path, 'inner'), { recursive: true });
    await openedToAll(join(path, 'inner'));
    await openedToAll(path);
    expect(shallow(path)).toHaveLength(1);
    expect(readdirSync(path)).toEqual([]);
  });

  it('stays where something of ours lies in it that nobody else can take out, and that is left alone', async () => {
    const path = join(wineTempDir(), 'Kanade');
    mkdirSync(join(path, 'config'), { recursive: true });
    for (const name of ['ours', 'theirs']) writeFileSync(join(path, 'config', name), '');
    await givenToSomebody(join(path, 'config', 'theirs'));
    for (const each of [join(path, 'config'), path]) await openedToAll(each);
    expect(shallow(path)).toEqual([]);
    expect(readdirSync(join(path, 'config')).sort()).toEqual(['ours', 'theirs']);
    expect(untrusted(path)).toBeNull();
  });
});

onWindows('somebody who wants no installation', () => {
  const secure = (path: string, say: (line: string) => void = () => {}) =>
    secureDirectory(path, PRIVATE_TREE, { deep: true }, say);

  it('is not helped by a name that has no room for more', async () => {
    const path = join(wineTempDir(), 'data');
    const long = join(path, 'x'.repeat(240));
    mkdirSync(path);
    for (const file of [long, join(path, 'ours')]) writeFileSync(file, '');
    await givenToSomebody(long);
    secure(path);
    expect(readdirSync(path).sort()).toEqual(['ours', expect.stringMatching(/^x{200}\.not-trusted-[0-9a-f]{16}$/)]);
  });

  const held = (path: string, share: number, access = 0x8000_0000): void => {
    const handle = native().CreateFileW(path, access, share, null, 3, 0x0200_0000, 0);
    expect(handle).not.toBe(-1);
    onTestFinished(() => void native().CloseHandle(handle));
  };

  it('and holds on to it, is named as far as Windows tells; nothing of ours is moved away for that', async () => {
    const directory = wineTempDir();
    const [theirs, ours] = [join(directory, 'theirs'), join(directory, 'ours')];
    for (const path of [theirs, ours]) mkdirSync(path);
    // An empty one would only be made again.
    writeFileSync(join(ours, 'settings'), '');
    await givenToSomebody(theirs);
    held(theirs, 3);
    expect(() => secure(theirs)).toThrow(/theirs belongs to S-1-.* and can not be moved away: opening theirs failed/);
    // Shared for being moved, and for nothing else.
    held(ours, 4);
    expect(() => secure(ours)).toThrow(/ours can not be looked at: opening ours failed/);
    expect(readdirSync(directory).sort()).toEqual(['ours', 'theirs']);
  });

  it('and could still take away what he has opened before, is not overlooked', () => {
    const path = join(wineTempDir(), 'Kanade');
    mkdirSync(join(path, 'config'), { recursive: true });
    writeFileSync(join(path, 'config', 'ours'), '');
    held(join(path, 'config'), 7, 0x1_0000);
    expect(() => secure(path)).toThrow(/config can not be looked at/);
    held(path, 7, 0x1_0000);
    expect(() => secureDirectory(path, READ_ONLY_TREE, { deep: false }, () => {})).toThrow(
      /Kanade can not be looked at/,
    );
  });

  it('and shares it with nobody, is known by what it belongs to', async () => {
    const path = join(wineTempDir(), 'theirs');
    mkdirSync(path);
    await givenToSomebody(path);
    held(path, 4);
    secure(path);
    expect(untrusted(path)).toBeNull();
    expect(readdirSync(join(path, '..'))).toHaveLength(2);
  });
});

onWindows('settings', () => {
  const files = ['agent.toml', 'token.txt'];

  it('are private, and so is what lies beside them; who could read them until now is said', () => {
    const path = join(wineTempDir(), 'config');
    mkdirSync(path);
    for (const name of files) writeFileSync(join(path, name), '');
    expect(files.map((name) => readerOfFile(join(path, name)))).toEqual(['S-1-1-0', 'S-1-1-0']);
    const said: string[] = [];
    secureDirectory(path, PRIVATE_TREE, { deep: true, tellsReaders: true }, (line) => said.push(line));
    expect(said).toHaveLength(2);
    expect(said[1]).toMatch(/token\.txt could be read by S-1-1-0 until now: a secret in it should be replaced/);
    expect(files.map((name) => readerOfFile(join(path, name)))).toEqual([null, null]);
  });

  // Who may read the settings themselves: access.test.ts; wine knows no "Users".
  it('in tray mode have nothing beside them that others can read', () => {
    const path = join(wineTempDir(), 'config');
    mkdirSync(path);
    for (const name of files) writeFileSync(join(path, name), '');
    secureDirectory(path, LISTED_TREE, { deep: true, readable: ['agent.toml'] }, () => {});
    expect(readerOfFile(join(path, 'token.txt'))).toBeNull();
    expect(untrusted(join(path, 'agent.toml'))).toBeNull();
    secureDirectory(path, PRIVATE_TREE, { deep: true }, () => {});
    expect(files.map((name) => readerOfFile(join(path, name)))).toEqual([null, null]);
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
