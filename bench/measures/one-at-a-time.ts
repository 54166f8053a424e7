/** Closed loop: the next command goes out when the result of the last one is stored. Latency, and CPU of the agent. */
import type { Bench } from '../bench.ts';
import { quantile } from '../book.ts';
import type { Agent, Contender } from '../contenders.ts';
import { cpuMsBetween, readCpu } from '../process-figures.ts';

const RESULT_MS = 10_000;

export async function oneAtATime(bench: Bench): Promise<void> {
  for (let round = 0; round < bench.sizes.rounds; round += 1) {
    for (const contender of bench.order(round)) {
      await bench.withAgent(contender, {}, (agent) => measure(bench, contender, agent));
    }
  }
}

async function measure(bench: Bench, contender: Contender, agent: Agent): Promise<void> {
  const { single, singleOriginal, warmUp } = bench.sizes;
  const count = contender === 'original' ? singleOriginal : single;
  for (let i = 0; contender !== 'original' && i < warmUp; i += 1) await once(bench, agent);
  const storedMs: number[] = [];
  const endedMs: number[] = [];
  const before = readCpu(agent.pid);
  for (let i = 0; i < count; i += 1) {
    const times = await once(bench, agent);
    storedMs.push(times.storedMs);
    endedMs.push(times.endedMs);
  }
  const cpuMs = cpuMsBetween(before, readCpu(agent.pid));
  bench.book.add('stored-p50', contender, quantile(storedMs, 0.5));
  bench.book.add('stored-p99', contender, quantile(storedMs, 0.99));
  bench.book.add('ended-p50', contender, quantile(endedMs, 0.5));
  bench.book.add('single-cpu', contender, cpuMs / count);
}

async function once(bench: Bench, agent: Agent): Promise<{ storedMs: number; endedMs: number }> {
  const name = `single-${bench.serial()}`;
  const publishedMs = bench.publish(agent, name, `echo hello; ${bench.ends.mark(name)}`);
  const storedMs = (await bench.results.stored(name, RESULT_MS, bench.signal)) - publishedMs;
  const endedMs = (await bench.ends.ended(name, RESULT_MS, bench.signal)) - publishedMs;
  return { storedMs, endedMs };
}
