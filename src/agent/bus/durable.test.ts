import type { NatsConnection } from '@nats-io/transport-node';
import { describe, expect, test } from 'vitest';
import { fixtureValue } from '../../../test/fixtures/read.ts';
import {
  answering,
  connectedBus,
  info,
  linkState,
  recordConsumer,
  recordLog,
  recordWatch,
  startBus,
  startReloadableServer,
} from '../../../test/support/bus.ts';
import { eventually } from '../../../test/support/eventually.ts';
import { api, operator, provision, provisionedOperator } from '../../../test/support/fleet.ts';
import { startNatsServer } from '../../../test/support/nats-server.ts';
import { slowLink } from '../../../test/support/slow-link.ts';
import { ManualClock } from '../../../test/support/status.ts';
import type { DurableMessage } from './bus.ts';

const DURABLE = 'agent_replay_PC-A';

async function send(nc: NatsConnection, subject: string, body: string): Promise<void> {
  const answer = (await nc.request(subject, body, { timeout: 10_000 })).json<{ error?: unknown }>();
  expect(answer.error).toBeUndefined();
}

const consumerInfo = (nc: NatsConnection) => info(nc, `CONSUMER.INFO.EXEC.${DURABLE}`);

test('a first enrolment makes the consumer under the original name, for this PC alone, and names its owner', async () => {
  const server = await startNatsServer();
  const nc = await provisionedOperator(server);
  await send(nc, 'commands.all', 'first');
  await send(nc, 'commands.pc.PC-B', 'other');
  await send(nc, 'commands.pc.PC-A', 'old');
  await send(nc, 'commands.pc.PC-A', 'mine');
  const consumer = recordConsumer(await connectedBus(server.url));
  await eventually(() => expect(consumer.messages).toEqual(['commands.all first', 'commands.pc.PC-A mine']));
  await eventually(async () => expect((await consumerInfo(nc)).num_ack_pending).toBe(0));
  expect((await consumerInfo(nc)).config).toMatchObject({
    durable_name: DURABLE,
    deliver_policy: 'last_per_subject',
    ack_policy: 'explicit',
    ack_wait: 30_000_000_000,
    max_ack_pending: 1000,
    max_waiting: 512,
    max_deliver: -1,
    replay_policy: 'instant',
    filter_subjects: ['commands.all', 'commands.pc.PC-A'],
    metadata: { pc_id: 'PC-A' },
  });
});

test('with "skip" a first enrolment takes only what comes from then on', async () => {
  const server = await startNatsServer();
  const nc = await provisionedOperator(server);
  await send(nc, 'commands.all', 'old');
  const consumer = recordConsumer(await connectedBus(server.url), { deliver: () => 'new' });
  await eventually(async () => expect((await consumerInfo(nc)).num_waiting).toBeGreaterThan(0));
  await send(nc, 'commands.all', 'new');
  await eventually(() => expect(consumer.messages).toEqual(['commands.all new']));
});

test("the original agent's consumer is taken over: its place in the stream stays, new groups bring nothing old", async () => {
  const server = await startNatsServer();
  const nc = await provisionedOperator(server);
  const original = fixtureValue('consumer_agent_replay') as { config: Record<string, unknown> };
  const config = { ...original.config, durable_name: DURABLE, name: DURABLE };
  await api(nc, `CONSUMER.CREATE.EXEC.${DURABLE}.commands.>`, { stream_name: 'EXEC', config });
  await send(nc, 'commands.all', 'done');
  await send(nc, 'commands.group.office', 'before we were a member');
  for (const body of ['done', 'before we were a member']) {
    const next = await nc.request(`$JS.API.CONSUMER.MSG.NEXT.EXEC.${DURABLE}`, '', { timeout: 10_000, noMux: true });
    expect(next.string()).toBe(body);
    next.respond('+ACK');
  }
  await nc.flush();
  await send(nc, 'commands.pc.PC-A', 'missed');

  let filters = ['commands.all', 'commands.pc.PC-A'];
  const consumer = recordConsumer(await connectedBus(server.url), { filterSubjects: () => filters });
  await eventually(() => expect(consumer.messages).toEqual(['commands.pc.PC-A missed']));
  filters = [...filters, 'commands.group.office'];
  consumer.binding.rebind();
  await eventually(async () => expect((await consumerInfo(nc)).config.filter_subjects).toEqual(filters));
  await send(nc, 'commands.group.office', 'as a member');
  await eventually(() => expect(consumer.messages.at(-1)).toBe('commands.group.office as a member'));
  expect(consumer.messages).toEqual(['commands.pc.PC-A missed', 'commands.group.office as a member']);
  const found = await consumerInfo(nc);
  expect(found.config).toMatchObject({ deliver_policy: 'last_per_subject', metadata: { pc_id: 'PC-A' } });
  expect(found.delivered.stream_seq).toBe(4);
  expect(consumer.foreign).toEqual([]);
});

