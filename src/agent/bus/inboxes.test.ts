import type { NatsConnection } from '@nats-io/transport-node';
import { describe, expect, test } from 'vitest';
import { connectedBus, recordConsumer, recordWatch } from '../../../test/support/bus.ts';
import { eventually } from '../../../test/support/eventually.ts';
import { api, provisionedOperator, putKey } from '../../../test/support/fleet.ts';
import { startNatsServer } from '../../../test/support/nats-server.ts';
import { deliveryOf, flowControlOf, inboxesOf, isSubjectOf } from './inboxes.ts';
import { samePermission } from './permissions.ts';

const MEMORY = { ack_policy: 'none', mem_storage: true, num_replicas: 1 };
const OTHERS = 'agent_groups';

/** The inboxes that are named to the broker, as everybody learns them whom a role lets listen where they are said. */
async function namedInboxes(nc: NatsConnection): Promise<Set<string>> {
  const named = new Set<string>();
  nc.subscribe('$JS.API.>', {
    callback: (_, message) => {
      if (message.reply !== undefined) named.add(message.reply);
      const inbox = message.data.length > 0 ? message.json<{ config?: { deliver_subject?: string } }>() : {};
      if (inbox.config?.deliver_subject !== undefined) named.add(inbox.config.deliver_subject);
    },
  });
  await nc.flush();
  return named;
}

const isOfUs = (inbox: string) => inbox.startsWith(`${inboxesOf('PC-A')}.`);

/** Has the broker deliver the newest message of somebody else's bucket to a subject of ours. */
async function deliverTo(nc: NatsConnection, subject: string, bucket = OTHERS): Promise<void> {
  const { name } = await api(nc, `CONSUMER.CREATE.KV_${bucket}`, {
    stream_name: `KV_${bucket}`,
    config: { ...MEMORY, deliver_policy: 'last' },
  });
  nc.publish(`$JS.API.CONSUMER.MSG.NEXT.KV_${bucket}.${String(name)}`, '1', { reply: subject });
  await nc.flush();
}

describe('what another has delivered to an inbox of ours', () => {
  test.each([OTHERS, 'agent_config'])('is no value of a watch: of %s', async (bucket) => {
    const server = await startNatsServer();
    const nc = await provisionedOperator(server);
    await putKey(nc, OTHERS, 'PC-A', 'foreign');
    const named = await namedInboxes(nc);
    await putKey(nc, 'agent_config', 'global', 'one');
    // Of the same bucket, of a key that is not followed.
    await putKey(nc, 'agent_config', 'pcs.PC-B', 'foreign');
    const watch = recordWatch(await connectedBus(server.url), 'agent_config', ['global']);
    await eventually(() => expect(watch.events).toEqual(['begin', 'global=one', 'current']));
    const inboxes = [...named].filter(isOfUs);
    expect(inboxes.length).toBeGreaterThan(1);
    for (const inbox of inboxes) await deliverTo(nc, inbox, bucket);
    await putKey(nc, 'agent_config', 'global', 'two');
    await eventually(() => expect(watch.events).toContain('global=two'));
    expect(watch.events).toEqual(['begin', 'global=one', 'current', 'global=two']);
  });

  test('is no command', async () => {
    const server = await startNatsServer();
    const nc = await provisionedOperator(server);
    await putKey(nc, OTHERS, 'PC-A', 'foreign');
    const named = await namedInboxes(nc);
    const consumer = recordConsumer(await connectedBus(server.url));
    await nc.request('commands.pc.PC-A', 'one', { timeout: 10_000 });
    await eventually(() => expect(consumer.messages).toEqual(['commands.pc.PC-A one']));
    const inboxes = [...named].filter(isOfUs);
    expect(inboxes.length).toBeGreaterThan(1);
    for (const inbox of inboxes) await deliverTo(nc, inbox);
    await nc.request('commands.pc.PC-A', 'two', { timeout: 10_000 });
    await eventually(() => expect(consumer.messages).toContain('commands.pc.PC-A two'));
    expect(consumer.messages).toEqual(['commands.pc.PC-A one', 'commands.pc.PC-A two']);
  });

  test('is no message of a subscription', async () => {
    const server = await startNatsServer();
    const nc = await provisionedOperator(server);
    await putKey(nc, OTHERS, 'PC-A', 'foreign');
    const bus = await connectedBus(server.url);
    const heard: string[] = [];
    bus.subscribe('kill.*', ({ subject }) => void heard.push(subject));
    await eventually(async () => {
      nc.publish('kill.asked');
      await nc.flush();
      expect(heard).toContain('kill.asked');
    });
    const delivered = Promise.withResolvers<string>();
    nc.subscribe('kill.x', { callback: (_, { subject }) => delivered.resolve(subject) });
    const config = { ...MEMORY, deliver_policy: 'last', deliver_subject: 'kill.x' };
    await api(nc, `CONSUMER.CREATE.KV_${OTHERS}`, { stream_name: `KV_${OTHERS}`, config });
    expect(await delivered.promise).toBe(`$KV.${OTHERS}.PC-A`);
    nc.publish('kill.last');
    await eventually(() => expect(heard).toContain('kill.last'));
    expect(new Set(heard)).toEqual(new Set(['kill.asked', 'kill.last']));
  });
});

