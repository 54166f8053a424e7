import { expect, test, vi } from 'vitest';
import { FakeBus } from '../../../test/support/fake-bus.ts';
import { testStore } from '../../../test/support/store.ts';
import { tempDir } from '../../../test/support/temp.ts';
import { unreadable } from '../../../test/support/unreadable.ts';
import { systemClock } from '../../base/clock.ts';
import { silentLogger } from '../../base/logger.ts';
import { FactsReader } from './facts.ts';

function setUp(uncheckedHonoursRevoke = false) {
  let nowMs = 1_000_000;
  const clock = { ...systemClock, nowMs: () => nowMs, monotonicMs: () => nowMs, upMs: () => nowMs };
  const store = testStore(tempDir(), clock);
  const bus = new FakeBus();
  const facts = new FactsReader(
    { bus, kvCache: store.kvCache, lastContact: store.lastContact, timeline: store.timeline, log: silentLogger },
    { scriptsEnabled: () => true, uncheckedHonoursRevoke },
  );
  const pass = (ms: number) => {
    nowMs += ms;
  };
  /** What was read is remembered on disk without anybody waiting for it; this does. */
  const remembered = () => store.kvCache.put('test', 'test', { value: null, revision: 0, read: store.timeline.now() });
  return { bus, store, facts, remembered, pass };
}

const cached = { id: 'job', staleness: { mode: 'cached' } } as const;
const unchecked = { id: 'job', staleness: { mode: 'unchecked' } } as const;

test('a pin and a revoke are read when they are used, REVOKED compared exactly', async () => {
  const { bus, facts, pass } = setUp();
  bus.setKv('script_current', 'job', '1.2.0');
  bus.setKv('script_status', 'job', 'REVOKED ');
  expect(await facts.gather(cached)).toMatchObject({ pinnedVersion: '1.2.0', revoked: false, viewAgeMs: 0 });
  bus.setKv('script_status', 'job', 'REVOKED', 2);
  pass(1_000);
  expect(await facts.gather(cached)).toMatchObject({ revoked: true });
});

test('a revoke stays known when the bucket can not be read, is gone, or the link is down (D19)', async () => {
  const { bus, facts, remembered, pass } = setUp();
  bus.setKv('script_status', 'job', 'REVOKED');
  await facts.gather(cached);
  await remembered();
  for (const kind of ['failed', 'no_bucket'] as const) {
    bus.kv.set('script_status/job', kind === 'failed' ? { kind, why: 'timeout' } : { kind });
    pass(1_000);
    expect(await facts.gather(cached)).toMatchObject({ revoked: true });
  }
  bus.disconnect();
  pass(1_000);
  const reads = bus.kvReads;
  expect(await facts.gather(cached)).toMatchObject({ revoked: true });
  // Asked while disconnected, a read would hang for its time-out (D16).
  expect(bus.kvReads).toBe(reads);
});

test('a key that was deleted is no longer known', async () => {
  const { bus, facts, remembered, pass } = setUp();
  bus.setKv('script_status', 'job', 'REVOKED');
  await facts.gather(cached);
  await remembered();
  bus.kv.set('script_status/job', { kind: 'absent', revision: 2 });
  pass(1_000);
  expect(await facts.gather(cached)).toMatchObject({ revoked: false });
  await remembered();
  bus.kv.set('script_status/job', { kind: 'failed', why: 'timeout' });
  pass(1_000);
  expect(await facts.gather(cached)).toMatchObject({ revoked: false });
});

test('a broker that does not answer ages the view by the key, the link alone says it while disconnected', async () => {
  const { bus, facts, remembered, pass } = setUp();
  bus.setKv('script_current', 'job', '1.0');
  bus.setKv('script_status', 'job', 'ACTIVE');
  await facts.gather(cached);
  await remembered();
  for (const bucket of ['script_current', 'script_status']) bus.kv.set(`${bucket}/job`, { kind: 'failed', why: 'x' });
  pass(90_000);
  expect((await facts.gather(cached)).viewAgeMs).toBe(90_000);
  bus.disconnect();
  bus.ageMs = 7_000;
  pass(1_000);
  expect((await facts.gather(cached)).viewAgeMs).toBe(7_000);
});

test('a store that can not be read changes nothing of what the broker says, and is no amnesty where it says nothing', async () => {
  const { bus, store, facts, pass } = setUp();
  bus.setKv('script_current', 'job', '1.0');
  bus.setKv('script_status', 'job', 'REVOKED');
  vi.spyOn(store.kvCache, 'get').mockImplementation(() => {
    throw new Error('disk I/O error');
  });
  expect(await facts.gather(cached)).toMatchObject({ pinnedVersion: '1.0', revoked: true });
  bus.disconnect();
  pass(1_000);
  await expect(facts.gather(cached)).rejects.toThrow('disk I/O error');
});

test('nor is the age of what is known made up where the store can not tell it', async () => {
  const disk = unreadable(/FROM meta/);
  disk.away = false;
  const { bus, store, facts } = setUp();
  await store.lastContact.note(5_000);
  bus.disconnect();
  bus.ageMs = Number.POSITIVE_INFINITY;
  disk.away = true;
  await expect(facts.gather(cached)).rejects.toThrow('disk I/O error');
  disk.away = false;
  expect((await facts.gather(cached)).viewAgeMs).toBe(5_000);
});

test('commands that arrive together share one read', async () => {
  const { bus, facts } = setUp();
  facts.prefetch('job');
  await Promise.all(Array.from({ length: 100 }, () => facts.gather(cached)));
  expect(bus.kvReads).toBe(2);
});

test('a command that arrives after a revoke sees it, however short after one that did not', async () => {
  const { bus, facts } = setUp();
  facts.prefetch('job');
  expect(await facts.gather(cached)).toMatchObject({ revoked: false });
  bus.setKv('script_status', 'job', 'REVOKED');
  facts.prefetch('job');
  expect(await facts.gather(cached)).toMatchObject({ revoked: true });
});

test('unchecked asks nobody, unless it is to honour a revoke', async () => {
  const lax = setUp();
  lax.bus.setKv('script_status', 'job', 'REVOKED');
  expect(await lax.facts.gather(unchecked)).toMatchObject({ revoked: false });
  expect(lax.bus.kvReads).toBe(0);
  const strict = setUp(true);
  strict.bus.setKv('script_status', 'job', 'REVOKED');
  expect(await strict.facts.gather(unchecked)).toMatchObject({ revoked: true, uncheckedHonoursRevoke: true });
});

test('an id that can be no key has no entry and costs no read', async () => {
  const { bus, facts } = setUp();
  expect(await facts.gather({ ...cached, id: 'not a key' })).toMatchObject({ pinnedVersion: null, revoked: false });
  expect(bus.kvReads).toBe(0);
});