test('filters that change while the consumer is being bound are applied too', async () => {
  const server = await startNatsServer();
  const nc = await provisionedOperator(server);
  let filters = ['commands.all'];
  const bus = await connectedBus(server.url);
  const consumer = recordConsumer(bus, { filterSubjects: () => filters });
  for (let round = 0; round < 20; round++) {
    filters = ['commands.all', `commands.group.g${round}`];
    consumer.binding.rebind();
    // At another moment of the binding each time.
    await new Promise((resolve) => setTimeout(resolve, round % 7));
  }
  await eventually(async () => expect((await consumerInfo(nc)).config.filter_subjects).toEqual(filters));
  await send(nc, 'commands.group.g19', 'mine');
  await eventually(() => expect(consumer.messages).toEqual(['commands.group.g19 mine']));
});

test('a consumer that belongs to another pc_id is reported, and stays theirs (D22)', async () => {
  const server = await startNatsServer();
  const nc = await provisionedOperator(server);
  const first = recordConsumer(await connectedBus(server.url), { durable: 'agent_replay_a_b', pcId: 'a.b' });
  await eventually(async () => expect((await info(nc, 'STREAM.INFO.EXEC')).state.consumer_count).toBe(1));
  const second = recordConsumer(await connectedBus(server.url), { durable: 'agent_replay_a_b', pcId: 'a_b' });
  await eventually(() => expect(second.foreign).toContain('a.b'));
  expect(first.foreign).toEqual([]);
  const { config } = await info(nc, 'CONSUMER.INFO.EXEC.agent_replay_a_b');
  expect(config.metadata?.pc_id).toBe('a.b');
});

test('the stream that is not there yet is bound when it appears, and bound again when it was made again', async () => {
  const server = await startNatsServer();
  const nc = await operator(server);
  const consumer = recordConsumer(await connectedBus(server.url));
  await provision(nc, ['EXEC']);
  await send(nc, 'commands.all', 'one');
  await eventually(() => expect(consumer.messages).toEqual(['commands.all one']));
  await api(nc, 'STREAM.DELETE.EXEC');
  await provision(nc, ['EXEC']);
  await send(nc, 'commands.all', 'two');
  await eventually(() => expect(consumer.messages).toContain('commands.all two'), 60_000);
}, 90_000);

test('a consumer that somebody deleted is made again', async () => {
  const server = await startNatsServer();
  const nc = await provisionedOperator(server);
  const consumer = recordConsumer(await connectedBus(server.url));
  await eventually(async () => expect((await consumerInfo(nc)).num_waiting).toBeGreaterThan(0));
  await api(nc, `CONSUMER.DELETE.EXEC.${DURABLE}`);
  await send(nc, 'commands.all', 'after');
  await eventually(() => expect(consumer.messages).toContain('commands.all after'), 60_000);
}, 90_000);

