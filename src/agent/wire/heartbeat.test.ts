import { expect, test } from 'vitest';
import { fixtureMessages } from '../../../test/fixtures/read.ts';
import { decodeHeartbeat, encodeHeartbeat } from './heartbeat.ts';

test('a captured heartbeat is decoded, and encoded again byte for byte', () => {
  for (const { payload } of fixtureMessages('heartbeat')) {
    const decoded = decodeHeartbeat(Buffer.from(payload));
    expect(decoded).toMatchObject({
      ok: true,
      heartbeat: { pcId: 'PC-FIXTURE', agentVersion: '0.29.0', hostname: null },
    });
    if (decoded.ok) expect(Buffer.from(encodeHeartbeat(decoded.heartbeat)).toString()).toBe(payload);
  }
});

test('the extras come behind the fields of the original and are read back', () => {
  const heartbeat = {
    pcId: 'PC-A',
    atNs: 1_764_041_424_000_000_000n,
    agentVersion: '0.1.0',
    hostname: 'pc-a',
    osFamily: 'windows',
    agentArch: 'x64',
    agentCpuPct: 0.5,
    agentRssBytes: 64_000_000,
    commandKeys: ['backend:34750f98bd59fcfc'],
    enforcing: true,
    commandProtocols: ['legacy'],
  };
  const body = encodeHeartbeat(heartbeat);
  expect(Buffer.from(body).toString()).toBe(
    '{"pc_id":"PC-A","at":"2025-11-25T03:30:24Z","agent_version":"0.1.0","hostname":"pc-a","os_family":"windows",' +
      '"agent_arch":"x64","agent_cpu_pct":0.5,"agent_rss_bytes":64000000,' +
      '"command_keys":["backend:34750f98bd59fcfc"],"enforcing":true,"command_protocols":["legacy"]}',
  );
  expect(decodeHeartbeat(body)).toEqual({ ok: true, heartbeat });
});

test.each(['', '{}', '{"pc_id":"a","at":"now","agent_version":"1"}', '{"pc_id":"a","at":1,"agent_version":"1"}'])(
  '%j is no heartbeat',
  (body) => {
    expect(decodeHeartbeat(Buffer.from(body)).ok).toBe(false);
  },
);
