import { describe, expect, test } from 'vitest';
import { FakeBus } from '../../../test/support/fake-bus.ts';
import { pcIdOf } from '../../../test/support/ids.ts';
import { testStore } from '../../../test/support/store.ts';
import { tempDir } from '../../../test/support/temp.ts';
import { systemClock } from '../../base/clock.ts';
import { silentLogger } from '../../base/logger.ts';
import { type KvWatchHandlers, NO_VALUE } from '../bus/bus.ts';
import { Fleet } from './fleet.ts';

function setUp(directory = tempDir()) {
  const store = testStore(directory);
  const bus = new FakeBus();
  const fleet = new Fleet({ pcId: pcIdOf('PC-1'), bus, store, clock: systemClock, log: silentLogger });
  fleet.start();
  const handlers = (bucket: string): KvWatchHandlers => {
    const found = bus.watches.get(bucket);
    if (found === undefined) throw new Error(`${bucket} is not watched`);
    return found;
  };
  let revision = 0;
  /** A watch begins with these values, all of them. */
  const begin = (bucket: string, values: Record<string, unknown>) => {
    handlers(bucket).begin();
    for (const [key, value] of Object.entries(values)) change(bucket, key, value);
    handlers(bucket).current();
  };
  const change = (bucket: string, key: string, value: unknown) => {
    revision += 1;
    const bytes = () => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));
    handlers(bucket).change({
      key,
      value: value === null || value === NO_VALUE ? (value as null | typeof NO_VALUE) : bytes(),
      revision,
    });
  };
  const settle = () => store.kvCache.put('test', 'test', { value: null, revision: 0, read: store.timeline.now() });
  return { store, fleet, begin, change, settle, missing: (bucket: string) => handlers(bucket).missing() };
}

const groupsOf = (fleet: Fleet) => (fleet.groups.value === null ? null : [...fleet.groups.value].sort());

describe('groups', () => {
  test('are unknown until both buckets have answered, and then their union', () => {
    const { fleet, begin } = setUp();
    expect(groupsOf(fleet)).toBeNull();
    begin('agent_groups', { 'PC-1': { groups: ['a', 'b'] } });
    expect(groupsOf(fleet)).toBeNull();
    begin('agent_groups_derived', { 'PC-1': { groups: ['b', 'c'] } });
    expect(groupsOf(fleet)).toEqual(['a', 'b', 'c']);
  });

  test('a bucket that is not there means none', () => {
    const { fleet, missing } = setUp();
    missing('agent_groups');
    missing('agent_groups_derived');
    expect(groupsOf(fleet)).toEqual([]);
  });

  test('stay as they were when the value can not be read, also over a restart (D21)', async () => {
    const directory = tempDir();
    const first = setUp(directory);
    first.missing('agent_groups_derived');
    first.begin('agent_groups', { 'PC-1': { groups: ['a'] } });
    first.change('agent_groups', 'PC-1', 'garbage');
    expect(groupsOf(first.fleet)).toEqual(['a']);
    await first.settle();
    await first.store.close();
    const second = setUp(directory);
    second.missing('agent_groups_derived');
    second.begin('agent_groups', { 'PC-1': 'garbage' });
    expect(groupsOf(second.fleet)).toEqual(['a']);
  });

  test('that hold no value are those that were known, also over a restart, and none where none were', async () => {
    const directory = tempDir();
    const first = setUp(directory);
    first.begin('agent_groups_derived', {});
    first.begin('agent_groups', { 'PC-1': NO_VALUE });
    expect(groupsOf(first.fleet)).toEqual([]);
    first.begin('agent_groups', { 'PC-1': { groups: ['a'] } });
    first.begin('agent_groups', { 'PC-1': NO_VALUE });
    expect(groupsOf(first.fleet)).toEqual(['a']);
    await first.settle();
    await first.store.close();
    const second = setUp(directory);
    second.begin('agent_groups_derived', {});
    second.begin('agent_groups', { 'PC-1': NO_VALUE });
    expect(groupsOf(second.fleet)).toEqual(['a']);
  });

  test('are none after the key was deleted, and follow each change', () => {
    const { fleet, begin, change, missing } = setUp();
    missing('agent_groups_derived');
    begin('agent_groups', { 'PC-1': { groups: ['a'] } });
    change('agent_groups', 'PC-1', { groups: ['b'] });
    expect(groupsOf(fleet)).toEqual(['b']);
    change('agent_groups', 'PC-1', null);
    expect(groupsOf(fleet)).toEqual([]);
  });

  test('a bucket that vanishes takes a known membership not with it', () => {
    const { fleet, begin, missing } = setUp();
    missing('agent_groups_derived');
    begin('agent_groups', { 'PC-1': { groups: ['a'] } });
    missing('agent_groups');
    expect(groupsOf(fleet)).toEqual(['a']);
  });
});

describe('layered configuration', () => {
  test('the last layer that says something wins, null never clears, and the source is known', () => {
    const { fleet, begin, missing } = setUp();
    missing('agent_groups_derived');
    begin('agent_groups', { 'PC-1': { groups: ['a'] } });
    begin('agent_config', {
      global: { heartbeat_interval: '20s', target_version: '1.0' },
      'groups.a': { heartbeat_interval: '15s' },
      'groups.other': { heartbeat_interval: '3s' },
      'pcs.PC-1': { target_version: null, target_version_jitter: '30m' },
    });
    expect(fleet.effective.value).toMatchObject({
      heartbeatIntervalMs: 15_000,
      targetVersion: '1.0',
      targetVersionJitterMs: 1_800_000,
    });
    const sources = Object.fromEntries(fleet.settings().map(({ key, layer }) => [key, layer]));
    expect(sources).toMatchObject({ heartbeatInterval: 'groups.a', targetVersion: 'global', inventoryEnabled: null });
  });

  test('a key that was deleted while we were away is gone after the next look', () => {
    const { fleet, begin } = setUp();
    begin('agent_config', { global: { heartbeat_interval: '20s' }, 'pcs.PC-1': { heartbeat_interval: '5s' } });
    expect(fleet.effective.value.heartbeatIntervalMs).toBe(5_000);
    begin('agent_config', { global: { heartbeat_interval: '20s' } });
    expect(fleet.effective.value.heartbeatIntervalMs).toBe(20_000);
  });

  test('a value that can not be read leaves the last good one, also over a restart', async () => {
    const directory = tempDir();
    const first = setUp(directory);
    first.begin('agent_config', { global: { heartbeat_interval: '20s' } });
    first.change('agent_config', 'global', '{bad');
    expect(first.fleet.effective.value.heartbeatIntervalMs).toBe(20_000);
    await first.settle();
    await first.store.close();
    expect(setUp(directory).fleet.effective.value.heartbeatIntervalMs).toBe(20_000);
  });

  test('nothing is signalled while a watch only repeats what is known', () => {
    const { fleet, begin } = setUp();
    const seen: number[] = [];
    fleet.effective.watch(({ heartbeatIntervalMs }) => seen.push(heartbeatIntervalMs));
    const values = { global: { heartbeat_interval: '20s' }, 'pcs.PC-1': { heartbeat_interval: '5s' } };
    begin('agent_config', values);
    begin('agent_config', values);
    expect(seen).toEqual([5_000]);
  });
});