test('what came while the link was away is brought after, what was acknowledged is not brought again', async () => {
  const server = await startNatsServer();
  const nc = await provisionedOperator(server);
  const bus = await connectedBus(server.url);
  const consumer = recordConsumer(bus);
  await send(nc, 'commands.all', 'one');
  await eventually(async () => expect((await consumerInfo(nc)).ack_floor.stream_seq).toBe(1));
  await server.restart();
  await answering(nc);
  await send(nc, 'commands.pc.PC-A', 'two');
  await eventually(() => expect(consumer.messages).toContain('commands.pc.PC-A two'));
  await server.kill();
  await server.start();
  await answering(nc);
  await send(nc, 'commands.all', 'three');
  await eventually(() => expect(consumer.messages).toContain('commands.all three'));
  expect(consumer.messages).toEqual(['commands.all one', 'commands.pc.PC-A two', 'commands.all three']);
});

test('streams that are made again under a live connection are noticed by the watches too, not only by the consumer', async () => {
  const server = await startNatsServer();
  const nc = await provisionedOperator(server);
  const bus = await connectedBus(server.url);
  const consumer = recordConsumer(bus);
  const watch = recordWatch(bus, 'agent_config', ['global']);
  await eventually(() => expect(watch.events).toContain('current'));
  await eventually(async () => expect((await consumerInfo(nc)).num_waiting).toBeGreaterThan(0));
  for (const stream of ['KV_agent_config', 'EXEC']) await nc.request(`$JS.API.STREAM.DELETE.${stream}`);
  await provision(nc);
  await send(nc, '$KV.agent_config.global', 'new');
  await send(nc, 'commands.all', 'new');
  // Long before a watch would find out by silence (a minute).
  await eventually(() => expect(watch.events).toContain('global=new'));
  await eventually(() => expect(consumer.messages).toContain('commands.all new'));
});

test('a broker that comes back empty is served again once it is provisioned', async () => {
  const server = await startNatsServer();
  const nc = await provisionedOperator(server);
  const consumer = recordConsumer(await connectedBus(server.url));
  await send(nc, 'commands.all', 'one');
  await eventually(() => expect(consumer.messages).toEqual(['commands.all one']));
  await server.restart({ empty: true });
  await answering(nc);
  await provision(nc);
  await send(nc, 'commands.all', 'two');
  await eventually(() => expect(consumer.messages).toContain('commands.all two'));
});

test('what is not acknowledged stays with the broker, and is acknowledged only on the connection it came by', async () => {
  const server = await startNatsServer();
  const nc = await provisionedOperator(server);
  const bus = await connectedBus(server.url);
  const held: DurableMessage[] = [];
  const consumer = recordConsumer(bus, {}, (message) => void held.push(message));
  await send(nc, 'commands.all', 'one');
  await eventually(() => expect(consumer.messages).toEqual(['commands.all one']));
  expect((await consumerInfo(nc)).num_ack_pending).toBe(1);
  const ended = linkState(bus, 'unreachable');
  bus.reconnect();
  await ended;
  // An acknowledgement that can't be sent is no error; the message simply comes again.
  held[0]?.ack();
  await linkState(bus, 'connected');
  await eventually(async () => expect((await consumerInfo(nc)).num_waiting).toBeGreaterThan(0));
  expect((await consumerInfo(nc)).num_ack_pending).toBe(1);
});

test('asked for without a broker, it is bound when there is one', async () => {
  const server = await startNatsServer();
  const nc = await provisionedOperator(server);
  await send(nc, 'commands.pc.PC-A', 'waiting');
  await server.stop();
  const bus = startBus(server.url);
  const consumer = recordConsumer(bus);
  await linkState(bus, 'unreachable');
  await server.start();
  await eventually(() => expect(consumer.messages).toEqual(['commands.pc.PC-A waiting']));
});

/** One consumer of ours after the other, as over restarts of the agent; `known` is what its store holds. */
async function bindOnce(server: { readonly url: string }, nc: NatsConnection, known: Set<string>, names: string[]) {
  const bus = await connectedBus(server.url);
  const stored = async () => {
    const fresh = names.shift() ?? 'no more';
    known.add(fresh);
    return fresh;
  };
  const consumer = recordConsumer(bus, { nextIncarnation: stored, knowsIncarnation: (name) => known.has(name) });
  await eventually(() => expect(consumer.bound).toHaveLength(1));
  await bus.close();
  const { config } = await consumerInfo(nc);
  return { olderCopy: consumer.bound[0], incarnation: config.metadata?.incarnation };
}

