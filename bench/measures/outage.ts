/** The broker goes while scripts run, and comes back long after they have ended: how soon the first result is stored. */
import { setTimeout as delay } from 'node:timers/promises';
import { lastStored } from '../../scripts/lib/fleet.ts';
import { until } from '../../scripts/lib/waiting.ts';
import type { Bench } from '../bench.ts';
import type { Agent } from '../contenders.ts';

const COMMANDS = 4;
/** Long enough that all of them are running when the broker goes. */
const SCRIPT = 'sleep 1; echo hello';
const STARTED_MS = 500;
const STORED_MS = 60_000;
/** The original tries every 4 s, at the same moments after each loss: rounds of one length would measure one of these moments. */
const STEP_MS = 1_000;

/** Both at once: most of the time nobody does anything. */
export async function outage(bench: Bench): Promise<void> {
  for (let round = 0; round < bench.sizes.outageRounds; round += 1) {
    const agents: Agent[] = [];
    try {
      for (const contender of bench.order(round, ['ours', 'original'])) {
        agents.push((await bench.start(contender)).agent);
      }
      await measure(bench, agents, bench.sizes.outageMs + round * STEP_MS);
    } finally {
      await Promise.all(agents.map((agent) => agent.stop()));
    }
  }
}

async function measure(bench: Bench, agents: readonly Agent[], outageMs: number): Promise<void> {
  const sent = agents.map((agent) => {
    const names = Array.from({ length: COMMANDS }, () => `outage-${bench.serial()}`);
    for (const name of names) bench.publish(agent, name, SCRIPT);
    return { agent, names };
  });
  await bench.nc.flush();
  await delay(STARTED_MS, undefined, { signal: bench.signal });
  const backAtMs = await bench.withoutBroker(() => delay(outageMs, undefined, { signal: bench.signal }));
  for (const { agent, names } of sent) {
    const storedAtMs = await Promise.all(names.map((name) => storedAt(bench, name)));
    bench.book.add('outage', agent.contender, Math.min(...storedAtMs) - backAtMs);
  }
}

/** By the broker's own account, ms since the epoch. */
async function storedAt(bench: Bench, name: string): Promise<number> {
  const read = () => lastStored(bench.nc, 'RESULTS', `results.${name}`);
  const { time } = await until(`the result of ${name}`, read, { timeoutMs: STORED_MS, signal: bench.signal });
  return Date.parse(time);
}
