import { createServer, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { connectedBus, freePort, linkState, startBus } from '../../../test/support/bus.ts';
import { eventually, PATIENCE_MS } from '../../../test/support/eventually.ts';
import { operator } from '../../../test/support/fleet.ts';
import { kvKeyOf } from '../../../test/support/ids.ts';
import { muteListener, portOf } from '../../../test/support/listeners.ts';
import { startNatsServer } from '../../../test/support/nats-server.ts';
import { ManualClock } from '../../../test/support/status.ts';
import type { NatsBus } from './nats-bus.ts';
import type { Credentials } from './sign-in.ts';

const PONG_SOON = { pingIntervalMs: 50 };

/** The broker has answered just now, and nothing is on its way any more whose answer would prove the link later on. */
async function settled(bus: NatsBus): Promise<void> {
  await bus.publishAcked('test.nobody', Buffer.from(''), 'id', { patienceMs: PATIENCE_MS });
  // A PING may have gone with it; what is asked now is answered after that.
  expect(await bus.kvGet('none', kvKeyOf('none'), PATIENCE_MS)).toEqual({ kind: 'no_bucket' });
}

test('without a broker it says that nothing answers, and connects when one appears', async () => {
  const port = await freePort();
  const bus = startBus(`nats://127.0.0.1:${port}`);
  const away = await linkState(bus, 'unreachable');
  expect(away).toMatchObject({ server: null, lastGoodAtMs: null, why: `nothing answers at 127.0.0.1:${port}` });
  expect(bus.linkAgeMs()).toBe(Number.POSITIVE_INFINITY);

  await startNatsServer({ port });
  const link = await linkState(bus, 'connected');
  expect(link).toMatchObject({ server: `127.0.0.1:${port}`, why: null });
  expect(bus.linkAgeMs()).toBe(0);
});

test('the limit for one message is the one that the server names', async () => {
  const server = await startNatsServer({ config: 'max_payload: 4096' });
  const bus = await connectedBus(server.url);
  expect(bus.link.value.maxPayloadBytes).toBe(4096);
});

test('a mistake of one who listens ends the connection, and nobody takes what has ended for one that lives', async () => {
  const port = await freePort();
  const bus = startBus(`nats://127.0.0.1:${port}`);
  let mistaken = true;
  bus.link.watch(({ state }) => {
    if (state === 'connected' && mistaken) throw new Error('a mistake');
  });
  const states: string[] = [];
  bus.link.watch(({ state, why }) => states.push(`${state} ${why}`));
  await startNatsServer({ port });
  await eventually(() => expect(states).toContain(`unreachable 127.0.0.1:${port}: a mistake`));
  expect((await bus.kvGet('bucket', kvKeyOf('key'), 1_000)).kind).toBe('failed');
  mistaken = false;
  await linkState(bus, 'connected');
  expect(states.at(-1)).toBe('connected null');
});

test('an address which the cluster names and which is none keeps nobody from those that are', async () => {
  const sockets: Socket[] = [];
  const info = {
    server_id: 's',
    version: '2.10.0',
    max_payload: 1024,
    proto: 1,
    connect_urls: ['[fe80::1%eth0]:4222'],
  };
  const broker = createServer((socket) => {
    sockets.push(socket.on('error', () => {}));
    socket.write(`INFO ${JSON.stringify(info)}\r\n`);
    socket.on('data', (data) => data.includes('PING') && socket.write('PONG\r\n'));
  });
  await new Promise<void>((resolve) => void broker.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    broker.close();
    for (const socket of sockets) socket.destroy();
  });
  const bus = await connectedBus(`nats://127.0.0.1:${portOf(broker)}`);
  for (const socket of sockets) socket.destroy();
  await linkState(bus, 'unreachable');
  await linkState(bus, 'connected');
});

test('a name that can not be resolved is said as such', async () => {
  const bus = startBus('nats://no-such-broker.invalid:4222');
  const { why } = await linkState(bus, 'unreachable');
  expect(why).toBe("the name of no-such-broker.invalid:4222 can't be resolved");
});

test('a port at which nobody says a word does not keep it from the next server', async () => {
  const mute = portOf(await muteListener());
  const server = await startNatsServer();
  const silent = startBus(`nats://127.0.0.1:${mute}`);
  const bus = startBus([`nats://127.0.0.1:${mute}`, server.url]);
  await linkState(bus, 'connected');
  expect((await linkState(silent, 'unreachable')).why).toBe(`127.0.0.1:${mute} did not answer in time`);
});

test('of several servers one that is down is passed over, and each takes over from the other', async () => {
  const one = await startNatsServer();
  const two = await startNatsServer();
  const bus = await connectedBus([one.url, two.url]);
  const first = bus.link.value.server === `127.0.0.1:${one.port}` ? one : two;
  const second = first === one ? two : one;
  await first.kill();
  await eventually(() =>
    expect(bus.link.value).toMatchObject({ state: 'connected', server: `127.0.0.1:${second.port}` }),
  );
  await first.start();
  await second.kill();
  await eventually(() =>
    expect(bus.link.value).toMatchObject({ state: 'connected', server: `127.0.0.1:${first.port}` }),
  );
});

// Windows can not freeze a process from outside.
test.skipIf(process.platform === 'win32')(
  'a link that is half open is given up, and comes back with the server',
  async () => {
    const server = await startNatsServer();
    const bus = await connectedBus(server.url, PONG_SOON);
    const heard: string[] = [];
    bus.subscribe('test.x', ({ data }) => void heard.push(Buffer.from(data).toString()));
    await server.pause();
    await linkState(bus, 'unreachable');
    expect(bus.publish('test.x', Buffer.from('never'))).toBe(false);
    server.resume();
    await linkState(bus, 'connected');
    const nc = await operator(server);
    await eventually(async () => {
      nc.publish('test.x', 'after');
      await nc.flush();
      expect(heard).toContain('after');
    });
    expect(heard).not.toContain('never');
  },
);