test('each binding leaves a stored name in the consumer, and one that the store does not know tells of an older copy', async () => {
  const server = await startNatsServer();
  const nc = await provisionedOperator(server);
  const store = new Set<string>();
  expect(await bindOnce(server, nc, store, ['one'])).toEqual({ olderCopy: false, incarnation: 'one' });
  const backup = new Set(store);
  expect(await bindOnce(server, nc, store, ['two'])).toEqual({ olderCopy: false, incarnation: 'two' });
  // The backup does not know the second binding.
  expect(await bindOnce(server, nc, backup, ['three'])).toEqual({ olderCopy: true, incarnation: 'three' });
  expect(await bindOnce(server, nc, backup, ['four'])).toEqual({ olderCopy: false, incarnation: 'four' });
});

test('a consumer without such a name is no sign of an older copy, and gets one', async () => {
  const server = await startNatsServer();
  const nc = await provisionedOperator(server);
  const config = { durable_name: DURABLE, ack_policy: 'explicit', metadata: { pc_id: 'PC-A' } };
  await api(nc, `CONSUMER.CREATE.EXEC.${DURABLE}`, { stream_name: 'EXEC', config });
  expect(await bindOnce(server, nc, new Set(), ['one'])).toEqual({ olderCopy: false, incarnation: 'one' });
});

test('new filters and new connections are bindings too, and never read their own name as foreign', async () => {
  const server = await startNatsServer();
  await provisionedOperator(server);
  const bus = await connectedBus(server.url);
  const consumer = recordConsumer(bus);
  for (const round of [1, 2, 3]) {
    await eventually(() => expect(consumer.bound.length).toBeGreaterThanOrEqual(round));
    if (round === 1) consumer.binding.rebind();
    else bus.reconnect();
  }
  await eventually(() => expect(consumer.bound.length).toBeGreaterThanOrEqual(4));
  expect(new Set(consumer.bound)).toEqual(new Set([false]));
});

test('into the consumer of another pc_id no name is written', async () => {
  const server = await startNatsServer();
  const nc = await provisionedOperator(server);
  const first = recordConsumer(await connectedBus(server.url), { durable: 'agent_replay_a_b', pcId: 'a.b' });
  await eventually(() => expect(first.bound).toEqual([false]));
  const named = async () => (await info(nc, 'CONSUMER.INFO.EXEC.agent_replay_a_b')).config.metadata;
  const before = await named();
  const second = recordConsumer(await connectedBus(server.url), { durable: 'agent_replay_a_b', pcId: 'a_b' });
  await eventually(() => expect(second.bound).toEqual([false]));
  expect(await named()).toEqual(before);
});

test('a name that can not be stored is not sent: nothing is bound, and nothing taken', async () => {
  const server = await startNatsServer();
  const nc = await provisionedOperator(server);
  await send(nc, 'commands.all', 'waiting');
  let full = true;
  const nextIncarnation = async () => {
    if (full) throw new Error('the disk is full');
    return 'stored';
  };
  const { logger, lines } = recordLog();
  const consumer = recordConsumer(await connectedBus(server.url, { log: logger }), { nextIncarnation });
  await eventually(() => expect(lines.filter((line) => line.includes('the disk is full')).length).toBeGreaterThan(2));
  expect(lines.filter((line) => line.includes('WARN') && line.includes('the disk is full'))).toHaveLength(1);
  expect(consumer.bound).toEqual([]);
  expect((await info(nc, 'STREAM.INFO.EXEC')).state.consumer_count).toBe(0);
  full = false;
  await eventually(() => expect(consumer.messages).toEqual(['commands.all waiting']));
});

