import { chmodSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { tempDir } from '../../../test/support/temp.ts';
import { writeCurrent } from '../../base/current-version.ts';
import { loopTurn } from '../../base/loop-turn.ts';
import type { Hosting } from '../../shared/states.ts';
import { findInstallation, Installation } from './installation.ts';

const LINUX = { platform: 'linux', startedAs: 'service' } as const;
const MANIFEST = '7'.repeat(64);

function installed(versions: readonly string[], current: string) {
  const root = tempDir();
  mkdirSync(join(root, 'private'));
  for (const version of versions) mkdirSync(join(root, 'versions', version, 'agent'), { recursive: true });
  writeCurrent(join(root, 'private', 'current.json'), { version: current });
  return { root, program: (version: string) => join(root, 'versions', version, 'agent') };
}

test('a version that counts, in a place of ours, is ours to replace', () => {
  const { root, program } = installed(['1.0.0', '1.1.0'], '1.1.0');
  const found = findInstallation(program('1.1.0'), '1.1.0', LINUX);
  expect(found).toMatchObject({ by: 'us', installation: { root } });
  // Started by hand beside the one that counts; under another name.
  expect(findInstallation(program('1.0.0'), '1.0.0', LINUX)).toEqual({ by: 'others' });
  expect(findInstallation(program('1.1.0'), '1.2.0', LINUX)).toEqual({ by: 'others' });
});

test('the Debian package is apt’s to replace, where it runs as a service', () => {
  const program = '/usr/lib/kanade-tray/agent';
  expect(findInstallation(program, '1.1.0', LINUX)).toEqual({ by: 'apt' });
  expect(findInstallation(program, '1.1.0', { platform: 'linux', startedAs: 'tray' })).toEqual({ by: 'others' });
});

test('on Windows the service brings it to its set-up; the agent of a person changes no program', () => {
  const { root, program } = installed(['1.1.0'], '1.1.0');
  const found = (startedAs: Hosting) => findInstallation(program('1.1.0'), '1.1.0', { platform: 'win32', startedAs });
  expect(found('tray')).toEqual({ by: 'others' });
  expect(found('headless')).toEqual({ by: 'others' });
  const service = found('service');
  if (service.by !== 'us') throw new Error('it is not ours');
  const { installation } = service;
  const ready = installation.readyDirectory('1.2.0');
  expect([ready, installation.packageIn(ready), installation.treeIn(ready)]).toEqual([
    join(root, 'versions', '.staged-ready'),
    join(root, 'versions', '.staged-ready', 'package'),
    join(root, 'versions', '.staged-ready', 'package', 'tree'),
  ]);
});

test.each(['/home/me/kanade-tray/dist/agent', '/versions/1.1.0/agent'])(
  'what lies in %s belongs to somebody else',
  (program) => {
    expect(findInstallation(program, '1.1.0', LINUX)).toEqual({ by: 'others' });
  },
);

test.skipIf(process.platform === 'win32' || process.getuid?.() === 0)('what we may not write is not ours', () => {
  const { root, program } = installed(['1.1.0'], '1.1.0');
  chmodSync(join(root, 'versions'), 0o555);
  expect(findInstallation(program('1.1.0'), '1.1.0', LINUX)).toEqual({ by: 'others' });
});

test('beside the version that counts one stays: the one before, else the newest', async () => {
  const versions = ['1.0.0', '1.9.0', '1.10.0', '2.0.0'];
  const left = async (before?: string) => {
    const { root } = installed(versions, '2.0.0');
    mkdirSync(join(root, 'versions', '.staged-update'));
    writeFileSync(join(root, 'versions', 'a note of IT'), '');
    await new Installation(root, 'starter').tidy('2.0.0', before);
    return readdirSync(join(root, 'versions')).sort();
  };
  expect(await left('1.9.0')).toEqual(['1.9.0', '2.0.0', 'a note of IT']);
  expect(await left()).toEqual(['1.10.0', '2.0.0', 'a note of IT']);
});

test('what goes of a version with many files goes beside the loop, which turns meanwhile', async () => {
  const { root } = installed(['1.0.0', '1.1.0', '2.0.0'], '2.0.0');
  for (let at = 0; at < 2_000; at++) writeFileSync(join(root, 'versions', '1.0.0', 'agent', `${at}.js`), '');
  const tidied = new Installation(root, 'starter').tidy('2.0.0', '1.1.0');
  await loopTurn();
  expect(readdirSync(join(root, 'versions'))).toContain('1.0.0');
  await tidied;
  expect(readdirSync(join(root, 'versions'))).toEqual(['1.1.0', '2.0.0']);
});

test('a switch forgets the starts of another trial', () => {
  const { root } = installed(['1.0.0'], '1.0.0');
  const starts = join(root, 'private', 'starts');
  writeFileSync(starts, '..');
  const installation = new Installation(root, 'starter');
  installation.switchTo({ version: '1.1.0', trial: { before: '1.0.0', serial: 3, manifest: MANIFEST } });
  expect(readdirSync(join(root, 'private'))).toEqual(['current.json']);
  expect(installation.current).toEqual({ version: '1.1.0', trial: { before: '1.0.0', serial: 3, manifest: MANIFEST } });
});
