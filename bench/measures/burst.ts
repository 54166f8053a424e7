/** Many commands at once: the rate until all results are stored, CPU for each, the most memory. Beside it bare spawns. */
import { execFile } from 'node:child_process';
import { delimiter } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Bench } from '../bench.ts';
import { type Agent, type Contender, PARALLEL } from '../contenders.ts';
import { cpuMsBetween, readCpu, readMemory } from '../process-figures.ts';

const SCRIPT = 'echo hello';
const BARE_SPAWN = fileURLToPath(new URL('../bare/spawn.mjs', import.meta.url));
const BURST_MS = 60_000;

export async function burst(bench: Bench): Promise<void> {
  for (let round = 0; round < bench.sizes.rounds; round += 1) {
    for (const contender of bench.order(round)) {
      await bench.withAgent(contender, {}, (agent) => measure(bench, contender, agent));
    }
    await bareSpawns(bench);
  }
}

async function measure(bench: Bench, contender: Contender, agent: Agent): Promise<void> {
  const { burst: count } = bench.sizes;
  const before = readCpu(agent.pid);
  bench.book.add('burst-rate', contender, await sendBurst(bench, agent, count));
  bench.book.add('burst-cpu', contender, cpuMsBetween(before, readCpu(agent.pid)) / count);
}

/** So many that a tick of the original's outbox, which polls once a second, decides nothing; and the most memory. */
export async function longBurst(bench: Bench): Promise<void> {
  for (let round = 0; round < bench.sizes.longRounds; round += 1) {
    for (const contender of bench.order(round)) {
      await bench.withAgent(contender, {}, async (agent) => {
        bench.book.add('long-burst-rate', contender, await sendBurst(bench, agent, bench.sizes.longBurst));
        bench.book.add('rss-peak', contender, readMemory(agent.pid).peakMb);
      });
    }
  }
}

/** Returns the rate per second until all results are stored. */
export async function sendBurst(bench: Bench, agent: Agent, count: number): Promise<number> {
  bench.results.reset();
  const firstMs = performance.now();
  for (let i = 0; i < count; i += 1) bench.publish(agent, `burst-${bench.serial()}`, SCRIPT);
  const { lastMs } = await bench.results.count(count, BURST_MS, bench.signal);
  return count / ((lastMs - firstMs) / 1000);
}

async function bareSpawns(bench: Bench): Promise<void> {
  const args = [BARE_SPAWN, String(bench.sizes.burst), String(PARALLEL), SCRIPT];
  const env = { ...process.env, PATH: `${bench.standIn.directory}${delimiter}${process.env.PATH ?? ''}` };
  const { stdout } = await promisify(execFile)(bench.programs.node, args, { env, signal: bench.signal });
  const { perSecond, cpuMsEach } = JSON.parse(stdout);
  bench.book.addLimit('spawn-rate', Number(perSecond));
  bench.book.addLimit('spawn-cpu', Number(cpuMsEach));
}
