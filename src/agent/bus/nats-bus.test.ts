import { expect, test } from 'vitest';
import { answering, connectedBus, info, linkState, startBus } from '../../../e2e/support/bus.ts';
import { eventually } from '../../../e2e/support/eventually.ts';
import { api, operator, provision, provisionedOperator } from '../../../e2e/support/fleet.ts';
import { startNatsServer } from '../../../e2e/support/nats-server.ts';

const text = (data: Uint8Array) => Buffer.from(data).toString();

test('a subscription asked for before there is a broker is there on every connection, before anybody hears of it', async () => {
  const server = await startNatsServer();
  const nc = await operator(server);
  await server.stop();
  const bus = startBus(server.url);
  const heard: string[] = [];
  bus.subscribe('test.>', ({ subject, data }) => void heard.push(`${subject} ${text(data)}`));
  bus.link.watch(({ state }) => {
    if (state === 'connected') bus.publish('test.own', Buffer.from('connected'));
  });
  for (const round of [1, 2, 3]) {
    await server.start();
    await eventually(() => expect(heard).toHaveLength(round));
    await server.stop();
    await linkState(bus, 'unreachable');
  }
  expect(heard).toEqual(Array(3).fill('test.own connected'));
  await nc.close();
});

test('a subscription that was closed brings nothing more, not on the next connection either', async () => {
  const server = await startNatsServer();
  const bus = await connectedBus(server.url);
  const heard: string[] = [];
  const closed = bus.subscribe('test.x', () => void heard.push('closed'));
  bus.subscribe('test.x', () => void heard.push('open'));
  closed.close();
  bus.publish('test.x', Buffer.from(''));
  await eventually(() => expect(heard).toEqual(['open']));
  const ended = linkState(bus, 'unreachable');
  bus.reconnect();
  await ended;
  await linkState(bus, 'connected');
  bus.publish('test.x', Buffer.from(''));
  await eventually(() => expect(heard).toEqual(['open', 'open']));
});

test('a refused subscription is told, and the connection and the others live on', async () => {
  const server = await startNatsServer({
    config: 'authorization { users: [ { user: pc, password: p, permissions: { subscribe: { deny: "secret.>" } } } ] }',
  });
  const bus = startBus(server.url, { credentials: () => ({ kind: 'user', user: 'pc', password: 'p' }) });
  const refused: string[] = [];
  const heard: string[] = [];
  bus.subscribe(
    'secret.x',
    () => {},
    (why) => void refused.push(why),
  );
  bus.subscribe('test.x', ({ data }) => void heard.push(text(data)));
  await eventually(() => expect(refused).toHaveLength(1));
  expect(refused[0]).toMatch(/permission/i);
  bus.publish('test.x', Buffer.from('here'));
  await eventually(() => expect(heard).toEqual(['here']));
  expect(bus.link.value.state).toBe('connected');
});

test('a handler that throws ends neither the connection nor its own subscription', async () => {
  const server = await startNatsServer();
  const bus = await connectedBus(server.url);
  let calls = 0;
  bus.subscribe('test.x', () => {
    calls += 1;
    throw new Error('a bug');
  });
  bus.publish('test.x', Buffer.from(''));
  bus.publish('test.x', Buffer.from(''));
  await eventually(() => expect(calls).toBe(2));
  expect(bus.link.value.state).toBe('connected');
});

test('nothing published while the broker is away is sent later', async () => {
  const server = await startNatsServer();
  const nc = await provisionedOperator(server);
  const bus = await connectedBus(server.url);
  const heard: string[] = [];
  nc.subscribe('test.x', { callback: (_, message) => void heard.push(message.string()) });
  await nc.flush();
  expect(bus.publish('test.x', Buffer.from('before'))).toBe(true);
  await eventually(() => expect(heard).toEqual(['before']));
  await server.stop();
  await linkState(bus, 'unreachable');
  expect(bus.publish('test.x', Buffer.from('meanwhile'))).toBe(false);
  const outcome = await bus.publishAcked('results.r1', Buffer.from('{}'), 'r1', 30_000);
  expect(outcome).toEqual({ kind: 'unavailable', why: 'not connected' });
  expect(await bus.kvGet('jobs', 'j', 30_000)).toEqual({ kind: 'failed', why: 'not connected' });
  expect(await bus.objectsPresent('agent_releases', ['x'])).toBeNull();

  await server.start();
  await linkState(bus, 'connected');
  await answering(nc);
  await eventually(() => {
    bus.publish('test.x', Buffer.from('after'));
    expect(heard).toContain('after');
  });
  expect(heard).not.toContain('meanwhile');
  const found = await info(nc, 'STREAM.INFO.RESULTS');
  expect(found.state.messages).toBe(0);
});