test('no answer comes to an inbox that another one tells', async () => {
  const server = await startNatsServer();
  const nc = await provisionedOperator(server);
  const replies: string[] = [];
  nc.subscribe('results.>', { callback: (_, { reply = '' }) => void replies.push(reply) });
  await nc.flush();
  const bus = await connectedBus(server.url);
  for (const id of ['a', 'b', 'c'])
    await bus.publishAcked(`results.${id}`, new Uint8Array(), id, { patienceMs: 5_000 });
  await eventually(() => expect(replies).toHaveLength(3));
  const tokens = new Set(replies.map((reply) => reply.split('.').at(-1)));
  expect(tokens.size).toBe(3);
  for (const token of tokens) expect(token).toMatch(/^[\w-]{36}$/);
});

test.each([
  [
    '$JS.ACK.EXEC.agent.1.22.3.1700000000000000000.0',
    { stream: 'EXEC', consumer: 'agent', streamSequence: 22, consumerSequence: 3 },
  ],
  [
    '$JS.ACK.hub.aCcOuNt.EXEC.agent.1.22.3.1700000000000000000.0.rand',
    { stream: 'EXEC', consumer: 'agent', streamSequence: 22, consumerSequence: 3 },
  ],
  ['_INBOX.x', null],
  [undefined, null],
])('a delivery says of itself what it is: %s', (reply, expected) => {
  expect(deliveryOf(reply)).toEqual(expected);
});

test.each([
  ['$JS.FC.KV_jobs.agent.rand', { stream: 'KV_jobs', consumer: 'agent' }],
  ['$JS.FC._.aCcOuNt.KV_jobs.agent.rand', { stream: 'KV_jobs', consumer: 'agent' }],
  ['$JS.ACK.EXEC.agent.1.22.3.1700000000000000000.0', null],
  ['_INBOX.x', null],
  [undefined, null],
])('flow control says whose it is: %s', (reply, expected) => {
  expect(flowControlOf(reply)).toEqual(expected);
});

test.each([
  ['$JS.ACK.EXEC.agent.1.22.3.1700000000000000000.0', '$JS.ACK.EXEC.agent.2.23.4.1700000000000000000.0', true],
  ['$JS.ACK.EXEC.agent.1.22.3.1700000000000000000.0', '$JS.ACK.EXEC.other.1.22.3.1700000000000000000.0', false],
  ['$JS.ACK._.h.EXEC.agent.1.22.3.17.0.r', '$JS.ACK._.h.EXEC.agent.2.23.4.18.0.s', true],
  ['$JS.ACK._.h.EXEC.agent.1.22.3.17.0.r', '$JS.ACK._.h.EXEC.other.1.22.3.17.0.r', false],
  ['$JS.FC._.h.KV_jobs.agent.r', '$JS.FC._.h.KV_jobs.agent.s', true],
  ['$JS.FC.KV_jobs.agent.r', '$JS.FC.KV_schedules.agent.r', false],
])('of %s and %s one permission decides: %s', (one, other, expected) => {
  expect(samePermission(one, other)).toBe(expected);
});

test.each([
  ['commands.all', 'commands.all', true],
  ['commands.all', 'commands.pc', false],
  ['kill.*', 'kill.a', true],
  ['kill.*', 'kill.a.b', false],
  ['kill.*', '$KV.a', false],
  ['kill.>', 'kill.a.b', true],
  ['kill.>', 'kill', false],
  ['*.x', 'a.x', true],
])('%s has %s: %s', (pattern, subject, expected) => {
  expect(isSubjectOf(pattern, subject)).toBe(expected);
});
