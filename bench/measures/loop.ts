/**
 * For how long our agent does nothing else at a stretch: in a burst, while it prunes its history, and with a disk that fills up
 * while the broker is gone. The bare agent in the same burst tells what the machine itself does to it.
 */
import { execFileSync } from 'node:child_process';
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { until } from '../../scripts/lib/waiting.ts';
import type { Bench } from '../bench.ts';
import type { Agent } from '../contenders.ts';
import { longestHoldMs } from '../loop-hold.ts';
import { prepareStore } from '../prepared.ts';
import { cpuMsBetween, readCpu } from '../process-figures.ts';
import { mountSmallDisk, noSmallDiskHere, unmountDisk } from '../small-disk.ts';
import { countStored } from '../stored-count.ts';
import { sendBurst } from './burst.ts';

const DONE_MS = 120_000;
/** Whoever takes no more than this between two polls has nothing to do. */
const REST_POLL_MS = 1_000;
const REST_CPU_MS = 50;
/** Of 100,000 such runs three quarters have to go for the least history that can be set. */
const PRUNED_OUTPUT_BYTES = 2_000;
const LEAST_HISTORY = '[history]\nmax_mib = 64';
/** 20 kB, by a builtin of the shell. */
const LARGE_SCRIPT = 'printf %020000d 0';
const NO_RATE_LIMIT = '[results]\ndrain_per_second = 0';

export async function loop(bench: Bench): Promise<void> {
  const history = join(bench.directory, 'long-history-with-output');
  await prepareStore(history, { count: bench.sizes.historyRuns, unsent: false, outputBytes: PRUNED_OUTPUT_BYTES });
  for (let round = 0; round < bench.sizes.loopRounds; round += 1) {
    for (const contender of bench.order(round, ['ours', 'bare'])) {
      await bench.withAgent(contender, { watchLoop: true }, async (agent) => {
        await longestHoldMs(bench, agent);
        await sendBurst(bench, agent, bench.sizes.longBurst);
        bench.book.add('loop-burst', contender, await longestHoldMs(bench, agent));
      });
    }
    await whilePruning(bench, history);
    await whileDiskFills(bench);
  }
}

/** It begins with the start; what the start itself takes is left out. */
async function whilePruning(bench: Bench, history: string): Promise<void> {
  const prepare = (data: string) => {
    cpSync(history, data, { recursive: true });
    // The agent's first fsync is not to wait for what the benchmark has copied.
    execFileSync('sync');
  };
  const options = { prepare, ourSettings: LEAST_HISTORY, watchLoop: true, ready: false };
  await bench.withAgent('ours', options, async (agent) => {
    await longestHoldMs(bench, agent);
    // It begins some seconds after the start.
    await delay(4_000, undefined, { signal: bench.signal });
    await rests(bench, agent);
    bench.book.add('loop-prune', 'ours', await longestHoldMs(bench, agent));
  });
}

async function whileDiskFills(bench: Bench): Promise<void> {
  const why = noSmallDiskHere();
  if (why !== null) return bench.book.skip('loop-full-disk', why);
  const { largeResults, diskMib, waitingRestMs } = bench.sizes;
  let disk = '';
  const prepare = (data: string) => {
    mountSmallDisk(data, diskMib);
    disk = data;
  };
  try {
    await bench.withAgent('ours', { prepare, ourSettings: NO_RATE_LIMIT, watchLoop: true }, async (agent) => {
      await bench.clear();
      await longestHoldMs(bench, agent);
      for (let i = 0; i < largeResults; i += 1) bench.publish(agent, `large-${bench.serial()}`, LARGE_SCRIPT);
      await bench.results.count(1, DONE_MS, bench.signal);
      await bench.withoutBroker(async () => {
        await rests(bench, agent);
        await delay(waitingRestMs, undefined, { signal: bench.signal });
        bench.book.add('loop-full-disk', 'ours', await longestHoldMs(bench, agent));
      });
      // They did wait, and none of them was lost.
      const all = async () => (await countStored(bench.nc, 'RESULTS')) === largeResults;
      await until('all results are stored', all, { timeoutMs: DONE_MS, signal: bench.signal });
    });
  } finally {
    if (disk !== '') unmountDisk(disk);
  }
}

/** Resolves when the agent has nothing left to do. */
function rests(bench: Bench, agent: Agent): Promise<true> {
  const check = async () => {
    const before = readCpu(agent.pid);
    await delay(REST_POLL_MS, undefined, { signal: bench.signal });
    return cpuMsBetween(before, readCpu(agent.pid)) < REST_CPU_MS;
  };
  return until('the agent rests', check, { timeoutMs: DONE_MS, signal: bench.signal });
}
