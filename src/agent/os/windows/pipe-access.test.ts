import { randomBytes } from 'node:crypto';
import { connect, createServer } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { setPipeAccess } from './pipe-access.ts';
import { ownSid } from './sids.ts';

async function pipe(): Promise<string> {
  const name = `\\\\.\\pipe\\kanade-tray-test-${randomBytes(8).toString('hex')}`;
  const server = createServer((socket) => socket.on('error', () => {}).resume());
  onTestFinished(() => void server.close());
  await new Promise<void>((resolve) => server.listen(name, resolve));
  return name;
}

function tryToConnect(name: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(name);
    socket
      .on('connect', () => resolve('connected'))
      .on('error', (error) => resolve((error as { code?: string }).code ?? ''));
    onTestFinished(() => void socket.destroy());
  });
}

test.skipIf(process.platform !== 'win32')('who is not in the list of a pipe can not connect to it', async () => {
  const name = await pipe();
  expect(await tryToConnect(name)).toBe('connected');
  setPipeAccess(name, `D:P(A;;FA;;;${ownSid()})`);
  for (let time = 0; time < 8; time += 1) expect(await tryToConnect(name)).toBe('connected');
  setPipeAccess(name, 'D:P(A;;WDRC;;;WD)(A;;FA;;;SY)');
  expect(await tryToConnect(name)).not.toBe('connected');
});
