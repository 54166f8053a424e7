/** Schedules that the agent fires itself, with the built agent and a real broker: what a crash and a restart make of a fire. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startAgent } from '../../test/support/agent.ts';
import { eventually } from '../../test/support/eventually.ts';
import { countStored, type ExecResult, provisionedOperator, putKey } from '../../test/support/fleet.ts';
import { startNatsServer } from '../../test/support/nats-server.ts';
import { appends, SHELL, waitsFor } from '../../test/support/scripts.ts';
import { tempDir } from '../../test/support/temp.ts';

const PC = 'PC-OURS';

async function fleetWith(script: string, schedule: object) {
  const server = await startNatsServer();
  const nc = await provisionedOperator(server);
  const job = {
    id: 'job',
    version: '1.0.0',
    description: 'Disk clean-up',
    execute: { shell: SHELL, script, timeout: '30s' },
  };
  await putKey(nc, 'jobs', 'job', JSON.stringify(job));
  const document = { id: 's', job_id: 'job', target: { all: true }, runs_on: 'agent', ...schedule };
  await putKey(nc, 'schedules', 's', JSON.stringify(document));
  const results: ExecResult[] = [];
  nc.subscribe('results.>', { callback: (_error, message) => void results.push(message.json<ExecResult>()) });
  const agent = await startAgent({ server, nc, pcId: PC });
  return { server, nc, agent, results };
}

const lines = (file: string) => (existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : []);

test('a fire that a crash interrupts ends as 121, once, and the schedule goes on', async () => {
  const directory = tempDir();
  const [file, go] = [join(directory, 'ran'), join(directory, 'go')];
  const script = `${appends(file, 'x')}; ${waitsFor(go)}`;
  const { agent, results } = await fleetWith(script, { cron: '* * * * * *' });
  await eventually(() => expect(lines(file)).toHaveLength(1));
  await agent.kill();
  writeFileSync(go, '');
  await agent.start();
  await eventually(() => expect(results.some(({ exit_code: code }) => code === 0)).toBe(true));
  expect(results.filter(({ exit_code: code }) => code === 121)).toHaveLength(1);
  expect(results[0]).toMatchObject({ exit_code: 121, manifest_id: 'job', exec_id: expect.any(String), skipped: false });
});

test('restarts within the second fire nothing twice for it: no time has two runs, and every run has one result', async () => {
  const file = join(tempDir(), 'ran');
  const { agent, results, nc } = await fleetWith(appends(file, 'x'), { cron: '* * * * * *' });
  for (let restart = 0; restart < 4; restart++) {
    const before = lines(file).length;
    await eventually(() => expect(lines(file).length).toBeGreaterThan(before));
    await agent.kill();
    await agent.start();
  }
  const before = lines(file).length;
  await eventually(() => expect(lines(file).length).toBeGreaterThan(before));
  await agent.stop();
  // A result whose acknowledgement a crash has cut off is sent again, under its own id, and is stored once.
  const fires = new Set(results.map(({ request_id: id }) => id));
  expect(new Set(results.map(({ result_id: id }) => id)).size).toBe(fires.size);
  expect(await countStored(nc, 'RESULTS', 'results.>')).toBe(fires.size);
});

test('is shown by its name, as scheduled on this PC, with its next time and its last outcome', async () => {
  const { agent } = await fleetWith('exit 3', { cron: '* * * * * *' });
  const client = await agent.connect();
  await eventually(async () => {
    expect(await client.call('schedules.list', {})).toMatchObject([
      {
        title: { kind: 'text', text: 'Disk clean-up' },
        nextAtMs: expect.any(Number),
        last: { state: 'finished', reason: 'FAILED', exitCode: 3 },
      },
    ]);
  });
  const { rows } = await client.call('runs.list', {});
  expect(rows[0]).toMatchObject({ source: 'schedule', title: { kind: 'text', text: 'Disk clean-up' } });
  const status = await client.call('state.snapshot', {});
  expect(status.schedules).toMatchObject({ count: 1, notUnderstood: 0, frozen: false });
  expect((await client.call('about.capabilities', {})).methods).toContain('schedules.list');
});
