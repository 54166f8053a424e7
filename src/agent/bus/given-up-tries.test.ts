/** Ports at which a connect comes to nothing: each try ends, the next one is made, and no connection of it stays. */
import type { Socket } from 'node:net';
import { connect as dial } from 'node:net';
import { expect, test } from 'vitest';
import { freePort, linkState, NO_TLS, startBus, tlsOf } from '../../../test/support/bus.ts';
import { eventually } from '../../../test/support/eventually.ts';
import { holdingLink, infoLine, stallingListener, upgrade } from '../../../test/support/listeners.ts';
import { startNatsServer } from '../../../test/support/nats-server.ts';
import { systemClock } from '../../base/clock.ts';
import { silentLogger } from '../../base/logger.ts';
import { openConnection } from './open.ts';
import { Permissions } from './permissions.ts';
import { ServerClock } from './server-clock.ts';

type Greet = (socket: Socket) => void;
const SILENT: Greet = () => {};
const INFO: Greet = (socket) => socket.write(infoLine());
const WITH_TLS: Greet = (socket) => socket.write(infoLine({ tls_required: true }));
const UPGRADED: Greet = (socket) => upgrade(socket, null);
const UPGRADED_INFO: Greet = (socket) => upgrade(socket, infoLine());
/** The one of the present try, and one that is just being closed. */
const OPEN_MAX = 2;
const SHORT = { connectMs: 1_000 };

// Together, as each try takes its time; but the client library knows only one kind of connection at a time.
test.for([
  {
    what: 'ports that say nothing, or who they are, or that TLS begins',
    scheme: 'nats',
    greets: [SILENT, INFO, WITH_TLS],
  },
  { what: 'web ports that say nothing, or upgrade', scheme: 'ws', greets: [SILENT, UPGRADED, UPGRADED_INFO] },
])('$what: no connection stays of a try that is over', async ({ scheme, greets }) => {
  const checks = greets.map(async (greet) => {
    const { open, tries, port } = await stallingListener(greet);
    startBus(`${scheme}://127.0.0.1:${port}`, SHORT);
    await eventually(() => expect(tries()).toBeGreaterThan(2 * OPEN_MAX), 50_000);
    expect(open.size).toBeLessThanOrEqual(OPEN_MAX);
  });
  await Promise.all(checks);
});

test('a web port that was mute once is asked again, and taken when it speaks', async () => {
  const webPort = await freePort();
  await startNatsServer({ config: `websocket { host: "127.0.0.1", port: ${webPort}, no_tls: true }` });
  let isMute = true;
  const { port } = await stallingListener((socket) => {
    if (isMute) upgrade(socket, infoLine());
    else socket.pipe(dial(webPort, '127.0.0.1').on('error', () => {})).pipe(socket);
  });
  const bus = startBus(`ws://127.0.0.1:${port}`, SHORT);
  expect((await linkState(bus, 'unreachable')).why).toBe(`127.0.0.1:${port} did not answer in time`);
  isMute = false;
  await linkState(bus, 'connected');
});

test('a try has an end whatever it waits for, and the connection that comes of it later is closed', async () => {
  const link = await holdingLink(await startNatsServer());
  const options = {
    pcId: 'PC-A',
    credentials: () => [{ kind: 'none' }] as const,
    tls: tlsOf(NO_TLS),
    clock: systemClock,
    serverClock: new ServerClock(systemClock),
    permissions: new Permissions(systemClock, silentLogger),
    log: silentLogger,
    tryMs: 50,
  };
  const opened = await openConnection(
    { url: new URL(link.url), certificateOf: null },
    options,
    new AbortController().signal,
  );
  expect(opened).toMatchObject({ kind: 'failed', failure: { state: 'unreachable' } });
  expect(link.sockets.size).toBe(2);
  link.open();
  await eventually(() => expect(link.sockets.size).toBe(0));
});

test('of servers that the cluster has named and that do not answer a round tries one, and each round another', async () => {
  const peers = await Promise.all([1, 2, 3].map(() => stallingListener(() => {})));
  const connect_urls = peers.map(({ port }) => `127.0.0.1:${port}`);
  const tries = () => peers.map((peer) => peer.tries()).toSorted((one, other) => one - other);
  const port = await freePort();
  const broker = () =>
    stallingListener((socket) => {
      socket.write(infoLine({ connect_urls }));
      socket.on('data', (data) => data.includes('PING') && socket.write('PONG\r\n'));
    }, port);
  let configured = await broker();
  const bus = startBus(`nats://127.0.0.1:${port}`, SHORT);
  for (const tried of [
    [0, 0, 1],
    [0, 1, 1],
    [1, 1, 1],
  ]) {
    await linkState(bus, 'connected');
    configured.close();
    await eventually(() => expect(tries()).toEqual(tried));
    configured = await broker();
    await linkState(bus, 'connected');
    expect(tries()).toEqual(tried);
  }
});
