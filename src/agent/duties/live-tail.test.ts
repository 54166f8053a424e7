import { expect, test } from 'vitest';
import { agentBus, ask, during } from '../../../test/support/duties.ts';
import { operator } from '../../../test/support/fleet.ts';
import { pcIdOf } from '../../../test/support/ids.ts';
import { startNatsServer } from '../../../test/support/nats-server.ts';
import { startLiveTail } from './live-tail.ts';
import type { RecentTail } from './recent-tails.ts';

const RUNNING: RecentTail = {
  running: true,
  stdout: 'so far 日本\n',
  stderr: 'oh\n',
  stdoutCut: true,
  stderrCut: false,
};
const NOT_FOUND = {
  found: false,
  running: false,
  stdout: '',
  stderr: '',
  stdout_truncated: false,
  stderr_truncated: false,
};

test('who asks for a result id gets the end of its output, and a clear no for anything else', async () => {
  const server = await startNatsServer();
  const nc = await operator(server);
  const tails = { tail: (id: string) => (id === 'r-1' ? RUNNING : undefined) };
  during(startLiveTail({ pcId: pcIdOf('PC-A'), bus: await agentBus(server, 'PC-A'), tails }));
  const reply = async (body: string) => JSON.parse(await ask(nc, 'job.tail.PC-A', body)) as unknown;
  expect(await reply('{"result_id":"r-1"}')).toEqual({
    found: true,
    running: true,
    stdout: 'so far 日本\n',
    stderr: 'oh\n',
    stdout_truncated: true,
    stderr_truncated: false,
  });
  for (const body of ['{"result_id":"r-2"}', '{"result_id":7}', '{}', '', 'nonsense']) {
    expect(await reply(body)).toEqual(NOT_FOUND);
  }
});
