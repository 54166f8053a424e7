/** SIGKILL at any moment: every command ends in one result, nothing runs twice, nothing is left running (invariants 3, 4). */
import { randomInt, randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { NatsConnection } from '@nats-io/transport-node';
import { expect, test } from 'vitest';
import { sleep } from '../../src/base/sleep.ts';
import { AgentRun, settings } from '../../test/support/agent-run.ts';
import { info } from '../../test/support/bus.ts';
import { eventually } from '../../test/support/eventually.ts';
import {
  api,
  command,
  countStored,
  provisionedOperator,
  publishCommand,
  STREAMS,
  waitForResult,
} from '../../test/support/fleet.ts';
import { heartbeatAfter } from '../../test/support/heartbeats.ts';
import { startNatsServer } from '../../test/support/nats-server.ts';
import { seededRandom } from '../../test/support/random.ts';
import { isAlive } from '../../test/support/running-scripts.ts';
import { appends, appendsPid, leavesBehind, pidsIn, waitsFor } from '../../test/support/scripts.ts';

const MINE = 'commands.pc.PC-OURS';
const IS_WINDOWS = process.platform === 'win32';
/** PowerShell takes a second to start. */
const [KILLS, LONGEST_PAUSE_MS] = IS_WINDOWS ? [8, 1_000] : [25, 60];
const DURABLE = 'agent_replay_PC-OURS';
const ALL_ENDED_MS = 120_000;

const lines = (file: string) => (existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : []);

/** As `results.<request_id>` says, in the order of storing. */
async function storedResults(nc: NatsConnection): Promise<Map<string, { result_id: string; exit_code: number }[]>> {
  const { state } = (await api(nc, 'STREAM.INFO.RESULTS')) as { state: { last_seq: number } };
  const found = new Map<string, { result_id: string; exit_code: number }[]>();
  for (let seq = 1; seq <= state.last_seq; seq++) {
    const { message } = (await api(nc, 'STREAM.MSG.GET.RESULTS', { seq })) as { message: { data: string } };
    const result = JSON.parse(Buffer.from(message.data, 'base64').toString());
    found.set(result.request_id, [...(found.get(result.request_id) ?? []), result]);
  }
  return found;
}

test(`killed ${KILLS} times during a stream of commands: one result each, none run twice`, async () => {
  const seed = Number(process.env.KANADE_TRAY_SEED ?? randomInt(2 ** 31));
  process.stdout.write(`crash test: KANADE_TRAY_SEED=${seed}\n`);
  const random = seededRandom(seed);
  const server = await startNatsServer();
  const nc = await provisionedOperator(server);
  // The fleet's stream keeps one command of a subject; here none may be lost before it has reached the agent.
  await api(nc, 'STREAM.UPDATE.EXEC', {
    ...STREAMS.find(({ name }) => name === 'EXEC'),
    num_replicas: 1,
    max_msgs_per_subject: -1,
  });
  const agent = new AgentRun({ toml: settings(server) });
  // Each command its own file: on Windows two that write to one are in each other's way.
  const ran = join(agent.directory, 'ran');
  mkdirSync(ran);
  const startedAt = performance.now();
  await heartbeatAfter(nc, 'PC-OURS', agent);
  // On a machine that is busy a start takes longer; lives that end before it is over show little.
  const longestLifeMs = Math.max(600, 2 * (performance.now() - startedAt));
  // What a dead process held un-acknowledged comes again after two seconds instead of 30.
  const { config } = await eventually(() => info(nc, `CONSUMER.INFO.EXEC.${DURABLE}`));
  const soon = { stream_name: 'EXEC', config: { ...config, ack_wait: 2_000_000_000 } };
  await api(nc, `CONSUMER.CREATE.EXEC.${DURABLE}`, soon);

  const sent: string[] = [];
  for (let kill = 0; kill < KILLS; kill++) {
    // At any moment: while starting, settling the last crash, taking in, starting, running, ending, delivering.
    const lifeMs = random() * longestLifeMs;
    const until = performance.now() + lifeMs;
    while (performance.now() < until) {
      const id = randomUUID();
      const napSecs = random() < 0.2 ? 1 : random() * 0.05;
      const script = `${appends(join(ran, id), 'x')}; sleep ${napSecs.toFixed(3)}; echo ended`;
      const jitter = random() < 0.1 ? 2 : null;
      sent.push(await publishCommand(nc, MINE, command({ request_id: id, script, jitter_secs: jitter })));
      await sleep(random() * LONGEST_PAUSE_MS);
    }
    expect(await agent.end('SIGKILL')).toEqual({ code: null, signal: 'SIGKILL' });
    agent.start();
  }

  expect(sent.length).toBeGreaterThan(KILLS);
  await eventually(async () => {
    expect(await countStored(nc, 'RESULTS', 'results.>')).toBeGreaterThanOrEqual(sent.length);
  }, ALL_ENDED_MS);
  // Nothing comes after: all is acknowledged, nothing is queued.
  const client = await agent.connect();
  await eventually(async () => {
    const snapshot = await client.call('state.snapshot', {});
    expect(snapshot.outbox).toMatchObject({ waiting: 0, parked: 0 });
    expect(snapshot.now).toMatchObject({ running: [], waitingCount: 0 });
  });
  expect(await agent.end('SIGTERM')).toEqual({ code: 0, signal: null });

  const results = await storedResults(nc);
  expect([...results.keys()].sort()).toEqual([...sent].sort());
  const files = new Set(readdirSync(ran));
  const wrong = sent.flatMap((id) => {
    const own = results.get(id) ?? [];
    const codes = [...new Set(own.map(({ exit_code }) => exit_code))];
    const ids = new Set(own.map(({ result_id }) => result_id));
    const times = files.has(id) ? lines(join(ran, id)).length : 0;
    const right =
      ids.size === 1 && codes.length === 1 && (codes[0] === 0 ? times === 1 : codes[0] === 121 && times <= 1);
    return right && own.length === 1 ? [] : [{ id, results: own.length, ids: ids.size, codes, times }];
  });
  expect(wrong).toEqual([]);
  // Both kinds of end were seen, or this has shown nothing.
  const codes = new Set([...results.values()].flat().map(({ exit_code }) => exit_code));
  expect([...codes].sort((a, b) => a - b)).toEqual([0, 121]);
}, 400_000);

test('what is left of an interrupted script is ended before its 121 goes out, a child with a session of its own too', async () => {
  const server = await startNatsServer();
  const nc = await provisionedOperator(server);
  const agent = new AgentRun({ toml: settings(server) });
  await heartbeatAfter(nc, 'PC-OURS', agent);
  const file = join(agent.directory, 'pids');
  const script = `${appendsPid(file)}; ${leavesBehind(file)} ${leavesBehind(file)} sleep 300`;
  const id = await publishCommand(nc, MINE, command({ script, timeout_secs: 600 }));
  await eventually(() => expect(lines(file)).toHaveLength(3));
  const tree = pidsIn(file);
  await agent.end('SIGKILL');
  // On Windows they are in a job, which ends with the agent.
  if (!IS_WINDOWS) expect(tree.filter(isAlive)).toEqual(tree);

  const alive: number[][] = [];
  nc.subscribe(`results.${id}`, { callback: () => void alive.push(tree.filter(isAlive)) });
  await nc.flush();
  agent.start();
  expect(await waitForResult(nc, id)).toMatchObject({ exit_code: 121, skipped: false, stdout: '' });
  await eventually(() => expect(alive).toEqual([[]]));
  expect(lines(file)).toHaveLength(3);
});

test('an interrupted script that has ended by itself meanwhile is answered 121 too, its outcome is unknown', async () => {
  const server = await startNatsServer();
  const nc = await provisionedOperator(server);
  const agent = new AgentRun({ toml: settings(server) });
  await heartbeatAfter(nc, 'PC-OURS', agent);
  const go = join(agent.directory, 'go');
  const file = join(agent.directory, 'pids');
  // It ends while the agent is dead; nothing of it is left when the next one looks.
  const script = `${appendsPid(file)}; ${waitsFor(go)}`;
  const id = await publishCommand(nc, MINE, command({ script, timeout_secs: 600 }));
  await eventually(() => expect(lines(file)).toHaveLength(1));
  await agent.end('SIGKILL');
  writeFileSync(go, '');
  await eventually(() => expect(pidsIn(file).filter(isAlive)).toEqual([]));
  agent.start();
  expect(await waitForResult(nc, id)).toMatchObject({ exit_code: 121 });
});
