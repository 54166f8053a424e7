import { once } from 'node:events';
import { type AddressInfo, createServer, connect as dial, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { readInPortions } from './portioned-connect.ts';

const ALL_BYTES = 4 * 1024 * 1024;
/** The first time there is one more, read before anybody listened. */
const PORTIONS_BYTES = 2 * 64 * 1024;

/** A socket on which all of it has come before it is read the first time. */
async function filledSocket(): Promise<Socket> {
  const server = createServer((peer) => peer.end(Buffer.alloc(ALL_BYTES)));
  onTestFinished(() => void server.close());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const socket = dial({ port: (server.address() as AddressInfo).port, host: '127.0.0.1' });
  await once(socket, 'connect');
  return socket;
}

/** Bytes that were read in the turn of the event loop in which most were. */
async function mostInOneTurn(socket: Socket): Promise<{ all: number; most: number }> {
  let all = 0;
  let most = 0;
  let now = 0;
  socket.on('data', ({ length }) => {
    if (now === 0) setImmediate(() => (now = 0));
    all += length;
    now += length;
    most = Math.max(most, now);
  });
  await once(socket, 'close');
  return { all, most };
}

test('a wave is read a portion a turn, and none of it is lost', async () => {
  const socket = await filledSocket();
  readInPortions(socket);
  const { all, most } = await mostInOneTurn(socket);
  expect(all).toBe(ALL_BYTES);
  expect(most).toBeLessThanOrEqual(PORTIONS_BYTES);
});

test('which Node by itself does not do', async () => {
  const { all, most } = await mostInOneTurn(await filledSocket());
  expect(all).toBe(ALL_BYTES);
  expect(most).toBeGreaterThan(PORTIONS_BYTES);
});
