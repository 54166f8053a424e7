/** Very many commands that wait, in their jitter or for a slot: what our agent takes of the memory meanwhile. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Bench } from '../bench.ts';
import type { Agent } from '../contenders.ts';
import { readMemory } from '../process-figures.ts';

const CHUNK = 1_000;
const ADMITTED_MS = 120_000;
/** Longer than the measure takes. */
const LONG_SECS = 86_400;
const PLACES = 2;
const FEW_PLACES = `[run]\nmax_parallel = ${PLACES}\ngrace = "0s"`;

export async function waiting(bench: Bench): Promise<void> {
  const { waitingJitter, waitingSlot } = bench.sizes;
  await bench.withAgent('ours', {}, async (agent) => {
    const { rssMb, peakMb } = await whileWaiting(bench, agent, waitingJitter, { jitter_secs: LONG_SECS });
    bench.book.add('rss-jitter', 'ours', rssMb);
    bench.book.add('rss-jitter-peak', 'ours', peakMb);
  });
  await bench.withAgent('ours', { ourSettings: FEW_PLACES }, async (agent) => {
    const long = { timeout_secs: LONG_SECS };
    for (let i = 0; i < PLACES; i += 1)
      bench.publish(agent, `holds-${bench.serial()}`, `exec sleep ${LONG_SECS}`, long);
    await bench.nc.flush();
    bench.book.add('rss-slots', 'ours', (await whileWaiting(bench, agent, waitingSlot, {})).peakMb);
  });
}

/** Really sent, as fast as the broker takes them. One that comes after all of them and waits for nothing tells when they are in. */
async function whileWaiting(
  bench: Bench,
  agent: Agent,
  count: number,
  fields: Readonly<Record<string, unknown>>,
): Promise<{ rssMb: number; peakMb: number }> {
  for (let sent = 0; sent < count; sent += CHUNK) {
    for (let i = sent; i < Math.min(sent + CHUNK, count); i += 1) {
      bench.publish(agent, `waits-${bench.serial()}`, 'echo hello', fields);
    }
    await bench.nc.flush();
  }
  const last = `after-${bench.serial()}`;
  bench.publish(agent, last, 'echo hello', { bypass_local_limit: true });
  await bench.results.stored(last, ADMITTED_MS, bench.signal);
  await delay(bench.sizes.waitingRestMs, undefined, { signal: bench.signal });
  return readMemory(agent.pid);
}