test('a publish is stored only once the stream has said so, and one id is stored once', async () => {
  const server = await startNatsServer();
  const bus = await connectedBus(server.url);
  const nc = await operator(server);
  const send = () => bus.publishAcked('results.r1', Buffer.from('{}'), 'r1', 10_000);
  expect(await send()).toEqual({ kind: 'unavailable', why: 'there is no stream for it' });
  await provision(nc, ['RESULTS']);
  expect(await send()).toEqual({ kind: 'stored' });
  expect(await send()).toEqual({ kind: 'stored' });
  expect((await info(nc, 'STREAM.INFO.RESULTS')).state.messages).toBe(1);
});

test('what a stream will never take is rejected, what it can not take now is unavailable', async () => {
  const server = await startNatsServer();
  const nc = await operator(server);
  const bus = await connectedBus(server.url);
  const results = { name: 'RESULTS', subjects: ['results.>'], storage: 'file', max_msg_size: 100 };
  await api(nc, 'STREAM.CREATE.RESULTS', results);
  const large = await bus.publishAcked('results.r1', Buffer.alloc(1_000), 'r1', 10_000);
  expect(large).toEqual({ kind: 'rejected', why: 'message size exceeds maximum allowed' });
  await api(nc, 'STREAM.UPDATE.RESULTS', { ...results, max_msgs: 1, discard: 'new' });
  expect(await bus.publishAcked('results.r2', Buffer.from('1'), 'r2', 10_000)).toEqual({ kind: 'stored' });
  const full = await bus.publishAcked('results.r3', Buffer.from('2'), 'r3', 10_000);
  expect(full).toEqual({ kind: 'unavailable', why: 'maximum messages exceeded' });
});

test('an object store that is not there holds nothing', async () => {
  const server = await startNatsServer();
  const bus = await connectedBus(server.url);
  expect(await bus.objectsPresent('agent_releases', ['1.0.0'])).toEqual(new Set());
  const read = await bus.objectGet('agent_releases', '1.0.0', 1_000, AbortSignal.timeout(10_000));
  expect(read).toEqual({ kind: 'absent' });
});

test('a message beyond the limit of the server is rejected, and the connection lives on (D11)', async () => {
  const server = await startNatsServer({ config: 'max_payload: 4096' });
  const nc = await operator(server);
  await provision(nc, ['RESULTS']);
  const bus = await connectedBus(server.url);
  const outcome = await bus.publishAcked('results.r1', Buffer.alloc(5_000), 'r1', 5_000);
  expect(outcome.kind).toBe('rejected');
  expect(bus.link.value.state).toBe('connected');
  expect(await bus.publishAcked('results.r2', Buffer.alloc(4_000), 'r2', 10_000)).toEqual({ kind: 'stored' });
});

// Windows can not freeze a process from outside.
test.skipIf(process.platform === 'win32')(
  'a publish that nobody answers ends at its limit, and the answer of a server that was slow is not needed',
  async () => {
    const server = await startNatsServer();
    const nc = await provisionedOperator(server);
    const bus = await connectedBus(server.url);
    await server.pause();
    const outcome = await bus.publishAcked('results.r1', Buffer.from('{}'), 'r1', 200);
    expect(outcome.kind).toBe('unavailable');
    server.resume();
    expect(await bus.publishAcked('results.r1', Buffer.from('{}'), 'r1', 10_000)).toEqual({ kind: 'stored' });
    expect((await info(nc, 'STREAM.INFO.RESULTS')).state.messages).toBe(1);
  },
);
