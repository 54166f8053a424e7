import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { tempDir } from '../../test/support/temp.ts';

const MODULE = new URL('compile-cache.ts', import.meta.url).href;
const isRoot = process.geteuid?.() === 0;
const onPosix = process.platform !== 'win32';

/** What a program that keeps its compiled form in `directory` uses; empty: nothing. */
function used(directory: string): string {
  const program = `import { keepCompiled } from ${JSON.stringify(MODULE)};
    import { getCompileCacheDir } from 'node:module';
    keepCompiled(${JSON.stringify(directory)});
    console.log(getCompileCacheDir() ?? '');`;
  const env = { ...process.env, NODE_COMPILE_CACHE: undefined, NODE_DISABLE_COMPILE_CACHE: undefined };
  return execFileSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8', env }).trim();
}

test('The compiled form lies in a directory that only we can write, whatever the umask', () => {
  const directory = join(tempDir(), 'compiled');
  const before = process.umask(0);
  try {
    expect(used(directory)).toContain(directory);
  } finally {
    process.umask(before);
  }
  if (onPosix) expect(statSync(directory).mode & 0o077).toBe(0);
  // Once more, now that it is there.
  expect(used(directory)).toContain(directory);
});

test.runIf(onPosix)('a directory that others can write is not used', () => {
  const directory = join(tempDir(), 'compiled');
  for (const mode of [0o720, 0o702, 0o777]) {
    mkdirSync(directory, { recursive: true });
    chmodSync(directory, mode);
    expect(used(directory)).toBe('');
  }
});

test.runIf(onPosix)('a link, or a file, is not used', () => {
  const base = tempDir();
  const own = join(base, 'own');
  mkdirSync(own, { mode: 0o700 });
  symlinkSync(own, join(base, 'link'));
  writeFileSync(join(base, 'file'), '');
  expect(used(join(base, 'link'))).toBe('');
  expect(used(join(base, 'file'))).toBe('');
});

test.runIf(isRoot)('the directory of another account is not used', () => {
  const directory = join(tempDir(), 'compiled');
  mkdirSync(directory, { mode: 0o700 });
  chownSync(directory, 12_345, 12_345);
  expect(used(directory)).toBe('');
});
