/**
 * What the user of one PC can do on the broker to others all the same, as `docs/broker-permissions.md` says: no agent can keep the broker
 * from answering where the asker wants it. Each is here so that the page is changed when nats-server or the role does.
 */
import { connect, type Msg, type NatsConnection } from '@nats-io/transport-node';
import { describe, expect, onTestFinished, test } from 'vitest';
import { AGENT_ROLE, agentPermissions, MAKING_ROLE, type Role } from '../../test/support/agent-role.ts';
import { info } from '../../test/support/bus.ts';
import { eventually } from '../../test/support/eventually.ts';
import { api, command, provisionedOperator, publishCommand, putKey } from '../../test/support/fleet.ts';
import { startNatsServer } from '../../test/support/nats-server.ts';

const DURABLE = 'agent_replay_PC-OTHER';
const ROLES = [
  ['the role of the page', AGENT_ROLE],
  ['with consumers of their own making', MAKING_ROLE],
] as const;

async function world(role: Role = MAKING_ROLE) {
  const config = `authorization { users: [
    { user: operator, password: operator }
    { user: other, password: other, permissions: ${agentPermissions('PC-OTHER', { role })} }
  ] }`;
  const server = await startNatsServer({ config });
  const nc = await provisionedOperator(server, { user: 'operator', pass: 'operator' });
  const other = await connect({ servers: server.url, user: 'other', pass: 'other', inboxPrefix: '_INBOX.PC-OTHER' });
  onTestFinished(() => other.close());
  return { server, nc, other };
}

async function stored(nc: NatsConnection, stream: string): Promise<number> {
  const { state } = (await info(nc, `STREAM.INFO.${stream}`)) as unknown as { state: { messages: number } };
  return state.messages;
}

/** Has the broker say that a key is not there, on `to`. */
function lead(other: NatsConnection, to: string): void {
  other.publish('$JS.API.DIRECT.GET.KV_jobs.$KV.jobs.nothing', '', { reply: to });
}

describe.each(ROLES)('%s', (_name, role) => {
  test('keeps no one from emptying a stream by an answer that is led to it', async () => {
    const { nc, other } = await world(role);
    await publishCommand(nc, 'commands.pc.PC-OFF', command());
    expect(await stored(nc, 'EXEC')).toBe(1);
    lead(other, '$JS.API.STREAM.PURGE.EXEC');
    await eventually(async () => expect(await stored(nc, 'EXEC')).toBe(0));
  });

  test('keeps no one from putting an answer in the place of a command that waits, of a key, or of a kill', async () => {
    const { nc, other } = await world(role);
    const kills: string[] = [];
    nc.subscribe('kill.*', { callback: (_, { subject }) => void kills.push(subject) });
    await publishCommand(nc, 'commands.pc.PC-OFF', command());
    await putKey(nc, 'agent_groups', 'PC-OFF', { groups: ['office'] });
    for (const to of ['commands.pc.PC-OFF', '$KV.agent_groups.PC-OFF', 'kill.run-1']) lead(other, to);
    await eventually(async () => {
      expect(kills).toEqual(['kill.run-1']);
      for (const [stream, subject] of [
        ['EXEC', 'commands.pc.PC-OFF'],
        ['KV_agent_groups', '$KV.agent_groups.PC-OFF'],
      ] as const) {
        const { message } = await api(nc, `STREAM.MSG.GET.${stream}`, { last_by_subj: subject });
        expect((message as { data?: string }).data).toBeUndefined();
      }
    });
  });
});

/** As the page says. */
async function makeAsIt(nc: NatsConnection): Promise<void> {
  const config = { durable_name: DURABLE, name: DURABLE, ack_policy: 'explicit', deliver_policy: 'last_per_subject' };
  const filter_subjects = ['commands.all', 'commands.pc.PC-OTHER', 'commands.group.>'];
  await api(nc, `CONSUMER.CREATE.EXEC.${DURABLE}`, { stream_name: 'EXEC', config: { ...config, filter_subjects } });
}

/** The oldest that a stream has of `filter_subject`, and no more of it, delivered to `deliver_subject`. */
async function push(other: NatsConnection, stream_name: string, filter_subject: string, deliver_subject: string) {
  const bounds = {
    deliver_policy: 'all',
    ack_policy: 'explicit',
    max_ack_pending: 1,
    mem_storage: true,
    num_replicas: 1,
  };
  const config = { ...bounds, filter_subject, deliver_subject };
  await other.request(`$JS.API.CONSUMER.CREATE.${stream_name}`, JSON.stringify({ stream_name, config }));
}

/** Makes the consumer of its own PC, for a subject of another. */
async function makeForTheirs(other: NatsConnection, filter_subject = 'commands.pc.PC-OFF'): Promise<void> {
  const durable = { durable_name: DURABLE, name: DURABLE, ack_policy: 'explicit', deliver_policy: 'all' };
  const body = { stream_name: 'EXEC', config: { ...durable, filter_subject } };
  await other.request(`$JS.API.CONSUMER.CREATE.EXEC.${DURABLE}`, JSON.stringify(body));
}

/** It comes with the subject that it was sent to. */
function next(other: NatsConnection): Promise<Msg> {
  return other.request(`$JS.API.CONSUMER.MSG.NEXT.EXEC.${DURABLE}`, '1', { timeout: 5_000, noMux: true });
}

