import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { eventually } from '../../../test/support/eventually.ts';
import { testRelease, testTrust } from '../../../test/support/releases.ts';
import { tempDir } from '../../../test/support/temp.ts';
import { updateByApt } from './apt-update.ts';
import type { Offer } from './release-lookup.ts';

const offer: Offer = {
  release: testRelease(testTrust().keys, Buffer.from('x'), { version: '2.0.0-rc.1' }),
  manifest: '5'.repeat(64),
  start: { nuid: 'x', sequence: 0 },
};

/** A systemd that starts a unit, and says of it what the file `state` holds. */
function rig(state: string) {
  const directory = tempDir();
  const stateFile = join(directory, 'state');
  const [started, asked] = [join(directory, 'started'), join(directory, 'asked')];
  const program = (name: string, ...lines: string[]) =>
    writeFileSync(join(directory, name), ['#!/bin/sh', ...lines, ''].join('\n'), { mode: 0o755 });
  writeFileSync(stateFile, state);
  program('systemd-run', `echo "$@" >> '${started}'`);
  program('systemctl', `echo "$@" >> '${asked}'`, `cat '${stateFile}'`, 'exit 3');
  const programs = { path: `${directory}:/usr/bin:/bin`, pollEveryMs: 1 };
  return { stateFile, started, asked, programs };
}

const asks = (file: string) => (existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n').length : 0);

// Elsewhere there is no systemd.
test.skipIf(process.platform === 'win32')('a unit that has ended without ending us is not waited for', async () => {
  const { started, asked, programs } = rig('failed\n');
  const why = await updateByApt(offer, new AbortController().signal, programs);
  expect(why).toMatch(/^apt has not brought it/);
  expect(readFileSync(started, 'utf8')).toContain('--unit=kanade-tray-update');
  expect(readFileSync(started, 'utf8')).toContain(' kanade-tray=2.0.0~rc.1');
  expect(readFileSync(asked, 'utf8')).toBe('is-active kanade-tray-update\n');
});

test.skipIf(process.platform === 'win32')('one that is at work is, and one of which nobody says anything', async () => {
  const { stateFile, asked, programs } = rig('active\n');
  const updating = updateByApt(offer, new AbortController().signal, programs);
  await eventually(() => expect(asks(asked)).toBeGreaterThan(2));
  writeFileSync(stateFile, '');
  const before = asks(asked);
  await eventually(() => expect(asks(asked)).toBeGreaterThan(before + 2));
  writeFileSync(stateFile, 'inactive\n');
  expect(await updating).toMatch(/^apt has not brought it/);
});

test.skipIf(process.platform === 'win32')('our own end ends the wait', async () => {
  const { asked, programs } = rig('active\n');
  const ending = new AbortController();
  const ended = expect(updateByApt(offer, ending.signal, programs)).rejects.toThrow('stopped');
  await eventually(() => expect(asks(asked)).toBeGreaterThan(0));
  ending.abort(new Error('stopped'));
  await ended;
});
