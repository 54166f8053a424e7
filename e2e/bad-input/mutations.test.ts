/**
 * Captured messages with seeded damage, through the real way of a command. Whatever comes, nothing crashes, every message is
 * acknowledged, no command is answered twice, and a good command after each hundred still ends in its result.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { decodeHeartbeat } from '../../src/agent/wire/heartbeat.ts';
import { decodeTailRequest } from '../../src/agent/wire/live-tail.ts';
import { decodeLogsRequest } from '../../src/agent/wire/logs-request.ts';
import { decodeManifest } from '../../src/agent/wire/manifest.ts';
import { decodeResult } from '../../src/agent/wire/result.ts';
import { fixtureMessages, fixtureNames } from '../fixtures/read.ts';
import { eventually } from '../support/bus.ts';
import { commandText } from './command-text.ts';
import { type Mutate, mutator, seededRandom } from './mutate.ts';
import { OWN_SUBJECT, PC, Pipeline } from './pipeline.ts';

const MUTATIONS = 20_000;
const BATCH = 100;
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
  for (let done = 0, round = 0; done < MUTATIONS; round += 1) {
    const acks = Array.from({ length: BATCH - receivers.length * 4 }, () =>
      agent.deliver(mutate(pick(commands, mutate)), OWN_SUBJECT),
    );
    for (const receive of receivers) for (let i = 0; i < 4; i += 1) receive(mutate);
    await Promise.all(acks);
    done += BATCH;
    const good = `good-${round}`;
    await agent.deliver(commandText(good, { id: '"adhoc-run"' }));
    await eventually(() => expect(agent.bus.published.some(({ subject }) => subject === `results.${good}`)).toBe(true));
  }
  const ids = new Map<string, Set<string>>();
  for (const { request_id, result_id } of agent.results()) {
    ids.set(request_id, (ids.get(request_id) ?? new Set()).add(result_id));
  }
  expect([...ids].filter(([, results]) => results.size > 1)).toEqual([]);
  expect(agent.log.filter(({ level, message }) => level === 'error' && /bug|failed$/.test(message))).toEqual([]);
});

/** What else arrives: watched keys, requests, and what is read from files of the original. */
function receiversOf(agent: Pipeline): ((mutate: Mutate) => void)[] {
  const config = payloads('kv_agent_config').filter(({ length }) => length > 0);
  const groups = payloads('kv_agent_groups');
  const jobs = payloads('kv_jobs');
  const results = payloads('result_');
  const heartbeats = payloads('heartbeat');
  const requests = payloads('logs_fetch');
  return [
    (mutate) => agent.put('agent_config', 'global', mutate(pick(config, mutate))),
    (mutate) => agent.put('agent_groups', PC, mutate(pick(groups, mutate))),
    (mutate) => void decodeManifest(mutate(pick(jobs, mutate))),
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
