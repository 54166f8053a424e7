import { describe, expect, test } from 'vitest';
import { fixtureMessages } from '../../../test/fixtures/read.ts';
import { type ConfigScope, decodeScope, type Layer, resolve } from './config-scope.ts';

const EMPTY: ConfigScope = {
  targetVersion: null,
  targetVersionJitter: null,
  heartbeatInterval: null,
  inventoryInterval: null,
  inventoryJitter: null,
  inventoryEnabled: null,
  maxLocalConcurrent: null,
  clientDisplayName: null,
  ignored: [],
};

const DEFAULTS = {
  targetVersion: null,
  targetVersionJitterMs: 0,
  heartbeatIntervalMs: 30_000,
  inventoryEnabled: true,
  inventoryIntervalMs: 86_400_000,
  inventoryJitterMs: 600_000,
  maxLocalConcurrent: null,
  clientDisplayName: null,
};

const decode = (value: unknown) => decodeScope(Buffer.from(JSON.stringify(value)));
const layer = (key: string, scope: Partial<ConfigScope>): Layer => ({ key, scope: { ...EMPTY, ...scope } });

describe('a stored scope', () => {
  test('captured ones are read', () => {
    const written = fixtureMessages('kv_agent_config').filter(({ headers }) => headers?.['KV-Operation'] === undefined);
    const scopes = written.map(({ payload }) => decodeScope(Buffer.from(payload)));
    expect(scopes).toEqual(
      [
        { heartbeatInterval: '20s' },
        { heartbeatInterval: '15s' },
        { heartbeatInterval: '5s' },
        { targetVersionJitter: '30m', heartbeatInterval: '5s' },
        { targetVersionJitter: '30m' },
      ].map((scope) => ({ ok: true, scope: { ...EMPTY, ...scope } })),
    );
  });

  test('has the fields of older and of later fleets too; the rest is let be', () => {
    const wire = {
      target_version: '0.30.0',
      target_version_jitter: '1m',
      heartbeat_interval: null,
      inventory_interval: '12h',
      inventory_jitter: '5m',
      inventory_enabled: false,
      max_local_concurrent: 3,
      client_display_name: 'Front desk',
      host_perf_interval: 60,
    };
    const scope = {
      ...EMPTY,
      targetVersion: '0.30.0',
      targetVersionJitter: '1m',
      inventoryInterval: '12h',
      inventoryJitter: '5m',
      inventoryEnabled: false,
      maxLocalConcurrent: 3,
      clientDisplayName: 'Front desk',
    };
    expect(decode(wire)).toEqual({ ok: true, scope });
    expect(decode({})).toEqual({ ok: true, scope: EMPTY });
  });

  test.each([
    [{ heartbeat_interval: 30 }, 'heartbeat_interval: expected a string, found 30'],
    [{ target_version: [] }, 'target_version: expected a string, found a list'],
    [[], 'expected an object, found a list'],
  ])('%j is undecodable, as it is to the original', (value, error) => {
    expect(decode(value)).toEqual({ ok: false, error });
  });

  test('a field that the original does not know can not spoil the others', () => {
    const decoded = decode({ heartbeat_interval: '10s', max_local_concurrent: 0, inventory_enabled: 'yes' });
    const ignored = [
      'inventory_enabled: expected true or false, found "yes"',
      'max_local_concurrent: expected a whole number from 1 to 4294967295, found 0',
    ];
    expect(decoded).toEqual({ ok: true, scope: { ...EMPTY, heartbeatInterval: '10s', ignored } });
    const resolved = resolve([layer('global', { ignored })]);
    expect(resolved).toEqual({
      effective: DEFAULTS,
      warnings: ignored.map((why) => `agent_config global: ignored: ${why}`),
    });
  });
});

describe('what is in effect', () => {
  test('without any layer, the built-in values', () => {
    expect(resolve([])).toEqual({ effective: DEFAULTS, warnings: [] });
  });

  test('each field comes from the last layer that sets it, and null clears nothing', () => {
    const { effective, warnings } = resolve([
      layer('global', {
        targetVersion: '1',
        heartbeatInterval: '10s',
        inventoryEnabled: false,
        clientDisplayName: 'A',
      }),
      layer('groups.canary', { targetVersion: '2', targetVersionJitter: '1h 30m' }),
      layer('groups.tokyo', { maxLocalConcurrent: 2 }),
      layer('pcs.PC-A', { heartbeatInterval: '5s', inventoryEnabled: true }),
    ]);
    expect(warnings).toEqual([]);
    expect(effective).toEqual({
      ...DEFAULTS,
      targetVersion: '2',
      targetVersionJitterMs: 5_400_000,
      heartbeatIntervalMs: 5_000,
      maxLocalConcurrent: 2,
      clientDisplayName: 'A',
    });
  });

  test('groups that set one field are named once for the field, also when they agree', () => {
    const { effective, warnings } = resolve([
      layer('global', { heartbeatInterval: '9s' }),
      layer('groups.a', { heartbeatInterval: '10s', targetVersion: '1' }),
      layer('groups.b', { heartbeatInterval: '10s' }),
      layer('groups.c', { heartbeatInterval: '11s', targetVersion: '1' }),
    ]);
    expect(effective).toMatchObject({ heartbeatIntervalMs: 11_000, targetVersion: '1' });
    expect(warnings).toEqual([
      'MultiGroupConflict: target_version is set by the groups a, c; the last one counts',
      'MultiGroupConflict: heartbeat_interval is set by the groups a, b, c; the last one counts',
    ]);
  });

  test.each([
    ['0s', 1_000, 'out of range; 1 s is used'],
    ['500ms', 1_000, 'out of range; 1 s is used'],
    ['1s', 1_000, null],
    ['60s', 60_000, null],
    ['2m', 60_000, 'out of range; 60 s is used'],
    ['584542046090years', 60_000, 'out of range; 60 s is used'],
    ['soon', 30_000, 'expected number at 0; 30 s is used'],
    ['30', 30_000, 'time unit needed, for example 30sec or 30ms; 30 s is used'],
    ['', 30_000, 'value was empty; 30 s is used'],
  ])('heartbeat_interval %j gives %i ms', (heartbeatInterval, ms, why) => {
    const { effective, warnings } = resolve([
      layer('global', { heartbeatInterval: '10s' }),
      layer('pcs.PC-A', { heartbeatInterval }),
    ]);
    expect(effective.heartbeatIntervalMs).toBe(ms);
    const quoted = JSON.stringify(heartbeatInterval);
    expect(warnings).toEqual(why === null ? [] : [`agent_config pcs.PC-A: heartbeat_interval ${quoted}: ${why}`]);
  });

  test('other durations that can not be read fall back too, each with a warning', () => {
    const bad = { targetVersionJitter: 'x', inventoryInterval: '1s', inventoryJitter: '-1s' };
    const { effective, warnings } = resolve([layer('global', bad)]);
    expect(effective).toEqual({ ...DEFAULTS, inventoryIntervalMs: 60_000 });
    expect(warnings).toEqual([
      'agent_config global: target_version_jitter "x": expected number at 0; 0 s is used',
      'agent_config global: inventory_interval "1s": out of range; 60 s is used',
      'agent_config global: inventory_jitter "-1s": expected number at 0; 600 s is used',
    ]);
  });
});
