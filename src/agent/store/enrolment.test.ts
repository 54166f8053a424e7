import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { arrival, ending, storeOptions, testStore } from '../../../test/support/store.ts';
import { tempDir } from '../../../test/support/temp.ts';
import { newRequestId } from '../../shared/ids.ts';
import type { Enrolment } from './enrolment.ts';
import { Store } from './store.ts';

test('a PC is new until its consumer was bound once, by whichever process', async () => {
  const directory = tempDir();
  const first = testStore(directory);
  expect(first.enrolment.enrolled).toBe(false);
  // What comes before the consumer is bound does not make it an old one.
  await first.runs.admit(arrival('r1'));
  expect(first.enrolment.enrolled).toBe(false);
  await first.enrolment.bound();
  await first.close();
  expect(testStore(directory).enrolment.enrolled).toBe(true);
});

test('a store of an older release with commands of the fleet has had a consumer; one with anything else has not', async () => {
  const enrolledAfter = async (work: (store: Store) => Promise<unknown>) => {
    const directory = tempDir();
    const first = testStore(directory);
    await work(first);
    await first.close();
    return testStore(directory).enrolment.enrolled;
  };
  const shown = () => ending('x', { reason: 'BAD_MESSAGE', exitCode: null, outbox: null });
  expect(await enrolledAfter(({ runs }) => runs.admit(arrival('r1')))).toBe(true);
  expect(await enrolledAfter(({ runs }) => runs.admit(arrival(null), shown))).toBe(false);
  const refusal = { fingerprint: Buffer.alloc(32, 1), resultId: null };
  expect(await enrolledAfter(({ runs }) => runs.refuse(arrival('r1'), refusal, shown))).toBe(false);
  const fired = { ...arrival('', 'command', { source: 'schedule' }), requestId: newRequestId(randomUUID()) };
  expect(await enrolledAfter(({ runs }) => runs.admitFire(fired, { scheduleId: 's', boot: null }))).toBe(false);
});

test('the names of the consumer are known however often a binding is refused, and over a restart', async () => {
  const directory = tempDir();
  const { enrolment } = testStore(directory);
  const held = await enrolment.nextIncarnation(null);
  await enrolment.bound();
  // The server refuses the update a thousand times, or its answers are lost.
  const tried = new Set<string | null>();
  for (let i = 0; i < 1_000; i++) tried.add(await enrolment.nextIncarnation(held));
  expect(tried.size).toBe(1);
  const [pending = ''] = tried;
  expect(knows(enrolment, held, pending, 'of.9', 'another life')).toEqual([true, true, false, false]);
  await enrolment.bound();
  expect(await enrolment.nextIncarnation(pending)).not.toBe(pending);
  expect(knows(enrolment, pending)).toEqual([true]);
});

test('a broker that was restored holds an earlier name; only a store that was holds one too low', async () => {
  const directory = tempDir();
  const { enrolment } = testStore(directory);
  const names: (string | null)[] = [];
  for (let connect = 0; connect < 5; connect++) {
    names.push(await enrolment.nextIncarnation(names.at(-1) ?? null));
    await enrolment.bound();
  }
  expect(knows(enrolment, ...names)).toEqual(names.map(() => true));
  const later = `${names[0]?.slice(0, -2)}.77`;
  expect(knows(enrolment, later)).toEqual([false]);
  // Once that is known and acted on, ours is the newest.
  expect(await enrolment.nextIncarnation(later)).toBe(later.replace('.77', '.78'));
  expect(knows(enrolment, later)).toEqual([true]);
});

test('a stand-in for a store that can not be opened leaves the name as it is', async () => {
  const store = Store.unusable(storeOptions(tempDir()), 'read_only');
  expect(await store.enrolment.nextIncarnation('one.7')).toBeNull();
  expect(knows(store.enrolment, 'one.7')).toEqual([true]);
});

function knows(enrolment: Enrolment, ...names: (string | null)[]): boolean[] {
  return names.map((name) => enrolment.knowsIncarnation(name ?? ''));
}

test('a name that its consumer keeps tells nothing new, over a restart, and the PC is no new one', async () => {
  const directory = tempDir();
  const first = testStore(directory);
  expect(first.enrolment.knowsIncarnation('another.5')).toBe(false);
  await first.enrolment.kept(null);
  expect(first.enrolment.enrolled).toBe(true);
  await first.enrolment.kept('another.5');
  await first.close();
  const { enrolment } = testStore(directory);
  expect([enrolment.knowsIncarnation('another.5'), enrolment.knowsIncarnation('another.6')]).toEqual([true, false]);
});

test('a name that was meant for a consumer that keeps its own is never used: a copy of the store may know it', async () => {
  const directory = tempDir();
  const { enrolment } = testStore(directory);
  const first = await enrolment.nextIncarnation(null);
  await enrolment.bound();
  const meant = await enrolment.nextIncarnation(first);
  await enrolment.kept(first);
  const then = await enrolment.nextIncarnation(first);
  expect(then).not.toBe(meant);
  await enrolment.kept(first);
  // A role that lets the agent write again.
  const given = await enrolment.nextIncarnation(first);
  expect([first, meant, then, given].map((name) => name?.split('.')[1])).toEqual(['1', '2', '3', '4']);
  await enrolment.bound();
  expect(knows(enrolment, first, meant, then, given)).toEqual([true, true, true, true]);
});
