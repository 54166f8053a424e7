/** The starter of an installation that updates itself: which version it starts, and when it takes one back. */
import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ROOT } from '../../scripts/bootstrap/paths.mjs';
import { type CurrentVersion, readCurrent, writeCurrent } from '../../src/base/current-version.ts';
import { tempDir } from '../../test/support/temp.ts';

const MANIFEST = '7'.repeat(64);

/** Versions whose Node says which one it is, and what it was given. */
function installed(current: CurrentVersion | string, versions: readonly string[] = ['1.0.0', '2.0.0-beta.1']) {
  const root = join(tempDir(), 'a directory');
  for (const version of versions) {
    const node = join(root, 'versions', version, 'node');
    mkdirSync(node, { recursive: true });
    writeFileSync(join(node, 'node'), `#!/bin/sh\necho ${version} "$@"\n`);
    chmodSync(join(node, 'node'), 0o755);
  }
  for (const name of ['bin', 'private']) mkdirSync(join(root, name));
  const starter = join(root, 'bin', 'kanade-tray-agent');
  cpSync(join(ROOT, 'packaging', 'linux', 'starter.sh'), starter);
  const file = join(root, 'private', 'current.json');
  if (typeof current === 'string') writeFileSync(file, current);
  else writeCurrent(file, current);
  const run = (...args: string[]) => {
    const { stdout, status } = spawnSync(starter, args, { encoding: 'utf8', cwd: '/' });
    return { version: stdout.split(' ')[0], said: stdout.trim(), status };
  };
  const starts = join(root, 'private', 'starts');
  return { root, run, starts, current: () => readCurrent(file) };
}

const TRIAL = { version: '2.0.0-beta.1', trial: { before: '1.0.0', serial: 12, manifest: MANIFEST } } as const;

test('the version that counts is started with what was given, and nothing is counted', () => {
  const { root, run, starts } = installed({ version: '1.0.0' });
  const main = join(root, 'versions', '1.0.0', 'agent', 'main.js');
  expect(run('--service', '--config', 'a b')).toMatchObject({
    said: `1.0.0 ${main} --service --config a b`,
    status: 0,
  });
  expect(existsSync(starts)).toBe(false);
});

test('the fourth start of a version on trial is of the one before, which says so', () => {
  const { run, starts, current } = installed(TRIAL);
  const started = Array.from({ length: 5 }, () => run('--service').version);
  expect(started).toEqual(['2.0.0-beta.1', '2.0.0-beta.1', '2.0.0-beta.1', '1.0.0', '1.0.0']);
  expect(current()).toEqual({ version: '1.0.0', failed: { version: '2.0.0-beta.1', serial: 12, manifest: MANIFEST } });
  expect(readFileSync(starts, 'utf8')).toBe('...');
});

test('an orderly end takes the count away, and what only asks is not counted', () => {
  const { run, starts, current } = installed(TRIAL);
  for (let n = 0; n < 6; n++) {
    run('--service');
    rmSync(starts);
  }
  for (const ask of ['--version', '--check-config', '--help', '--hash-code']) for (let n = 0; n < 4; n++) run(ask);
  expect(existsSync(starts)).toBe(false);
  expect(current()).toEqual(TRIAL);
});

test('a version on trial of which nothing is left is taken back too', () => {
  const { root, run } = installed(TRIAL);
  rmSync(join(root, 'versions', '2.0.0-beta.1'), { recursive: true });
  const ends = Array.from({ length: 4 }, () => run('--service'));
  expect(ends.slice(0, 3).every(({ status }) => status !== 0)).toBe(true);
  expect(ends[3]).toMatchObject({ version: '1.0.0', status: 0 });
});

test.each(['', '{}', '{"version":"../../evil"}', '{"version":".."}', '{"version":"1.0.0/../x"}'])(
  'nothing is started where %j counts',
  (text) => {
    expect(installed(text).run('--service')).toMatchObject({ said: '', status: 1 });
  },
);
