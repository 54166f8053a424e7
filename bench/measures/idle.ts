/** Nothing to do: CPU and memory of all agents over the same time, side by side. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Bench } from '../bench.ts';
import type { Agent } from '../contenders.ts';
import { cpuMsBetween, readCpu, readMemory } from '../process-figures.ts';

export async function idle(bench: Bench): Promise<void> {
  for (let round = 0; round < bench.sizes.idleRounds; round += 1) {
    const agents: Agent[] = [];
    try {
      for (const contender of bench.order(round)) agents.push((await bench.start(contender)).agent);
      await rest(bench, agents);
    } finally {
      await Promise.all(agents.map((agent) => agent.stop()));
    }
  }
}

async function rest(bench: Bench, agents: readonly Agent[]): Promise<void> {
  await delay(bench.sizes.settleMs, undefined, { signal: bench.signal });
  const before = agents.map((agent) => readCpu(agent.pid));
  await delay(bench.sizes.idleMs, undefined, { signal: bench.signal });
  const after = agents.map((agent) => readCpu(agent.pid));
  for (const [i, { contender, pid }] of agents.entries()) {
    const [first, last] = [before[i], after[i]];
    if (first && last) bench.book.add('idle-cpu', contender, cpuMsBetween(first, last));
    bench.book.add('rss-idle', contender, readMemory(pid).rssMb);
  }
}
