import { execFileSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { agentBus, ask, during } from '../../../test/support/duties.ts';
import { operator } from '../../../test/support/fleet.ts';
import { pcIdOf } from '../../../test/support/ids.ts';
import { startNatsServer } from '../../../test/support/nats-server.ts';
import { tempDir } from '../../../test/support/temp.ts';
import { silentLogger } from '../../base/logger.ts';
import type { Bus, BusMessage } from '../bus/bus.ts';
import { startLogsFetch } from './logs-fetch.ts';

const SUBJECT = 'logs.fetch.PC-A';
const TODAY_MS = Date.parse('2026-11-24T12:00:00Z');

async function stage(files: Record<string, string>, keepDays = 14, answerWithinMs = 10_000) {
  const directory = tempDir();
  for (const [name, content] of Object.entries(files)) writeFileSync(join(directory, name), content);
  const server = await startNatsServer();
  const bus = await agentBus(server, 'PC-A');
  const pathTemplate = join(directory, 'agent.log');
  during(
    startLogsFetch({
      pcId: pcIdOf('PC-A'),
      bus,
      pathTemplate,
      keepDays,
      log: silentLogger,
      nowMs: () => TODAY_MS,
      answerWithinMs,
    }),
  );
  return { nc: await operator(server), directory };
}

test('the newest daily file of ours is answered with its last lines; 500 unless the request can be read', async () => {
  const many = Array.from({ length: 600 }, (_, index) => `line ${index}`);
  const { nc } = await stage({
    'agent.2026-11-23.log': 'yesterday\n',
    'agent.2026-11-24.log': `${many.join('\n')}\n`,
    'agent.2026-11-25.txt': 'something else\n',
    'agents.2026-11-26.log': 'another program\n',
    'agent.log': 'without a date\n',
    'agent.2026-11-26.log': 'of a day to come\n',
    'agent.2026-11-31.log': 'no day at all\n',
    'agent.old.log': 'kept by somebody\n',
  });
  expect(await ask(nc, SUBJECT, '{"tail_lines":3}')).toBe('line 597\nline 598\nline 599\n');
  expect(await ask(nc, SUBJECT, '{"tail_lines":0}')).toBe('');
  for (const body of ['', '{}', '{"tail_lines":-1}', '{"tail_lines":1e3}', 'nonsense']) {
    expect(await ask(nc, SUBJECT, body)).toBe(`${many.slice(100).join('\n')}\n`);
  }
});

test('without a daily file the template itself is read', async () => {
  const { nc } = await stage({ 'agent.log': 'plain\n' });
  expect(await ask(nc, SUBJECT)).toBe('plain\n');
});

test('a log that is not there, not readable or not kept is answered as text that says so', async () => {
  const { nc } = await stage({});
  expect(await ask(nc, SUBJECT)).toMatch(/^logs\.fetch: read log file .*agent\.log: ENOENT/);
  const { nc: second, directory } = await stage({});
  mkdirSync(join(directory, 'agent.2026-11-24.log'));
  expect(await ask(second, SUBJECT)).toMatch(/^logs\.fetch: read log file .*agent\.2026-11-24\.log: /);
  const { nc: third } = await stage({ 'agent.log': 'old\n' }, 0);
  expect(await ask(third, SUBJECT)).toBe('logs.fetch: no log file is kept on this PC: keep_days is 0');
});

test('many requests at once are served one by one, and those above the limit are told', async () => {
  const { nc } = await stage({ 'agent.log': `${'x'.repeat(500_000)}\n` });
  await ask(nc, SUBJECT, '{"tail_lines":0}');
  const answers = await Promise.all(Array.from({ length: 40 }, () => ask(nc, SUBJECT)));
  const served = answers.filter((answer) => answer.startsWith('x')).length;
  const refused = answers.filter((answer) => answer === 'logs.fetch: too many requests at once').length;
  expect(served).toBeGreaterThanOrEqual(8);
  expect(served + refused).toBe(40);
});

test('a request that names no one to answer harms nothing', async () => {
  const { nc } = await stage({ 'agent.log': 'here\n' });
  nc.publish(SUBJECT, '{"tail_lines":1}');
  expect(await ask(nc, SUBJECT)).toBe('here\n');
});

test('a request that can not be answered is not the end of those that follow', async () => {
  const directory = tempDir();
  writeFileSync(join(directory, 'agent.log'), 'here\n');
  const requests: ((message: BusMessage) => void)[] = [];
  const bus: Pick<Bus, 'subscribe'> = {
    subscribe: (_subject, handler) => {
      requests.push(handler);
      return { close() {} };
    },
  };
  const pathTemplate = join(directory, 'agent.log');
  during(startLogsFetch({ pcId: pcIdOf('PC-A'), bus, pathTemplate, keepDays: 14, log: silentLogger }));
  const message = { subject: SUBJECT, data: new Uint8Array(), reply: 'r' };
  const answer = Promise.withResolvers<string>();
  const gone = () => {
    throw new Error('the connection is gone');
  };
  requests[0]?.({ ...message, respond: gone });
  requests[0]?.({
    ...message,
    respond: (data) => {
      answer.resolve(Buffer.from(data ?? []).toString());
      return true;
    },
  });
  expect(await answer.promise).toBe('here\n');
});

test.skipIf(process.platform === 'win32')('a log that does not answer is said in time, to each', async () => {
  const { nc, directory } = await stage({}, 14, 50);
  // To read a pipe waits for a writer.
  execFileSync('mkfifo', [join(directory, 'agent.2026-11-24.log')]);
  const answers = await Promise.all([ask(nc, SUBJECT), ask(nc, SUBJECT)]);
  expect(answers).toEqual(Array.from({ length: 2 }, () => 'logs.fetch: the log file does not answer'));
  const writer = openSync(join(directory, 'agent.2026-11-24.log'), 'w');
  onTestFinished(() => closeSync(writer));
});