test("messages say when they were stored, and with the answers of the server tell its clock, not this PC's", async () => {
  const server = await startNatsServer();
  const nc = await provisionedOperator(server);
  const clock = new ManualClock();
  const bus = await connectedBus(server.url, { clock });
  expect(bus.serverNowMs()).toBeNull();
  const held: DurableMessage[] = [];
  const consumer = recordConsumer(bus, {}, (message) => void held.push(message));
  await eventually(() => expect(consumer.bound).toEqual([false]));
  expect(Math.abs(Number(bus.serverNowMs()) - Date.now())).toBeLessThan(60_000);
  await send(nc, 'commands.all', 'one');
  await eventually(() => expect(held).toHaveLength(1));
  expect(Math.abs(Number(held[0]?.storedAtMs) - Date.now())).toBeLessThan(60_000);
  const before = Number(bus.serverNowMs());
  clock.forward(3_600_000);
  expect(bus.serverNowMs()).toBe(before + 3_600_000);
});

// A reload is asked for by a signal that Windows does not have.
test.skipIf(process.platform === 'win32')(
  'acknowledgements and pulls that were forbidden are no longer said to be once they are permitted, on the same connection',
  async () => {
    const users = (deny: string) =>
      `authorization { users: [
      { user: operator, password: p }
      { user: pc, password: p, permissions: { publish: { deny: ["${deny}"] } } }
    ] }`;
    const pulls = `$JS.API.CONSUMER.MSG.NEXT.EXEC.${DURABLE}`;
    const acks = `$JS.ACK.EXEC.${DURABLE}.>`;
    const { server, reload } = await startReloadableServer(users(pulls));
    const nc = await provisionedOperator(server, { user: 'operator', pass: 'p' });
    const bus = await connectedBus(server.url, {
      credentials: () => [{ kind: 'user', user: 'pc', password: 'p' }],
      askAgainMs: 100,
    });
    let changes = 0;
    bus.link.watch(() => (changes += 1));
    const consumer = recordConsumer(bus);
    await send(nc, 'commands.all', 'one');
    await eventually(() => expect(bus.forbidden.value).toEqual([pulls]));
    reload(users('$JS.ACK.>'));
    consumer.binding.rebind();
    await eventually(() => expect(consumer.messages).toContain('commands.all one'));
    await eventually(() => expect(bus.forbidden.value).toEqual([acks]));
    reload(users('nothing'));
    let sent = 0;
    await eventually(async () => {
      await send(nc, 'commands.all', `more ${sent++}`);
      expect(bus.forbidden.value).toEqual([]);
    });
    expect(changes).toBe(0);
  },
);

test('a message that is put off comes again after that time', async () => {
  const server = await startNatsServer();
  const nc = await provisionedOperator(server);
  const seen: DurableMessage[] = [];
  recordConsumer(await connectedBus(server.url), {}, (message) => {
    seen.push(message);
    if (seen.length < 3) message.nak(50);
    else message.ack();
  });
  await send(nc, 'commands.all', 'one');
  await eventually(() => expect(seen).toHaveLength(3));
  await eventually(async () => expect((await consumerInfo(nc)).num_ack_pending).toBe(0));
});

test("a handler's error ends neither the connection nor the consumer", async () => {
  const server = await startNatsServer();
  const nc = await provisionedOperator(server);
  const bus = await connectedBus(server.url);
  const consumer = recordConsumer(bus, {}, (message) => {
    if (Buffer.from(message.data).toString() === 'bad') throw new Error('a bug');
    message.ack();
  });
  await send(nc, 'commands.all', 'bad');
  await eventually(() => expect(consumer.messages).toEqual(['commands.all bad']));
  await send(nc, 'commands.pc.PC-A', 'good');
  await eventually(() => expect(consumer.messages).toEqual(['commands.all bad', 'commands.pc.PC-A good']));
  expect(consumer.bound).toEqual([false]);
});

