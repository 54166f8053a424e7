/** `[results] queue_max_mib`: with too much that waits nothing is admitted, and what was admitted goes on to its end. */
import { expect, onTestFinished, test } from 'vitest';
import { arrival, ending, storeOptions } from '../../../test/support/store.ts';
import { tempDir } from '../../../test/support/temp.ts';
import { openStore } from './open.ts';
import { Store } from './store.ts';

const KB = 1_000;
const BODY = 20 * KB;

function bounded(directory: string): Store {
  const opened = openStore(directory);
  if (opened.kind !== 'open') throw new Error(opened.kind);
  const retention = { historyDays: 90, historyMaxBytes: 1024 ** 3, queueMaxBytes: 600 * KB };
  const store = new Store(opened.db, { ...storeOptions(directory), retention });
  onTestFinished(() => store.close());
  return store;
}

/** @returns the number of the run, and the id of its result */
async function admit(store: Store, requestId: string) {
  const admitted = await store.runs.admit(arrival(requestId, `${requestId} ${'x'.repeat(BODY)}`));
  if (admitted.kind !== 'admitted') throw new Error(admitted.kind);
  return admitted;
}

function outcomeOf(resultId: string) {
  return ending(resultId, { outbox: { kind: 'result', id: resultId, subject: 's', body: Buffer.alloc(BODY) } });
}

test('what waits beyond its bound holds new commands up, ends all the same, and lets them in once a tenth has gone', async () => {
  const directory = tempDir();
  const store = bounded(directory);
  const admitted = [];
  for (let i = 0; i < 20; i++) admitted.push(await admit(store, `r${i}`));
  await store.probe();
  expect({ state: store.state.value, admits: store.admits }).toEqual({ state: 'ok', admits: true });
  // Results add to it: a command and its result are 40 kB.
  for (const { run, resultId } of admitted) await store.runs.finish(run, outcomeOf(resultId));
  await store.probe();
  expect({ state: store.state.value, admits: store.admits, isWritable: store.isWritable }).toEqual({
    state: 'queue_full',
    admits: false,
    isWritable: true,
  });
  expect(store.outbox.counts()).toMatchObject({ waiting: 20, parked: 0 });
  const deliver = async (count: number) => {
    for (const row of store.outbox.waiting(true, count)) await store.outbox.delivered(row, 1);
    await store.probe();
  };
  // 560 kB are below the bound, and not by a tenth of it.
  await deliver(6);
  expect(store.state.value).toBe('queue_full');
  await deliver(1);
  expect({ state: store.state.value, admits: store.admits }).toEqual({ state: 'ok', admits: true });
  await store.close();
  // It was closed in order, and what is left of the history is no part of it.
  const opened = openStore(directory);
  expect(opened).toMatchObject({ kind: 'open', notes: { unclean: false } });
  if (opened.kind === 'open') opened.db.close();
});

test('a store that takes nothing is said before one in which too much waits', async () => {
  const store = bounded(tempDir());
  for (let i = 0; i < 40; i++) await admit(store, `r${i}`);
  store.maintenance.hasRoom = () => false;
  await store.probe();
  expect(store.state.value).toBe('full');
  store.maintenance.hasRoom = () => true;
  await store.probe();
  expect(store.state.value).toBe('queue_full');
});

test('a command counts once, also while its started event waits', async () => {
  const store = bounded(tempDir());
  const admitted = [];
  // 560 kB.
  for (let i = 0; i < 28; i++) admitted.push(await admit(store, `r${i}`));
  for (const { run, resultId } of admitted) {
    const event = { kind: 'started', id: resultId, subject: 's', body: Buffer.from('started') } as const;
    await store.runs.start(run, { startedAtMs: 1, runAsUser: null, facts: null, event });
  }
  await store.probe();
  expect(store.state.value).toBe('ok');
  for (const { run, resultId } of admitted.slice(0, 3)) await store.runs.finish(run, outcomeOf(resultId));
  await store.probe();
  expect(store.state.value).toBe('queue_full');
});
