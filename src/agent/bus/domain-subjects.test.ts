/** Servers that put the domain and the account before the stream in the subjects of a consumer, and those that do not. */
import { expect, test } from 'vitest';
import { roleUsers } from '../../../test/support/agent-role.ts';
import { connectedBus, info, recordConsumer, recordWatch } from '../../../test/support/bus.ts';
import { eventually } from '../../../test/support/eventually.ts';
import { provisionedOperator, putKey } from '../../../test/support/fleet.ts';
import { startNatsServer } from '../../../test/support/nats-server.ts';

const FORMS = [
  ['without', ''],
  ['with', 'feature_flags { js_ack_fc_v2: true }'],
] as const;

test.each(FORMS)('a bucket of 6 MB comes whole, %s the domain in the subjects of flow control', async (_, config) => {
  const server = await startNatsServer({ config });
  const nc = await provisionedOperator(server);
  const keys = Array.from({ length: 60 }, (_, n) => `j${n}`);
  for (const key of keys) await putKey(nc, 'jobs', key, 'x'.repeat(100_000));
  const watch = recordWatch(await connectedBus(server.url), 'jobs', ['>']);
  await eventually(() => expect(watch.events).toContain('current'));
  expect(watch.events).toHaveLength(keys.length + 2);
});

test.each(FORMS)('the role lets it acknowledge, %s the domain in the subjects', async (_, config) => {
  // Else the permission to answer would be one to acknowledge.
  const users = roleUsers('PC-A').replaceAll('allow_responses: true', '');
  const server = await startNatsServer({ config: `${users}\n${config}` });
  const nc = await provisionedOperator(server, { user: 'operator', pass: 'operator' });
  const agent = { kind: 'user', user: 'agent', password: 'agent' } as const;
  const bus = await connectedBus(server.url, { credentials: () => [agent] });
  const consumer = recordConsumer(bus);
  await nc.request('commands.pc.PC-A', 'one', { timeout: 10_000 });
  await eventually(() => expect(consumer.messages).toEqual(['commands.pc.PC-A one']));
  await eventually(async () => {
    const { ack_floor } = await info(nc, 'CONSUMER.INFO.EXEC.agent_replay_PC-A');
    expect(ack_floor.stream_seq).toBe(1);
  });
  expect(bus.forbidden.value).toEqual([]);
});
