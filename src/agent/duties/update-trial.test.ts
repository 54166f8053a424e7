import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { during } from '../../../test/support/duties.ts';
import { eventually } from '../../../test/support/eventually.ts';
import { FakeBus } from '../../../test/support/fake-bus.ts';
import { TARGET } from '../../../test/support/releases.ts';
import { testStore } from '../../../test/support/store.ts';
import { tempDir } from '../../../test/support/temp.ts';
import { type CurrentVersion, writeCurrent } from '../../base/current-version.ts';
import { silentLogger } from '../../base/logger.ts';
import { Installation } from '../update/installation.ts';
import { startUpdateTrial, type UpdateTrialOptions } from './update-trial.ts';

const MANIFEST = '7'.repeat(64);

const TRIAL = { version: '2.0.0', trial: { before: '1.0.0', serial: 7, manifest: MANIFEST } } as const;

class Bus extends FakeBus {
  asked = 0;
  answers = true;
  onAsked = () => {};

  override async objectsPresent(bucket: string, names: readonly string[]): Promise<ReadonlySet<string>> {
    this.asked += 1;
    this.onAsked();
    const answer: ReadonlySet<string> | null = this.answers ? await super.objectsPresent(bucket, names) : null;
    // As the real one says that it can't be told.
    return answer as ReadonlySet<string>;
  }
}

function start(current: CurrentVersion, more: Partial<UpdateTrialOptions> = {}) {
  const root = tempDir();
  for (const version of ['0.9.0', '1.0.0', '2.0.0']) mkdirSync(join(root, 'versions', version), { recursive: true });
  mkdirSync(join(root, 'private'));
  writeCurrent(join(root, 'private', 'current.json'), current);
  const installation = new Installation(root, 'starter');
  const staging = tempDir();
  const bus = new Bus();
  const { updateNotes: notes } = testStore(tempDir());
  let settled = 0;
  let failed = 0;
  const commands = {
    isIdle: true,
    holds: [] as boolean[],
    hold(holds: boolean) {
      this.holds.push(holds);
    },
  };
  const options = {
    installation,
    staging,
    version: current.version,
    target: TARGET,
    bus,
    notes,
    storeIsUsable: true,
    nowMs: () => 1_000,
    onSettled: () => {
      settled += 1;
    },
    commands,
    onFailed: () => {
      failed += 1;
    },
    log: silentLogger,
    ...more,
  };
  const begin = () => during(startUpdateTrial(options));
  const versions = () => readdirSync(join(root, 'versions')).sort();
  const outcome = { settled: () => settled, failed: () => failed };
  return { installation, staging, bus, notes, commands, begin, versions, ...outcome };
}

test('on trial until the broker has answered after the heartbeat; then it counts, and the one before stays', async () => {
  const { installation, staging, bus, begin, versions, settled } = start(TRIAL);
  bus.disconnect();
  begin();
  bus.answers = false;
  bus.connect();
  await eventually(() => expect(bus.asked).toBeGreaterThan(0));
  expect(installation.current).toEqual(TRIAL);
  bus.answers = true;
  await eventually(() => expect(settled()).toBe(1));
  expect(installation.current).toEqual({ version: '2.0.0' });
  expect(versions()).toEqual(['1.0.0', '2.0.0']);
  expect(existsSync(staging)).toBe(false);
});

test('a version whose store can’t be used does not come to count', async () => {
  const { installation, bus, begin, settled } = start(TRIAL, { storeIsUsable: false });
  begin();
  await eventually(() => expect(bus.asked).toBeGreaterThan(1));
  expect(installation.current).toEqual(TRIAL);
  expect(settled()).toBe(0);
});

test('what the starter has taken back is noted under its number, and goes', async () => {
  const failed = { version: '2.0.0', serial: 7, manifest: MANIFEST };
  const { installation, notes, begin, versions, settled } = start({ version: '1.0.0', failed });
  begin();
  await eventually(() => expect(settled()).toBe(1));
  expect(notes.undone).toEqual([{ ...failed, why: 'did_not_start', atMs: 1_000 }]);
  expect(installation.current).toEqual({ version: '1.0.0' });
  expect(versions()).toEqual(['0.9.0', '1.0.0']);
});

test('where nothing is on trial nothing is asked', async () => {
  const { bus, begin, settled } = start({ version: '2.0.0' });
  begin();
  await eventually(() => expect(settled()).toBe(1));
  expect(bus.asked).toBe(0);
});

test('one that does not get on the air ends between scripts, as for an installation', async () => {
  const { installation, bus, commands, begin, failed } = start(TRIAL, { onTheAirWithinMs: 0 });
  bus.answers = false;
  commands.isIdle = false;
  begin();
  await eventually(() => expect(commands.holds).toEqual([true]));
  expect(failed()).toBe(0);
  commands.isIdle = true;
  await eventually(() => expect(failed()).toBe(1));
  // What comes in now is for the next start.
  expect(commands.holds).toEqual([true]);
  expect(installation.current).toEqual(TRIAL);
});

test('where a script goes on for too long the commands go first, and the trial goes on', async () => {
  const { installation, bus, commands, begin, settled, failed } = start(TRIAL, { onTheAirWithinMs: 0, holdMs: 0 });
  bus.answers = false;
  commands.isIdle = false;
  begin();
  await eventually(() => expect(commands.holds).toEqual([true, false]));
  bus.answers = true;
  await eventually(() => expect(settled()).toBe(1));
  expect(installation.current).toEqual({ version: '2.0.0' });
  expect(failed()).toBe(0);
});

test('time without a link does not count: the PC may be away for as long as it likes', async () => {
  const { installation, bus, begin, settled, failed } = start(TRIAL, { onTheAirWithinMs: 0 });
  // It goes down whenever it is asked, so the PC never had a link for long.
  bus.onAsked = () => bus.disconnect();
  bus.answers = false;
  begin();
  for (const times of [1, 2, 3]) {
    await eventually(() => expect(bus.asked).toBe(times));
    if (times < 3) bus.connect(100 * times);
  }
  bus.onAsked = () => {};
  bus.answers = true;
  bus.connect(300);
  await eventually(() => expect(settled()).toBe(1));
  expect(installation.current).toEqual({ version: '2.0.0' });
  expect(failed()).toBe(0);
});
