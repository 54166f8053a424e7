import { expect, test } from 'vitest';
import { answering, connectedBus, info, linkState, startBus } from '../../../test/support/bus.ts';
import { eventually } from '../../../test/support/eventually.ts';
import { operator, provision, provisionedOperator } from '../../../test/support/fleet.ts';
import { kvKeyOf } from '../../../test/support/ids.ts';
import { startNatsServer } from '../../../test/support/nats-server.ts';

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
  const bus = startBus(server.url, { credentials: () => [{ kind: 'user', user: 'pc', password: 'p' }] });
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
  const outcome = await bus.publishAcked('results.r1', Buffer.from('{}'), 'r1', { patienceMs: 30_000 });
  expect(outcome).toEqual({ kind: 'lost', why: 'not connected' });
  expect(await bus.kvGet('jobs', kvKeyOf('j'), 30_000)).toEqual({ kind: 'failed', why: 'not connected' });
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
  const send = () => bus.publishAcked('results.r1', Buffer.from('{}'), 'r1', { patienceMs: 10_000 });
  expect(await send()).toEqual({ kind: 'unavailable', full: false, why: 'there is no stream for it' });
  await provision(nc, ['RESULTS']);
  expect(await send()).toEqual({ kind: 'stored' });
  expect(await send()).toEqual({ kind: 'stored' });
  expect((await info(nc, 'STREAM.INFO.RESULTS')).state.messages).toBe(1);
});

test('an object store that is not there holds nothing', async () => {
  const server = await startNatsServer();
  const bus = await connectedBus(server.url);
  expect(await bus.objectsPresent('agent_releases', ['1.0.0'])).toEqual(new Set());
  const read = await bus.objectGet('agent_releases', '1.0.0', 1_000, AbortSignal.timeout(10_000));
  expect(read).toEqual({ kind: 'absent' });
});