test('a command that takes long to come over a slow link comes with its first delivery', async () => {
  const server = await startNatsServer();
  const nc = await provisionedOperator(server);
  const link = await slowLink(server, 10_000, 'down');
  const bus = await connectedBus(link.url, { durableHeartbeatMs: 500 });
  const consumer = recordConsumer(bus);
  await eventually(async () => expect((await consumerInfo(nc)).num_waiting).toBeGreaterThan(0));
  const before = link.sentBytes;
  // 4 s on its way, in which eight heartbeats should have come.
  const script = 'x'.repeat(40_000);
  await send(nc, 'commands.pc.PC-A', script);
  await eventually(() => expect(consumer.messages).toEqual([`commands.pc.PC-A ${script}`]));
  expect(link.sentBytes - before).toBeLessThan(70_000);
});

test('a stream that lets fewer be on their way brings them, to a new consumer and to one that there is', async () => {
  const server = await startNatsServer();
  const nc = await provisionedOperator(server);
  const { config } = await info(nc, 'STREAM.INFO.EXEC');
  await api(nc, 'STREAM.UPDATE.EXEC', { ...config, consumer_limits: { max_ack_pending: 50 } });
  await send(nc, 'commands.pc.PC-A', 'one');
  const bus = await connectedBus(server.url);
  const consumer = recordConsumer(bus);
  await eventually(() => expect(consumer.messages).toEqual(['commands.pc.PC-A one']));
  expect((await consumerInfo(nc)).config.max_ack_pending).toBe(50);
  consumer.binding.rebind();
  await eventually(() => expect(consumer.bound).toHaveLength(2));
});

const CREATE = `$JS.API.CONSUMER.CREATE.EXEC.${DURABLE}`;

/** As somebody else has made it. */
async function makeConsumer(nc: NatsConnection, more: object): Promise<void> {
  const usual = { durable_name: DURABLE, name: DURABLE, ack_policy: 'explicit', deliver_policy: 'last_per_subject' };
  await api(nc, `CONSUMER.CREATE.EXEC.${DURABLE}`, { stream_name: 'EXEC', config: { ...usual, ...more } });
}

/** A fleet whose role keeps the consumer, which is as `more` says, to IT. */
async function consumerOfIt(more: object) {
  const config = `authorization { users: [
    { user: operator, password: operator }
    { user: agent, password: agent, permissions: { publish: { deny: ["${CREATE}", "${CREATE}.>"] } } }
  ] }`;
  const server = await startNatsServer({ config });
  const nc = await provisionedOperator(server, { user: 'operator', pass: 'operator' });
  await makeConsumer(nc, more);
  const connect = () =>
    connectedBus(server.url, { credentials: () => [{ kind: 'user', user: 'agent', password: 'agent' }] });
  return { nc, connect };
}

describe('a role that does not let the agent make or change its consumer', () => {
  test('uses one that brings all that is its own, and lacks nothing', async () => {
    const filters = ['commands.all', 'commands.pc.PC-A', 'commands.group.*'];
    const { nc, connect } = await consumerOfIt({ filter_subjects: filters });
    await send(nc, 'commands.pc.PC-A', 'mine');
    const connected = await connect();
    const consumer = recordConsumer(connected, {
      filterSubjects: () => ['commands.all', 'commands.pc.PC-A', 'commands.group.g'],
    });
    await eventually(() => expect(consumer.messages).toEqual(['commands.pc.PC-A mine']));
    expect(connected.forbidden.value).toEqual([]);
  });

  test('says what it lacks where that one brings less, and takes what it brings', async () => {
    const { nc, connect } = await consumerOfIt({ filter_subject: 'commands.all' });
    await send(nc, 'commands.all', 'for all');
    const connected = await connect();
    const consumer = recordConsumer(connected);
    await eventually(() => expect(connected.forbidden.value).toEqual([CREATE]));
    await eventually(() => expect(consumer.messages).toEqual(['commands.all for all']));
  });

  test('says what it lacks where a group is joined that it does not bring', async () => {
    const filters = ['commands.all', 'commands.pc.PC-A'];
    const { nc, connect } = await consumerOfIt({ filter_subjects: filters });
    const connected = await connect();
    const consumer = recordConsumer(connected, { filterSubjects: () => filters });
    await eventually(() => expect(consumer.bound).toEqual([false]));
    expect(connected.forbidden.value).toEqual([]);
    filters.push('commands.group.g');
    consumer.binding.rebind();
    await eventually(() => expect(connected.forbidden.value).toEqual([CREATE]));
    await send(nc, 'commands.pc.PC-A', 'still');
    await eventually(() => expect(consumer.messages).toEqual(['commands.pc.PC-A still']));
  });

  test('takes the name that it keeps for what it is: it tells of a later state once', async () => {
    const filter_subjects = ['commands.all', 'commands.pc.PC-A'];
    const metadata = { pc_id: 'PC-A', incarnation: 'another-store.5' };
    const { connect } = await consumerOfIt({ filter_subjects, metadata });
    const consumer = recordConsumer(await connect());
    await eventually(() => expect(consumer.bound).toEqual([true]));
    consumer.binding.rebind();
    await eventually(() => expect(consumer.bound).toHaveLength(2));
    expect(consumer.bound).toEqual([true, false]);
  });
});

