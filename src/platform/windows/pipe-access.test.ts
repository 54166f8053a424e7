import { randomBytes } from 'node:crypto';
import { connect, createServer } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { eventually } from '../../../test/support/eventually.ts';
import { PIPE_CLIENT, pipeAccess, setPipeAccess } from './pipe-access.ts';
import { ownSid } from './sids.ts';

const FULL = 0x1f01ff;
/** FILE_CREATE_PIPE_INSTANCE. */
const CREATE_INSTANCE = 0x4;

async function pipe(): Promise<string> {
  const name = `\\\\.\\pipe\\kanade-tray-test-${randomBytes(8).toString('hex')}`;
  const server = createServer((socket) => socket.on('error', () => {}).resume());
  onTestFinished(() => void server.close());
  await new Promise<void>((resolve) => server.listen(name, resolve));
  return name;
}

function connected(name: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(name);
    socket.on('connect', resolve).on('error', reject);
    onTestFinished(() => void socket.destroy());
  });
}

// wine keeps the list of a pipe and lets everybody connect all the same; the checks for a real Windows try that.
test.skipIf(process.platform !== 'win32')('a pipe has the list that it was given, for every instance', async () => {
  const name = await pipe();
  const other = 'S-1-5-21-1-2-3-1001';
  setPipeAccess(name, `D:P(D;;FA;;;NU)(A;;FA;;;${ownSid()})(A;;0x${PIPE_CLIENT.toString(16)};;;${other})`);
  for (let time = 0; time < 8; time += 1) {
    await connected(name);
    // The next instance is there a little later.
    const { allowed } = await eventually(() => pipeAccess(name));
    expect(allowed.map(({ sid }) => sid)).toEqual([ownSid(), other]);
    expect(allowed[0]?.rights).toBe(FULL);
    expect((allowed[1]?.rights ?? CREATE_INSTANCE) & CREATE_INSTANCE).toBe(0);
  }
});
