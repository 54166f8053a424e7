import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { tempDir } from '../../test/support/temp.ts';
import { directoriesOf } from '../shared/directories.ts';
import type { Hosting } from '../shared/states.ts';
import { originalRuns } from './original-agent.ts';

function directories(startedAs: Hosting, data?: string) {
  const env = data === undefined ? {} : { KANADE_AGENT_DATA_DIR: data };
  return directoriesOf({ startedAs, platform: process.platform, env, cwd: tempDir(), home: tempDir() });
}

const running = (service: string) => service === 'KanadeAgent';

test('its running service keeps us off the data directory of the machine, a stopped one does not', () => {
  const machine = directories('service');
  expect([originalRuns(machine, running), originalRuns(machine, () => false)]).toEqual([true, false]);
});

test('a directory of our own is not its business, until something of it lies there', () => {
  const named = tempDir();
  const found = () => [
    originalRuns(directories('tray'), running),
    originalRuns(directories('headless', named), running),
  ];
  expect(found()).toEqual([false, false]);
  mkdirSync(join(named, 'outbox'));
  expect(found()).toEqual([false, true]);
});

test('completions of its schedules are enough to tell its directory', () => {
  const named = tempDir();
  writeFileSync(join(named, 'local_completions.json'), '{}');
  expect(originalRuns(directories('service', named), running)).toBe(true);
});

test.skipIf(process.platform === 'win32')('it never runs where there is no Windows', () => {
  expect(originalRuns(directories('service'))).toBe(false);
});
