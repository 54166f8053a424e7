import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { tempDir } from '../../test/support/temp.ts';
import { replaceFile } from './replace-file.ts';

it('replaces a file as a whole and leaves nothing beside it', () => {
  const directory = tempDir();
  const file = join(directory, 'agent.toml');
  replaceFile(file, 'one');
  replaceFile(file, 'two');
  expect(readFileSync(file, 'utf8')).toBe('two');
  expect(readdirSync(directory)).toEqual(['agent.toml']);
});

it.runIf(process.platform !== 'win32')(
  'writes through no link that somebody has laid down under the name of old',
  () => {
    const directory = tempDir();
    const precious = join(directory, 'precious');
    writeFileSync(precious, 'mine');
    symlinkSync(precious, join(directory, 'agent.toml.new'));
    replaceFile(join(directory, 'agent.toml'), 'settings');
    expect(readFileSync(precious, 'utf8')).toBe('mine');
    expect(readFileSync(join(directory, 'agent.toml'), 'utf8')).toBe('settings');
  },
);

it.runIf(process.platform !== 'win32')(
  'keeps nothing open that somebody has made before: what they hold is another file',
  () => {
    const directory = tempDir();
    // A file of another account under the old name kept its owner and its rights, and so did the settings afterwards.
    writeFileSync(join(directory, 'agent.toml.new'), '', { mode: 0o666 });
    execFileSync('chmod', ['0666', join(directory, 'agent.toml.new')]);
    replaceFile(join(directory, 'agent.toml'), 'settings', 0o600);
    writeFileSync(join(directory, 'agent.toml.new'), 'theirs');
    expect(readFileSync(join(directory, 'agent.toml'), 'utf8')).toBe('settings');
  },
);

it('leaves nothing where the file can not be put into its place', () => {
  const directory = tempDir();
  mkdirSync(join(directory, 'taken', 'inner'), { recursive: true });
  expect(() => replaceFile(join(directory, 'taken'), 'x')).toThrow();
  expect(readdirSync(directory)).toEqual(['taken']);
});

it('tidies what a crash has left, and not what is being written', () => {
  const directory = tempDir();
  const [old, fresh] = ['a.json.0123456789abcdef.new', 'b.json.0123456789abcdef.new'];
  for (const name of [old, fresh, 'of-somebody.new']) writeFileSync(join(directory, name), '');
  for (const name of [old, 'of-somebody.new']) utimesSync(join(directory, name), 1_000, 1_000);
  replaceFile(join(directory, 'a.json'), '{}');
  expect(readdirSync(directory).toSorted()).toEqual(['a.json', fresh, 'of-somebody.new']);
});
