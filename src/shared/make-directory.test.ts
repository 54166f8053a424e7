import { mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { tempDir } from '../../test/support/temp.ts';
import { makeDirectory, makeDirectoryAsync } from './make-directory.ts';

const ways: readonly (readonly [string, (path: string, mode?: number) => void | Promise<void>])[] = [
  ['at once', makeDirectory],
  ['off the event loop', makeDirectoryAsync],
];

describe.each(ways)('a directory made %s', (_name, make) => {
  test('comes with those above it, and may be there already', async () => {
    const path = join(tempDir(), 'a', 'b', 'c');
    await make(path);
    await make(path);
    expect(statSync(path).isDirectory()).toBe(true);
  });

  test.skipIf(process.platform === 'win32')('is as private as asked, also without a umask', async () => {
    const root = tempDir();
    const umask = process.umask(0);
    onTestFinished(() => void process.umask(umask));
    await make(join(root, 'a', 'b'), 0o750);
    const modes = [join(root, 'a'), join(root, 'a', 'b')].map((path) => statSync(path).mode & 0o777);
    expect(modes).toEqual([0o751, 0o750]);
  });

  test('ends with an error that names the file in its way', async () => {
    const root = tempDir();
    writeFileSync(join(root, 'file'), '');
    symlinkSync(join(root, 'nowhere'), join(root, 'link'));
    const failure = async (path: string) => make(path);
    await expect(failure(join(root, 'file'))).rejects.toMatchObject({ code: 'EEXIST' });
    // Windows knows only that there is no such path.
    await expect(failure(join(root, 'file', 'below'))).rejects.toThrow(/(?:ENOTDIR|ENOENT).*below/);
    // wine makes what a link leads to.
    if (process.platform !== 'win32') await expect(failure(join(root, 'link'))).rejects.toThrow(/link/);
    mkdirSync(join(root, 'directory'));
    await failure(join(root, 'directory', 'below'));
  });

  test.skipIf(process.platform !== 'linux')('ends where the system will never have one', async () => {
    await expect((async () => make('/proc/kanade/logs'))()).rejects.toThrow(/ENOENT.*'\/proc\/kanade'/);
  });
});

test('no part of the product makes directories by a way that may never return', () => {
  const source = join(import.meta.dirname, '..');
  const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter(
    (name) => /\.tsx?$/.test(name) && !name.endsWith('.test.ts'),
  );
  expect(files.length).toBeGreaterThan(100);
  const isEndless = (name: string) =>
    /mkdir(Sync)?\([^;]*recursive: true/.test(readFileSync(join(source, name), 'utf8'));
  expect(files.filter(isEndless)).toEqual([]);
});
