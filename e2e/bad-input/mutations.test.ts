/**
 * Captured messages with seeded damage, through the real way of a command. Whatever comes, nothing crashes, every message is
 * acknowledged, no command is answered twice, and a good command after each hundred still ends in its result.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, onTestFinished, test } from 'vitest';
import { takeOver } from '../../src/agent/results/takeover.ts';
import { decodeHeartbeat } from '../../src/agent/wire/heartbeat.ts';
import { decodeTailRequest } from '../../src/agent/wire/live-tail.ts';
import { decodeLogsRequest } from '../../src/agent/wire/logs-request.ts';
import { decodeResult } from '../../src/agent/wire/result.ts';
import { silentLogger } from '../../src/base/logger.ts';
import { fixtureMessages, fixtureNames, fixtureValue } from '../../test/fixtures/read.ts';
import { eventually } from '../../test/support/eventually.ts';
import { seededRandom } from '../../test/support/random.ts';
import { testStore } from '../../test/support/store.ts';
import { tempDir } from '../../test/support/temp.ts';
import { commandText } from './command-text.ts';
import { type Mutate, mutator } from './mutate.ts';
import { OWN_SUBJECT, PC, Pipeline } from './pipeline.ts';

const MUTATIONS = 20_000;
const BATCH = 100;
const SETTLED_ROUNDS = 20;
const MAX_GROWTH_BYTES = 64 * 1024 * 1024;
/** Print it with a failure, set it to see the same damage again. */
const SEED = Number(process.env.MUTATION_SEED ?? Date.now() % 2 ** 31);

const payloads = (prefix: string) =>
  fixtureNames
    .filter((name) => name.startsWith(prefix))
    .flatMap((name) => fixtureMessages(name))
    .map(({ payload }) => Buffer.from(payload));

test(`${MUTATIONS} damaged messages, seed ${SEED} (MUTATION_SEED)`, { timeout: 120_000 }, async () => {
  const directory = mkdtempSync(join(tmpdir(), 'kanade-tray-mutations-'));
  const agent = new Pipeline(directory);
  onTestFinished(async () => {
    await agent.close();
    rmSync(directory, { recursive: true, force: true });
  });
  const mutate = mutator(seededRandom(SEED));
  const commands = payloads('command_');
  const receivers = receiversOf(agent);
  let settledBytes = 0;
  const leave = leftBehind();
  let sent = 0;
  for (let done = 0, round = 0; done < MUTATIONS; round += 1) {
    const acks = Array.from({ length: BATCH - (receivers.length + 1) * 4 }, () =>
      agent.deliver(mutate(asNew(pick(commands, mutate), ++sent)), OWN_SUBJECT),
    );
    for (const receive of receivers) for (let i = 0; i < 4; i += 1) receive(mutate);
    await Promise.all([...acks, leave(mutate)]);
    done += BATCH;
    const good = `good-${round}`;
    await agent.deliver(commandText(good, { id: '"adhoc-run"' }));
    await eventually(() => expect(agent.bus.published.some(({ subject }) => subject === `results.${good}`)).toBe(true));
    if (round === SETTLED_ROUNDS) settledBytes = heapBytes();
  }
  // Most of it is what the test itself keeps: every result that was sent, every line that was logged.
  expect(heapBytes() - settledBytes).toBeLessThan(MAX_GROWTH_BYTES);
  // What waits is what a jitter has; everything else has ended, or ends: the jitter of one may be over in this moment.
  const leftOpen = () => agent.store.inbox.open(MUTATIONS).filter(({ state }) => state !== 'waiting_jitter');
  await eventually(() => expect(leftOpen()).toEqual([]));
  const reasons = agent.store.history.countByReason({});
  // Else the damage were too coarse to get past the reader, or too fine to be noticed by it.
  for (const reason of ['BAD_MESSAGE', 'DONE', 'VERSION_PIN', 'REVOKED', 'UNSUPPORTED'] as const) {
    expect(reasons[reason], reason).toBeGreaterThan(MUTATIONS / 400);
  }
  await agent.sent();
  const ended = agent.store.history
    .list({}, Number.POSITIVE_INFINITY, 2 * MUTATIONS)
    .filter(({ requestId, reason }) => requestId !== null && reason !== null && reason !== 'CONFLICT');
  const results = agent.results().map(({ request_id, result_id }) => `${request_id} ${result_id}`);
  expect(results.sort()).toEqual(ended.map(({ requestId, resultId }) => `${requestId} ${resultId}`).sort());
  expect(agent.log.filter(({ level, message }) => level === 'error' && /bug|failed$/.test(message))).toEqual([]);
});

/** The same command under an id of its own: else all but the first were conflicts, which nobody reads any further. */
function asNew(message: Buffer, number: number): Buffer {
  return Buffer.from(message.toString().replace(/"request_id":"[^"]*"/, `"request_id":"damaged-${number}"`));
}

/** Files of the original agent, taken over into a store of their own. */
function leftBehind(): (mutate: Mutate) => Promise<void> {
  const data = tempDir();
  const store = testStore(join(data, 'kanade-tray'));
  const outbox = join(data, 'outbox');
  const { content } = fixtureValue('local_outbox') as { content: string };
  const completions = Buffer.from(String(fixtureValue('local_completions')));
  return async (mutate) => {
    mkdirSync(outbox);
    for (const name of ['a', 'b', 'c']) writeFileSync(join(outbox, `${name}.json`), mutate(Buffer.from(content)));
    writeFileSync(join(data, 'local_completions.json'), mutate(completions));
    const { results, parked } = await takeOver(data, store, 1, () => null, silentLogger);
    expect(results + parked).toBe(3);
    rmSync(outbox, { recursive: true });
  };
}

/** What is in use, without what only waits to be collected. */
function heapBytes(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  return process.memoryUsage().heapUsed;
}

/** What else arrives: watched keys, requests, and what is read from files of the original. */
function receiversOf(agent: Pipeline): ((mutate: Mutate) => void)[] {
  const config = payloads('kv_agent_config').filter(({ length }) => length > 0);
  const groups = payloads('kv_agent_groups');
  const jobs = payloads('kv_jobs');
  const pins = payloads('kv_script_current');
  const statuses = payloads('kv_script_status');
  const read = (bucket: string, key: string, value: Buffer) =>
    void agent.bus.kv.set(`${bucket}/${key}`, { kind: 'value', value, revision: 1 });
  const results = payloads('result_');
  const heartbeats = payloads('heartbeat');
  const requests = payloads('logs_fetch');
  return [
    (mutate) => agent.put('agent_config', 'global', mutate(pick(config, mutate))),
    (mutate) => agent.put('agent_groups', PC, mutate(pick(groups, mutate))),
    (mutate) => read('jobs', 'echo-test', mutate(pick(jobs, mutate))),
    (mutate) => read('script_current', 'full-job', mutate(pick(pins, mutate))),
    (mutate) => read('script_status', 'echo-test', mutate(pick(statuses, mutate))),
    (mutate) => void decodeResult(mutate(pick(results, mutate))),
    (mutate) => {
      decodeHeartbeat(mutate(pick(heartbeats, mutate)));
      decodeLogsRequest(mutate(pick(requests, mutate)));
      decodeTailRequest(mutate(pick(requests, mutate)));
    },
  ];
}

function pick(from: readonly Buffer[], { random }: Mutate): Buffer {
  const found = from[Math.floor(random() * from.length)];
  if (found === undefined) throw new Error('there is nothing to damage');
  return found;
}
