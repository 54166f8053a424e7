import { expect, test } from 'vitest';
import { connectedBus } from '../../../test/support/bus.ts';
import { eventually } from '../../../test/support/eventually.ts';
import { FakeBus } from '../../../test/support/fake-bus.ts';
import { operator, provision, putKey } from '../../../test/support/fleet.ts';
import { runIdOf } from '../../../test/support/ids.ts';
import { startNatsServer } from '../../../test/support/nats-server.ts';
import { slowLink } from '../../../test/support/slow-link.ts';
import { systemClock } from '../../base/clock.ts';
import { silentLogger } from '../../base/logger.ts';
import { Titles } from './titles.ts';

const JOB = 'jobs/backup';
const MANIFEST = JSON.stringify({ id: 'backup', version: '1', description: '\nBackup of the documents\nEvery night' });

function setUp() {
  const bus = new FakeBus();
  const stored: (readonly [run: number, title: string])[] = [];
  const runs = { setTitle: async (run: number, title: string) => void stored.push([run, title]) };
  const titles = new Titles({ bus, runs, clock: systemClock, log: silentLogger });
  return { bus, titles, stored };
}

test('is the first line of the description, read once for many runs', async () => {
  const { bus, titles, stored } = setUp();
  bus.setKv('jobs', 'backup', MANIFEST);
  for (const run of [1, 2, 3]) titles.admitted(runIdOf(run), 'backup');
  await eventually(() => expect(new Set(stored.map(([run]) => run))).toEqual(new Set([1, 2, 3])));
  expect(new Set(stored.map(([, title]) => title))).toEqual(new Set(['Backup of the documents']));
  expect(bus.kvReads).toBe(1);
});

test.each([
  ['a job that is not there', 'other'],
  ['a direct task', 'adhoc-run'],
  ['an id that can be no key', 'a key'],
])('%s has none, and is not asked for again', async (_, job) => {
  const { bus, titles, stored } = setUp();
  bus.setKv('jobs', 'backup', MANIFEST);
  titles.admitted(runIdOf(1), job);
  titles.admitted(runIdOf(2), 'backup');
  await eventually(() => expect(stored).toHaveLength(1));
  const reads = bus.kvReads;
  titles.admitted(runIdOf(3), 'backup');
  await eventually(() => expect(stored).toHaveLength(2));
  expect(bus.kvReads).toBe(reads);
  expect(new Set(stored.map(([run]) => run))).toEqual(new Set([2, 3]));
});

test('a read that fails once is tried again at once', async () => {
  const { bus, titles, stored } = setUp();
  bus.kv.set(JOB, { kind: 'failed', why: 'timeout' });
  bus.onKvGet = () => {
    if (bus.kvReads === 2) bus.setKv('jobs', 'backup', MANIFEST);
  };
  titles.admitted(runIdOf(1), 'backup');
  await eventually(() => expect(stored).toEqual([[1, 'Backup of the documents']]));
});

test('what could not be read is read with the next command', async () => {
  const { bus, titles, stored } = setUp();
  bus.kv.set(JOB, { kind: 'failed', why: 'timeout' });
  titles.admitted(runIdOf(1), 'backup');
  await eventually(() => expect(bus.kvReads).toBe(3));
  bus.setKv('jobs', 'backup', MANIFEST);
  titles.admitted(runIdOf(2), 'adhoc-run');
  await eventually(() => expect(stored).toEqual([[1, 'Backup of the documents']]));
});

test('what came in while the connection broke is read with the next one', async () => {
  const { bus, titles, stored } = setUp();
  bus.setKv('jobs', 'backup', MANIFEST);
  bus.disconnect();
  titles.admitted(runIdOf(1), 'backup');
  titles.admitted(runIdOf(2), 'backup');
  await new Promise(setImmediate);
  expect(bus.kvReads).toBe(0);
  bus.connect();
  await eventually(() => expect(new Set(stored.map(([run]) => run))).toEqual(new Set([1, 2])));
});

test('of a job that takes long to come over a slow link it is read once', async () => {
  const server = await startNatsServer();
  const nc = await operator(server);
  await provision(nc, ['KV_jobs']);
  await putKey(nc, 'jobs', 'backup', JSON.stringify({ ...JSON.parse(MANIFEST), notes: 'x'.repeat(35_000) }));
  const link = await slowLink(server, 10_000, 'down');
  const bus = await connectedBus(link.url);
  const stored: string[] = [];
  const runs = { setTitle: async (_run: number, title: string) => void stored.push(title) };
  const before = link.sentBytes;
  new Titles({ bus, runs, clock: systemClock, log: silentLogger }).admitted(runIdOf(1), 'backup');
  await eventually(() => expect(stored).toEqual(['Backup of the documents']));
  expect(link.sentBytes - before).toBeLessThan(50_000);
});
