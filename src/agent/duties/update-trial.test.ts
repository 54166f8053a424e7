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

  override async objectsPresent(bucket: string, names: readonly string[]): Promise<ReadonlySet<string>> {
    this.asked += 1;
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
  const installation = new Installation(root);
  const staging = tempDir();
  const bus = new Bus();
  const { updateNotes: notes } = testStore(tempDir());
  let settled = 0;
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
    onFailed: () => {},
    log: silentLogger,
    ...more,
  };
  const begin = () => during(startUpdateTrial(options));
  const versions = () => readdirSync(join(root, 'versions')).sort();
  return { installation, staging, bus, notes, begin, versions, settled: () => settled };
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