test('who may make the consumer of its PC reads what waits for another one', async () => {
  const { nc, other } = await world();
  const id = await publishCommand(nc, 'commands.pc.PC-OFF', command());
  await makeForTheirs(other);
  expect((await next(other)).json()).toMatchObject({ request_id: id });
});

test('the role of the page does not let it: the consumer is one that IT has made', async () => {
  const { other } = await world(AGENT_ROLE);
  await expect(makeForTheirs(other)).rejects.toThrow('Permissions Violation');
});

test('an acknowledgement that asks for an answer kills: nothing tells that answer from the kill that an operator sends', async () => {
  const { nc, other } = await world();
  await publishCommand(nc, 'commands.pc.PC-OFF', command());
  await makeForTheirs(other);
  const { reply = '' } = await next(other);
  const heard = nc.subscribe('kill.*', { max: 1 });
  await nc.flush();
  other.publish(reply, '+ACK', { reply: 'kill.run-1' });
  const kill = (await heard[Symbol.asyncIterator]().next()).value;
  expect([kill?.subject, kill?.data.length, kill?.headers]).toEqual(['kill.run-1', 0, undefined]);
});

test.each(ROLES)('%s: no word of an acknowledgement is another stream or consumer', async (_name, role) => {
  const { nc, other } = await world(role);
  const config = { durable_name: 'backend', name: 'backend', ack_policy: 'explicit', deliver_policy: 'all' };
  await api(nc, 'CONSUMER.CREATE.RESULTS.backend', { stream_name: 'RESULTS', config });
  await nc.request('results.one', '{}');
  for (const subject of [
    `$JS.ACK.RESULTS.backend.EXEC.${DURABLE}.1.1.1`,
    `$JS.ACK.EXEC.${DURABLE}.RESULTS.backend.1.1.1.1.0`,
  ])
    await expect(other.request(subject, '+NXT', { timeout: 5_000 })).rejects.toThrow('Permissions Violation');
});

test.each(ROLES)('%s: what IT has sent once is sent again', async (_name, role) => {
  const { nc, other } = await world(role);
  await makeAsIt(nc);
  const id = await publishCommand(nc, 'commands.all', command());
  other.publish(`$JS.API.CONSUMER.MSG.NEXT.EXEC.${DURABLE}`, '1', { reply: '$KV.jobs.any' });
  await eventually(async () => expect(await stored(nc, 'KV_jobs')).toBe(1));
  await api(nc, 'STREAM.PURGE.EXEC', {});
  // A push wants somebody who listens.
  other.subscribe('commands.all', { callback: () => {} });
  await other.flush();
  await push(other, 'KV_jobs', 'commands.all', 'commands.all');
  await eventually(async () => {
    const { message } = await api<{ message: { data: string } }>(nc, 'STREAM.MSG.GET.EXEC', {
      last_by_subj: 'commands.all',
    });
    expect(JSON.parse(Buffer.from(message.data, 'base64').toString())).toMatchObject({ request_id: id });
  });
});

test('who may make the consumer of its PC puts back an older value of a key', async () => {
  const { nc, other } = await world();
  for (const value of ['old', 'new']) await putKey(nc, 'agent_groups', 'PC-OFF', value);
  const key = '$KV.agent_groups.PC-OFF';
  other.subscribe('commands.pc.PC-OTHER', { callback: () => {} });
  await other.flush();
  await push(other, 'KV_agent_groups', key, 'commands.pc.PC-OTHER');
  await makeForTheirs(other, key);
  await eventually(async () => {
    other.publish(`$JS.API.CONSUMER.MSG.NEXT.EXEC.${DURABLE}`, '{"batch":1,"no_wait":true}', { reply: key });
    const { message } = await api<{ message: { data?: string } }>(nc, 'STREAM.MSG.GET.KV_agent_groups', {
      last_by_subj: key,
    });
    expect(Buffer.from(message.data ?? '', 'base64').toString()).toBe('old');
  });
});

const overlaps = (one: string, another: string): boolean => {
  const [ours, theirs] = [one.split('.'), another.split('.')];
  for (let at = 0; ; at++) {
    const [a, b] = [ours[at], theirs[at]];
    if (a === '>' || b === '>') return true;
    if (a === undefined || b === undefined) return a === b;
    if (a !== b && a !== '*' && b !== '*') return false;
  }
};

test.each(ROLES)('%s lets it hear nothing that it may say', (_name, { publish, subscribe }) => {
  const both = publish.filter((said) => subscribe.some((heard) => overlaps(said, heard)));
  expect(both).toEqual([]);
  expect(publish).toContain(`heartbeat.<pc_id>`);
});

test('who hears what it may say is allowed to say anything, anywhere, as an answer to itself', async () => {
  const { nc, other } = await world({ ...AGENT_ROLE, subscribe: [...AGENT_ROLE.subscribe, 'heartbeat.<pc_id>'] });
  other.subscribe('heartbeat.PC-OTHER', { callback: (_, message) => void message.respond('anything') });
  const heard = nc.subscribe('commands.pc.PC-OFF', { max: 1 });
  await nc.flush();
  other.publish('heartbeat.PC-OTHER', '', { reply: 'commands.pc.PC-OFF' });
  expect((await heard[Symbol.asyncIterator]().next()).value?.string()).toBe('anything');
});
