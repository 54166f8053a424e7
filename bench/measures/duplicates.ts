/** One message again and again: what a delivery costs that only has to be recognised. */
import { command } from '../../scripts/lib/fleet.ts';
import { until } from '../../scripts/lib/waiting.ts';
import type { Bench } from '../bench.ts';
import { consumerDeliveries, consumerIdle } from '../consumer.ts';
import type { Agent, Contender } from '../contenders.ts';
import { cpuMsBetween, readCpu } from '../process-figures.ts';

const CHUNK = 500;
const DONE_MS = 60_000;
const US_PER_MS = 1_000;

export async function duplicates(bench: Bench): Promise<void> {
  for (let round = 0; round < bench.sizes.rounds; round += 1) {
    for (const contender of bench.order(round)) {
      await bench.withAgent(contender, {}, (agent) => measure(bench, contender, agent));
    }
  }
}

async function measure(bench: Bench, contender: Contender, agent: Agent): Promise<void> {
  const name = `twice-${bench.serial()}`;
  const body = JSON.stringify(
    command({ id: 'bench', version: '1.0.0', request_id: name, shell: 'powershell', script: 'echo hello' }),
  );
  const subject = `commands.pc.${agent.pcId}`;
  bench.nc.publish(subject, body);
  await bench.results.stored(name, DONE_MS, bench.signal);
  await allTaken(bench, agent);
  bench.results.reset();
  const deliveredBefore = await consumerDeliveries(bench.nc, agent);
  const before = readCpu(agent.pid);
  for (let sent = 0; sent < bench.sizes.duplicates; sent += CHUNK) {
    const chunk = Math.min(CHUNK, bench.sizes.duplicates - sent);
    for (let i = 0; i < chunk; i += 1) bench.nc.publish(subject, body);
    await bench.nc.flush();
  }
  // Behind all of them in the queue; its own cost is one command among so many deliveries.
  const last = `after-${bench.serial()}`;
  bench.publish(agent, last, 'echo hello');
  await bench.results.stored(last, DONE_MS, bench.signal);
  await allTaken(bench, agent);
  const cpuMs = cpuMsBetween(before, readCpu(agent.pid));
  const deliveries = bench.sizes.duplicates + (await consumerDeliveries(bench.nc, agent)) - deliveredBefore;
  if (bench.results.surplus > 0) throw new Error(`${contender} stored ${bench.results.surplus} results twice`);
  bench.book.add('duplicate-cpu', contender, (cpuMs * US_PER_MS) / deliveries);
}

function allTaken(bench: Bench, agent: Agent): Promise<true> {
  return until('the consumer is empty', () => consumerIdle(bench.nc, agent), {
    timeoutMs: DONE_MS,
    signal: bench.signal,
  });
}
