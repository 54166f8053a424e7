import { randomBytes } from 'node:crypto';
import { createServer, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { eventually } from '../../../test/support/eventually.ts';
import { connectIdentified } from './pipe-client.ts';

const onlyOnWindows = test.skipIf(process.platform !== 'win32');

async function pipe(onConnection: (socket: Socket) => void): Promise<string> {
  const name = `\\\\.\\pipe\\kanade-tray-test-${randomBytes(8).toString('hex')}`;
  const server = createServer(onConnection);
  onTestFinished(() => void server.close());
  await new Promise<void>((resolve) => server.listen(name, resolve));
  return name;
}

onlyOnWindows('a socket as any other: it brings and takes bytes, ends with the other side, and closes', async () => {
  let closed = 0;
  const name = await pipe((socket) => {
    socket.on('close', () => (closed += 1));
    socket.on('data', (bytes) => socket.write(Buffer.concat([Buffer.from('heard '), bytes])));
  });
  for (let time = 0; time < 20; time += 1) {
    const socket = connectIdentified(name);
    const heard = new Promise<string>((resolve) => socket.once('data', (bytes) => resolve(String(bytes))));
    socket.write(`word ${time}`);
    expect(await heard).toBe(`heard word ${time}`);
    const ended = new Promise((resolve) => socket.once('close', resolve));
    socket.destroy();
    await ended;
  }
  await eventually(() => expect(closed).toBe(20));
});

onlyOnWindows('the end of the other side is heard, and much is carried', async () => {
  const name = await pipe((socket) => socket.end(Buffer.alloc(1_000_000, 'x')));
  const socket = connectIdentified(name);
  let bytes = 0;
  socket.on('data', (chunk) => (bytes += chunk.length));
  await new Promise((resolve) => socket.once('close', resolve));
  expect(bytes).toBe(1_000_000);
});

onlyOnWindows('nobody there is an error that says where', () => {
  expect(() => connectIdentified('\\\\.\\pipe\\kanade-tray-test-nobody')).toThrow('kanade-tray-test-nobody');
});
