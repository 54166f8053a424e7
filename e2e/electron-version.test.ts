/** Which Electron is packed, and what CI says of it. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { electronAge, NAMED, publishedVersions } from '../scripts/lib/packaging/electron-age.ts';
import { ownElectronVersion } from '../scripts/lib/packaging/electron-for.ts';
import { tempDir } from '../test/support/temp.ts';

function project(named: string, installed: string): string {
  const root = tempDir();
  mkdirSync(join(root, 'node_modules', 'electron'), { recursive: true });
  writeFileSync(join(root, 'package.json'), JSON.stringify({ devDependencies: { electron: named } }));
  writeFileSync(join(root, 'node_modules', 'electron', 'package.json'), JSON.stringify({ version: installed }));
  return root;
}

test('one version is named exactly, in package.json, in the lock file and where its age is kept', () => {
  const read = (file: string) => JSON.parse(readFileSync(join(import.meta.dirname, '..', file), 'utf8'));
  const lock = read('package-lock.json').packages;
  expect([
    read('package.json').devDependencies.electron,
    lock[''].devDependencies.electron,
    lock['node_modules/electron'].version,
    ownElectronVersion(),
  ]).toEqual(Array(4).fill(NAMED.version));
});

test.each([
  ['^45.4.1', '45.4.1', 'must name one version'],
  ['latest', '45.4.1', 'must name one version'],
  ['45.4.1', '45.5.0', 'Electron 45.5.0 is installed, and package.json names 45.4.1'],
])('nothing is packed where %s is named and %s is installed', (named, installed, why) => {
  expect(() => ownElectronVersion(project(named, installed))).toThrow(why);
});

const OURS = { version: '45.4.1', released: '2026-11-19' };
const NOW = new Date('2026-12-20T12:00:00Z');

test.each([
  [{ '45.4.1': '2026-11-19', '45.4.0': '2026-11-18', '46.0.0': '2026-12-01' }, ['It is the newest of its line.']],
  [
    { '45.4.1': '2026-11-19', '45.10.0': '2026-12-15', '45.5.0': '2026-12-10', '45.11.0-beta.1': '2026-12-19' },
    ['NEWER: 45.10.0 of its line is out; the first after ours has been for 10 days.'],
  ],
  [
    { '45.4.2': '2026-12-01' },
    [
      'NEWER: 45.4.2 of its line is out; the first after ours has been for 19 days.',
      'OLD: that is more than 14 days, the longest that we hold ourselves to.',
    ],
  ],
  [null, ['Whether a newer one of its line is out can not be told: no registry answers here.']],
])('its age is told, and what is newer of its line: %j', (published, lines) => {
  expect(electronAge(OURS, published, NOW)).toEqual(['Electron 45.4.1 is 31 days old (2026-11-19).', ...lines]);
});

test('where no registry answers, that is no failure', async () => {
  expect(await publishedVersions({ ...process.env, npm_config_registry: 'http://127.0.0.1:1' })).toBeNull();
});