test('the age of the link counts from the last answer, not from the connect, and an answer ends it (D17)', async () => {
  const server = await startNatsServer();
  const clock = new ManualClock();
  const bus = await connectedBus(server.url, { clock });
  await settled(bus);
  clock.forward(44_000);
  expect(bus.linkAgeMs()).toBe(0);
  clock.forward(3_600_000);
  expect(bus.linkAgeMs()).toBe(3_644_000);
  await settled(bus);
  expect(bus.linkAgeMs()).toBe(0);

  clock.forward(1_000);
  await server.stop();
  const away = await linkState(bus, 'unreachable');
  clock.forward(60_000);
  expect(bus.linkAgeMs()).toBe(clock.nowMs() - (away.lastGoodAtMs ?? 0));
  expect(bus.linkAgeMs()).toBe(61_000);
});

test('answers to pings keep the link known good', async () => {
  const server = await startNatsServer();
  const clock = new ManualClock();
  const bus = await connectedBus(server.url, { clock, ...PONG_SOON });
  clock.forward(3_600_000);
  await eventually(() => expect(bus.linkAgeMs()).toBe(0));
});

test('a connect on request is a new sign-in, at once, also during a long pause', async () => {
  const port = await freePort();
  const minute = { minMs: 60_000, maxMs: 60_000, jitter: 0 };
  let signIns = 0;
  const bus = startBus(`nats://127.0.0.1:${port}`, {
    connectBackoff: minute,
    credentials: () => {
      signIns += 1;
      return [{ kind: 'none' }];
    },
  });
  await linkState(bus, 'unreachable');
  await startNatsServer({ port });
  bus.reconnect();
  await linkState(bus, 'connected');
  expect(signIns).toBe(2);
  const ended = linkState(bus, 'unreachable');
  bus.reconnect();
  await ended;
  await linkState(bus, 'connected');
  expect(signIns).toBe(3);
});

test('closed, it ends its connection and makes no other', async () => {
  const server = await startNatsServer();
  const nc = await operator(server);
  const bus = await connectedBus(server.url);
  await bus.close();
  expect(bus.link.value.state).not.toBe('connected');
  expect(bus.publish('test.x', Buffer.from('x'))).toBe(false);
  await nc.flush();
  const waiting = startBus(`nats://127.0.0.1:${await freePort()}`);
  await linkState(waiting, 'unreachable');
  await waiting.close();
});

const SECRETS: readonly { what: string; config: string; right: Credentials; wrong: Credentials }[] = [
  {
    what: 'token',
    config: 'authorization { token: "right" }',
    right: { kind: 'token', token: 'right' },
    wrong: { kind: 'token', token: 'wrong' },
  },
  {
    what: 'password',
    config: 'authorization { users: [ { user: "pc", password: "right" } ] }',
    right: { kind: 'user', user: 'pc', password: 'right' },
    wrong: { kind: 'user', user: 'pc', password: 'wrong' },
  },
];

test.for(SECRETS)('a wrong $what is refused in a sentence, and the right one heals it', async (the) => {
  const server = await startNatsServer({ config: the.config });
  let credentials: readonly Credentials[] | string = [the.wrong];
  const bus = startBus(server.url, { credentials: () => credentials });
  const { why } = await linkState(bus, 'refused');
  expect(why).toMatch(new RegExp(`^127\\.0\\.0\\.1:${server.port} refused the sign-in \\(.*[Aa]uthorization.*\\)$`));
  expect(why).not.toContain('wrong');

  credentials = "the file /etc/kanade/token can't be read";
  await eventually(() => expect(bus.link.value.why).toBe(credentials));
  expect(bus.link.value.state).toBe('refused');

  credentials = [the.right];
  await linkState(bus, 'connected');
});

test('a secret that the server changed heals a refused sign-in without a restart', async () => {
  const port = await freePort();
  const config = (token: string) => `authorization { token: "${token}" }`;
  const before = await startNatsServer({ port, config: config('old') });
  let token = 'old';
  const bus = await connectedBus(before.url, { credentials: () => [{ kind: 'token', token }] });
  await before.stop();
  await startNatsServer({ port, config: config('new') });
  await linkState(bus, 'refused');
  token = 'new';
  await linkState(bus, 'connected');
});

test('secrets that stand in the address of the server are used', async () => {
  const server = await startNatsServer({ config: 'authorization { users: [ { user: "p c", password: "s@1" } ] }' });
  const bus = await connectedBus(`nats://p%20c:s%401@127.0.0.1:${server.port}`);
  expect(bus.link.value.server).toBe(`127.0.0.1:${server.port}`);
});

/** One whose time of day is set, while durations go on. */
class SteppedClock extends ManualClock {
  stepMs = 0;
  override nowMs = () => this.atMs + this.stepMs;
}

test.for([-86_400_000, 86_400_000])('a time of day that is changed by %i ms changes nothing', async (stepMs) => {
  const server = await startNatsServer();
  const clock = new SteppedClock();
  const bus = await connectedBus(server.url, { clock });
  await settled(bus);
  clock.stepMs = stepMs;
  expect(bus.linkAgeMs()).toBe(0);
  clock.forward(3_600_000);
  expect(bus.linkAgeMs()).toBe(3_600_000);
  await server.stop();
  await linkState(bus, 'unreachable');
  clock.stepMs = 0;
  clock.forward(1_000);
  expect(bus.linkAgeMs()).toBe(3_601_000);
  expect(bus.lastGoodAtMs()).toBe(new ManualClock().nowMs());
});
