import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { agentBus, configCell, during } from '../../../test/support/duties.ts';
import { eventually } from '../../../test/support/eventually.ts';
import { operator } from '../../../test/support/fleet.ts';
import { pcIdOf } from '../../../test/support/ids.ts';
import { startNatsServer } from '../../../test/support/nats-server.ts';
import { tempDir } from '../../../test/support/temp.ts';
import { systemClock } from '../../base/clock.ts';
import { silentLogger } from '../../base/logger.ts';
import { liveTailSubject } from '../wire/subjects.ts';
import { startHeartbeat } from './heartbeat.ts';
import { startLiveTail } from './live-tail.ts';
import { startLogsFetch } from './logs-fetch.ts';

const PC = pcIdOf('PC-A');
const SMALL_BYTES = 64 * 1024;

/** A broker that takes less than we may say at once. */
async function smallBroker(maxBytes = SMALL_BYTES) {
  const server = await startNatsServer({ config: `max_payload: ${maxBytes}` });
  const bus = await agentBus(server, PC);
  const nc = await operator(server);
  const ask = (subject: string, body = '') =>
    eventually(async () => (await nc.request(subject, body, { timeout: 5_000 })).data);
  return { bus, nc, ask };
}

test('a log that it does not take is answered with its end', async () => {
  const { bus, ask } = await smallBroker();
  const pathTemplate = join(tempDir(), 'agent.log');
  writeFileSync(pathTemplate, `${`${'\u65e5'.repeat(300)}\n`.repeat(400)}last\n`);
  during(startLogsFetch({ pcId: PC, bus, pathTemplate, keepDays: 14, log: silentLogger }));
  const answer = Buffer.from(await ask('logs.fetch.PC-A', JSON.stringify({ tail_lines: 400 }))).toString();
  expect(answer.length).toBeGreaterThan(5_000);
  expect(answer).toMatch(/\u65e5\nlast\n$/);
  expect(answer).not.toContain('\ufffd');
});

test('an output that it does not take is answered with its end', async () => {
  const { bus, ask } = await smallBroker();
  const stdout = `${'\0'.repeat(60_000)}last`;
  const tail = { running: true, stdout, stderr: '', stdoutCut: false, stderrCut: false };
  during(startLiveTail({ pcId: PC, bus, tails: { tail: () => tail } }));
  const answer = JSON.parse(Buffer.from(await ask(liveTailSubject(PC), JSON.stringify({ result_id: 'x' }))).toString());
  expect(answer).toMatchObject({ found: true, running: true, stdout_truncated: true, stderr_truncated: false });
  expect(answer.stdout).toMatch(/last$/);
});

test('a heartbeat that it does not take ends nothing', async () => {
  const { bus, nc } = await smallBroker(200);
  let beats = 0;
  const body = {
    next() {
      beats += 1;
      return { atNs: 0n, bytes: new Uint8Array(beats === 1 ? 300 : 100) };
    },
  };
  const config = configCell({ heartbeatIntervalMs: 50 });
  const heard: number[] = [];
  nc.subscribe('heartbeat.PC-A', { callback: (_, { data }) => void heard.push(data.length) });
  await nc.flush();
  const options = { pcId: PC, bus, body, config, clock: systemClock, log: silentLogger, onSecondAgent() {} };
  during(startHeartbeat(options));
  await eventually(() => expect(heard).toContain(100));
  expect(heard).not.toContain(300);
});
