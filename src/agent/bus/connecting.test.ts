/** What a connect that goes wrong costs, when it is given up, and with which credentials it is tried. */
import { expect, onTestFinished, test } from 'vitest';
import { connectedBus, freePort, linkState, NO_TLS, startBus, tlsOf } from '../../../test/support/bus.ts';
import { eventually } from '../../../test/support/eventually.ts';
import { holdingLink, muteListener, portOf } from '../../../test/support/listeners.ts';
import { startNatsServer } from '../../../test/support/nats-server.ts';
import { ManualClock } from '../../../test/support/status.ts';
import { systemClock } from '../../base/clock.ts';
import { silentLogger } from '../../base/logger.ts';
import { until } from '../../base/watched.ts';
import { NatsBus } from './nats-bus.ts';

test('closed while a connect is under way it returns at once, and ends the connection that comes of it', async () => {
  const link = await holdingLink(await startNatsServer());
  const bus = startBus(link.url);
  await eventually(() => expect(link.sockets.size).toBe(2));
  await bus.close();
  link.open();
  await eventually(() => expect(link.sockets.size).toBe(0));
  expect(bus.link.value.state).toBe('starting');
});

test('closed during a long pause, and before it was started, it returns at once', async () => {
  const minute = { minMs: 60_000, maxMs: 60_000, jitter: 0 };
  const bus = startBus(`nats://127.0.0.1:${await freePort()}`, { connectBackoff: minute });
  await linkState(bus, 'unreachable');
  await bus.close();
  bus.start();
  await bus.close();
});

test('it has been tried once we were connected, or every server has failed us', async () => {
  const server = await startNatsServer();
  const link = await holdingLink(server);
  const waiting = startBus(link.url);
  await eventually(() => expect(link.sockets.size).toBe(2));
  expect(waiting.tried.value).toBe(false);
  link.open();
  await until(waiting.tried, (tried) => tried);
  await linkState(waiting, 'connected');

  const failing = startBus([`nats://127.0.0.1:${await freePort()}`, `nats://127.0.0.1:${await freePort()}`]);
  await until(failing.tried, (tried) => tried);
  expect(failing.link.value.state).toBe('unreachable');
});

const POLL_SOON = { wakePollMs: 10 };

test('after a sleep a link that answers stays as it is', async () => {
  const server = await startNatsServer();
  const clock = new ManualClock();
  const bus = await connectedBus(server.url, { clock, ...POLL_SOON });
  const changes: unknown[] = [];
  bus.link.watch((link) => void changes.push(link));
  clock.forward(3_600_000);
  expect(bus.linkAgeMs()).toBe(3_600_000);
  await eventually(() => expect(bus.linkAgeMs()).toBe(0));
  expect(changes).toEqual([]);
});

// Windows can not freeze a process from outside.
test.skipIf(process.platform === 'win32')('after a sleep a link that does not answer is given up at once', async () => {
  const server = await startNatsServer();
  const clock = new ManualClock();
  const bus = await connectedBus(server.url, { clock, ...POLL_SOON });
  await server.pause();
  clock.forward(3_600_000);
  // Long before two pings are missed.
  expect((await linkState(bus, 'unreachable')).why).toMatch('does not answer after a sleep');
  server.resume();
  await linkState(bus, 'connected');
});

test('after a sleep it does not wait for the end of a long pause', async () => {
  const port = await freePort();
  const minute = { minMs: 60_000, maxMs: 60_000, jitter: 0 };
  const clock = new ManualClock();
  const bus = startBus(`nats://127.0.0.1:${port}`, { connectBackoff: minute, clock, ...POLL_SOON });
  await linkState(bus, 'unreachable');
  await startNatsServer({ port });
  clock.forward(60_000);
  await linkState(bus, 'connected');
});

const PAIR = { kind: 'user', user: 'pc', password: 'p' } as const;
const TOKEN = { kind: 'token', token: 't' } as const;

test('the next credentials are tried where the ones before are refused, decided again at each connect', async () => {
  const port = await freePort();
  const users = 'authorization { users: [ { user: pc, password: p, permissions: { publish: "of.pc" } } ] }';
  const before = await startNatsServer({ port, config: 'authorization { token: t }' });
  const bus = await connectedBus(before.url, { credentials: () => [PAIR, TOKEN] });
  await before.stop();
  await startNatsServer({ port, config: users });
  await linkState(bus, 'connected');
  bus.publish('of.others', Buffer.from(''));
  // It is the user that is connected, not the token.
  await eventually(() => expect(bus.forbidden.value).toEqual(['of.others']));
});

test('a server that can not be reached is no reason to show it weaker credentials', async () => {
  const mute = await muteListener();
  let connects = 0;
  mute.on('connection', (socket) => {
    connects += 1;
    socket.destroy();
  });
  const bus = startBus(`nats://127.0.0.1:${portOf(mute)}`, {
    credentials: () => [PAIR, TOKEN],
    connectBackoff: { minMs: 60_000, maxMs: 60_000, jitter: 0 },
  });
  await linkState(bus, 'unreachable');
  expect(connects).toBe(1);
});

test('files of a sign-in that do not answer are not read: the state says which, and it connects when they do', async () => {
  const server = await startNatsServer();
  let silent: string | null = 'the file of tls.ca does not answer';
  let reads = 0;
  const bus = startBus(server.url, {
    credentials: () => {
      reads += 1;
      return [{ kind: 'none' }];
    },
    filesAnswer: async () => silent,
  });
  expect((await linkState(bus, 'refused')).why).toBe(silent);
  expect(reads).toBe(0);
  silent = null;
  await linkState(bus, 'connected');
});

test('where all are refused the state says so', async () => {
  const server = await startNatsServer({ config: 'authorization { token: other }' });
  const bus = startBus(server.url, { credentials: () => [PAIR, TOKEN] });
  expect((await linkState(bus, 'refused')).why).toMatch(/refused the sign-in/);
  await eventually(() => expect(server.log.split('authentication error').length).toBeGreaterThan(2));
});

test('a server that refuses us is spared, and does not keep us from another one that comes back', async () => {
  const refusing = await startNatsServer({ config: 'authorization { token: other }' });
  const port = await freePort();
  let signIns = 0;
  // With the pauses of the product.
  const bus = new NatsBus({
    pcId: 'PC-A',
    servers: [new URL(refusing.url), new URL(`nats://127.0.0.1:${port}`)],
    credentials: () => {
      signIns += 1;
      return [TOKEN];
    },
    tls: tlsOf(NO_TLS),
    clock: systemClock,
    log: silentLogger,
  });
  onTestFinished(() => bus.close());
  bus.start();
  await eventually(() => expect(signIns).toBeGreaterThanOrEqual(7));
  // The one that is down was asked more often than the one that refuses.
  await eventually(() => expect(refusing.log).toContain('authentication error'));
  expect(refusing.log.split('authentication error').length - 1).toBeLessThan(signIns / 2);
  await startNatsServer({ port });
  expect((await linkState(bus, 'connected')).server).toBe(`127.0.0.1:${port}`);
});
