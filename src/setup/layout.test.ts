import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { tempDir } from '../../test/support/temp.ts';
import { readCurrent } from '../base/current-version.ts';
import { readChoices } from './choices.ts';
import { namesIn } from './files.ts';
import { Layout } from './layout.ts';

it('says which version counts, and nothing where the file says none', () => {
  const layout = new Layout(tempDir());
  expect(layout.current).toBeNull();
  layout.switchTo('1.2.3');
  expect(layout.current).toBe('1.2.3');
  expect(readdirSync(layout.privateDirectory)).toEqual(['current.json']);
  for (const text of ['{', '{"version":5}', '{"version":"../../evil"}', 'null']) {
    writeFileSync(join(layout.privateDirectory, 'current.json'), text);
    expect(layout.current).toBeNull();
  }
  layout.switchTo(null);
  expect(readdirSync(layout.privateDirectory)).toEqual([]);
});

it('a version may count on trial, which begins with no starts', () => {
  const layout = new Layout(tempDir());
  const counted = { serial: 3, manifest: '3'.repeat(64) };
  const starts = join(layout.privateDirectory, 'starts');
  mkdirSync(layout.privateDirectory);
  writeFileSync(starts, '..');
  expect(layout.foreign()).toEqual([]);
  layout.switchTo('1.1.0', { trial: { before: '1.0.0', ...counted } });
  const file = join(layout.privateDirectory, 'current.json');
  expect(readCurrent(file)).toEqual({ version: '1.1.0', trial: { before: '1.0.0', ...counted } });
  expect(readdirSync(layout.privateDirectory)).toEqual(['current.json']);
  layout.switchTo('1.0.0', { failed: { version: '1.1.0', ...counted } });
  expect(readCurrent(file)).toEqual({ version: '1.0.0', failed: { version: '1.1.0', ...counted } });
});

it('what can not be read is not missing: neither the version that counts, nor the choices, nor what lies there', () => {
  const layout = new Layout(tempDir());
  for (const name of ['current.json', 'install.json'])
    mkdirSync(join(layout.privateDirectory, name), { recursive: true });
  expect(() => layout.current).toThrow('EISDIR');
  expect(() => readChoices(layout)).toThrow('EISDIR');
  writeFileSync(layout.versionsDirectory, '');
  expect(layout.versions()).toEqual([]);
  expect(() => namesIn(`${layout.root}/${'x'.repeat(300)}`)).toThrow('ENAMETOOLONG');
});

it('finds what is not its own, at each place that a removal takes away', () => {
  const layout = new Layout(tempDir());
  for (const path of ['versions/1.0.0/app', 'versions/.staged', 'bin', 'private'])
    mkdirSync(join(layout.root, path), { recursive: true });
  for (const path of [
    'current.json',
    'bin/Kanade Tray.exe',
    'private/install.json',
    'private/kanade-tray-agent.exe.1795630633943.old',
  ])
    writeFileSync(join(layout.root, path), '');
  expect(layout.foreign()).toEqual([]);
  for (const path of ['notes.txt', 'bin/tool.exe', 'private/tool.exe', 'versions/mine']) {
    const full = join(layout.root, path);
    writeFileSync(full, '');
    expect(layout.foreign()).toEqual([full]);
    rmSync(full);
  }
});

it('knows its versions, and what an interrupted set-up has left', () => {
  const layout = new Layout(tempDir());
  for (const name of ['1.0.0', '1.1.0', '.damaged-1', '.handed-over-2', '.staged', 'other'])
    mkdirSync(join(layout.versionsDirectory, name), { recursive: true });
  expect(layout.versions().toSorted()).toEqual(['1.0.0', '1.1.0']);
  expect(
    layout
      .asides()
      .map((path) => path.slice(layout.versionsDirectory.length + 1))
      .toSorted(),
  ).toEqual(['.damaged-1', '.handed-over-2']);
});
