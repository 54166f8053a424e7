import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { tempDir } from '../../e2e/support/temp.ts';
import { compareVersions, Layout } from './layout.ts';

it.each([
  ['1.0.0', '1.0.1'],
  ['1.9.0', '1.10.0'],
  ['1.0.0-beta.2', '1.0.0-beta.10'],
  ['1.0.0-beta.2', '1.0.0'],
  ['no version', '0.0.1'],
])('%s is older than %s', (older, newer) => {
  expect(compareVersions(older, newer)).toBeLessThan(0);
  expect(compareVersions(newer, older)).toBeGreaterThan(0);
  expect(compareVersions(newer, newer)).toBe(0);
});

it('says which version counts, and nothing where the file says none', () => {
  const layout = new Layout(tempDir());
  expect(layout.current).toBeNull();
  layout.switchTo('1.2.3');
  expect(layout.current).toBe('1.2.3');
  expect(readdirSync(layout.root)).toEqual(['current.json']);
  for (const text of ['{', '{"version":5}', '{"version":"../../evil"}', 'null']) {
    writeFileSync(join(layout.root, 'current.json'), text);
    expect(layout.current).toBeNull();
  }
  layout.switchTo(null);
  expect(readdirSync(layout.root)).toEqual([]);
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
