/** For how long an agent's event loop was held at a stretch, told by loop-watch.mjs inside of it. */
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { until } from '../scripts/lib/waiting.ts';
import type { Bench } from './bench.ts';
import { type Agent, loopFile } from './contenders.ts';

const ANSWER_MS = 20_000;

/** The longest hold since the last call, ms. */
export async function longestHoldMs(bench: Bench, agent: Agent): Promise<number> {
  const file = loopFile(agent.directory);
  rmSync(file, { force: true });
  process.kill(agent.pid, 'SIGUSR2');
  await until('the agent tells of its event loop', () => written(file).endsWith('\n'), {
    timeoutMs: ANSWER_MS,
    signal: bench.signal,
  });
  return Number(written(file));
}

function written(file: string): string {
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}
