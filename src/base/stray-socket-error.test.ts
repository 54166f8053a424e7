import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { expect, test } from 'vitest';
import { isStraySocketError } from './stray-socket-error.ts';

test('a write after the end of a socket is told from a bug', async () => {
  const server = createServer((socket) => socket.end()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const socket = connect(typeof address === 'object' && address !== null ? address.port : 0, '127.0.0.1');
  socket.resume();
  await once(socket, 'end');
  socket.end();
  const failed = once(socket, 'error');
  socket.write('x');
  const [error] = await failed;
  expect(isStraySocketError(error)).toBe(true);
  server.close();
});

test.each([new Error('a bug'), new TypeError('x is not a function'), 'ECONNRESET', null])('%s is none', (error) => {
  expect(isStraySocketError(error)).toBe(false);
});
