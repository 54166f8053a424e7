import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, it } from 'vitest';
import { tempDir } from '../../test/support/temp.ts';

const MODULE = join(import.meta.dirname, 'watchdog.ts');

/** A process with a watchdog that then does `work`; resolves to how it ended. */
async function watched(work: string): Promise<{ code: number | null; signal: string | null }> {
  const script = `
    import { startWatchdog, stillAlive } from ${JSON.stringify(MODULE)};
    startWatchdog({ env: {}, platform: 'win32', hungAfterMs: 400, beatMs: 50 });
    ${work}`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: 'ignore' });
  const [code, signal] = await once(child, 'exit');
  return { code, signal };
}

it.skipIf(process.platform === 'win32')('ends a process whose main thread hangs, and no other', async () => {
  const hang = 'setTimeout(() => { for (;;); }, 100);';
  expect(await watched(hang)).toEqual({ code: null, signal: 'SIGKILL' });
  expect(await watched('setTimeout(() => process.exit(0), 1_500);')).toEqual({ code: 0, signal: null });
});

it.skipIf(process.platform === 'win32')(
  'lets one go on whose main thread is held up by work that says it gets on',
  async () => {
    const work = 'const end = Date.now() + 1_500; while (Date.now() < end) stillAlive(); process.exit(0);';
    expect(await watched(work)).toEqual({ code: 0, signal: null });
  },
);

describe.skipIf(process.platform !== 'linux' || process.getuid?.() !== 0)('on systemd', () => {
  /** A process with the watchdog of a service, and the process ids that its notices came from, as systemd sees them. */
  async function noticesTo(address: string, bind: string): Promise<{ pid: number; notices: string[] }> {
    const listener = spawn('python3', ['-c', LISTENER, bind], { stdio: ['ignore', 'pipe', 'inherit'] });
    const lines = createInterface({ input: listener.stdout })[Symbol.asyncIterator]();
    expect((await lines.next()).value).toBe('listening');
    const script = `
      import { startWatchdog } from ${JSON.stringify(MODULE)};
      startWatchdog({ env: process.env, platform: 'linux' });
      setInterval(() => {}, 1_000);`;
    const env = { ...process.env, NOTIFY_SOCKET: address, WATCHDOG_USEC: '300000' };
    const agent = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: 'inherit', env });
    const notices: string[] = [];
    while (notices.length < 3) notices.push(String((await lines.next()).value));
    agent.kill('SIGKILL');
    listener.kill('SIGKILL');
    return { pid: agent.pid ?? 0, notices };
  }

  it.each([
    ['a path', (path: string) => ({ address: path, bind: path })],
    ['an abstract name', (path: string) => ({ address: `@${path}`, bind: `@${path}` })],
  ])('it is told three times within its patience, by the process itself (%s)', async (_, named) => {
    const { address, bind } = named(join(tempDir(), 'notify'));
    const { pid, notices } = await noticesTo(address, bind);
    expect(notices).toEqual(Array(3).fill(`${pid} WATCHDOG=1`));
  });
});

/** As systemd does it: each datagram with the process that has sent it. */
const LISTENER = `
import socket, struct, sys
at = sys.argv[1]
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
s.bind("\\0" + at[1:] if at.startswith("@") else at)
print("listening", flush=True)
while True:
    data, more, _, _ = s.recvmsg(4096, 256)
    print(struct.unpack("3i", more[0][2])[0], data.decode(), flush=True)
`;