describe('what somebody has set in the consumer, and by which commands would be lost,', () => {
  const filter_subjects = ['commands.all', 'commands.pc.PC-A'];
  const settings = [
    { max_deliver: 3 },
    { headers_only: true },
    { max_deliver: 10, backoff: [1e9, 2e9] },
    { max_batch: 50 },
    { max_expires: 5e9 },
    { priority_policy: 'overflow', priority_groups: ['a'] },
  ];

  test.each(settings)('%j, is taken back', async (more) => {
    const server = await startNatsServer();
    const nc = await provisionedOperator(server);
    await makeConsumer(nc, { filter_subjects, ...more });
    const held: DurableMessage[] = [];
    const receive = (message: DurableMessage) => {
      held.push(message);
      message.nak(10);
    };
    const consumer = recordConsumer(await connectedBus(server.url), {}, receive);
    await send(nc, 'commands.pc.PC-A', 'mine');
    await eventually(() => expect(held.length).toBeGreaterThan(5));
    expect(consumer.messages[0]).toBe('commands.pc.PC-A mine');
  });

  test.each(settings)('%j, is said where it can not be', async (more) => {
    const { connect } = await consumerOfIt({ filter_subjects, ...more });
    const bus = await connect();
    recordConsumer(bus);
    await eventually(() => expect(bus.forbidden.value).toEqual([CREATE]));
  });

  test('is taken back also while it is bound: what the broker refuses is asked for again with our own', async () => {
    const server = await startNatsServer();
    const nc = await provisionedOperator(server);
    const consumer = recordConsumer(await connectedBus(server.url));
    await eventually(async () => expect((await consumerInfo(nc)).num_waiting).toBeGreaterThan(0));
    const { config } = await consumerInfo(nc);
    await api(nc, `CONSUMER.CREATE.EXEC.${DURABLE}`, { stream_name: 'EXEC', config: { ...config, max_batch: 1 } });
    // So many that more of them are asked for.
    for (let n = 0; n < 100; n++) await send(nc, 'commands.pc.PC-A', `${n}`);
    await eventually(async () => expect((await consumerInfo(nc)).config.max_batch).toBeUndefined());
    await send(nc, 'commands.pc.PC-A', 'mine');
    await eventually(() => expect(consumer.messages).toContain('commands.pc.PC-A mine'));
  });

  test('is of no matter where it can not be taken back and is no less than what is asked for', async () => {
    const { nc, connect } = await consumerOfIt({ filter_subjects, max_batch: 200, max_expires: 30e9 });
    await send(nc, 'commands.pc.PC-A', 'mine');
    const consumer = recordConsumer(await connect());
    await eventually(() => expect(consumer.messages).toEqual(['commands.pc.PC-A mine']));
  });
});
