/**
 * A real PowerShell: one script at a time, with rests as between the commands of a fleet, and many at once. Ours with one that is
 * started ahead and without; the original and the bare limit start plain `-Command`. Nothing is measured where there is none.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { NO_PWSH, PWSH } from '../../test/support/powershell.ts';
import type { Bench } from '../bench.ts';
import { quantile } from '../book.ts';
import type { Agent, Contender } from '../contenders.ts';
import { childrenCpuMs, childrenOf, readMemory } from '../process-figures.ts';

const RESULT_MS = 30_000;
const BURST_MS = 180_000;
const AHEAD = '[run]\nwarm_shells = 1';
const COLD = '[run]\nwarm_shells = 0';

export async function powershell(bench: Bench): Promise<void> {
  const shellDirectory = await directoryOf(bench);
  if (shellDirectory === null) return;
  const { book } = bench;
  for (let round = 0; round < bench.sizes.shellRounds; round += 1) {
    for (const contender of bench.order(round)) {
      if (contender === 'ours') {
        await bench.withAgent('ours', { shellDirectory, ourSettings: AHEAD }, async (agent) => {
          const { begins, stored } = await oneAtATime(bench, agent);
          book.add('shell-begins', 'ours', begins);
          book.add('shell-stored', 'ours', stored);
          book.add('shell-waits-rss', 'ours', await waitingRss(bench, agent));
        });
      }
      const cold = contender === 'ours' ? { ourSettings: COLD } : {};
      await bench.withAgent(contender, { shellDirectory, ...cold }, async (agent) => {
        const { begins, stored, cpu } = await oneAtATime(bench, agent);
        book.add('shell-begins-cold', contender, begins);
        book.add('shell-stored-cold', contender, stored);
        book.add('shell-cpu', contender, cpu);
        if (contender === 'ours') return;
        book.add('shell-begins', contender, begins);
        book.add('shell-stored', contender, stored);
      });
    }
  }
}

/** Once each: a round takes the machine for half a minute. */
export async function powershellBurst(bench: Bench): Promise<void> {
  const shellDirectory = await directoryOf(bench);
  if (shellDirectory === null) return;
  for (const contender of bench.order(0)) {
    const ahead = contender === 'ours' ? { ourSettings: AHEAD } : {};
    await bench.withAgent(contender, { shellDirectory, ...ahead }, async (agent) => {
      // One comes before, as in a fleet at work.
      await oneScript(bench, agent);
      await delay(bench.sizes.shellRestMs);
      await atOnce(bench, agent);
    });
  }
}

/** The original knows it by one name only, and for the other ours goes the way that it has on Windows. null: there is none. */
async function directoryOf(bench: Bench): Promise<string | null> {
  if (PWSH === null) {
    console.log(`  not measured: ${NO_PWSH}`);
    return null;
  }
  const directory = join(bench.directory, 'powershell');
  if (existsSync(directory)) return directory;
  mkdirSync(directory);
  const program = execFileSync('sh', ['-c', 'command -v "$0"', PWSH], { encoding: 'utf8' }).trim();
  for (const name of ['powershell', 'pwsh']) symlinkSync(program, join(directory, name));
  return directory;
}

const shellOf = (contender: Contender) => (contender === 'ours' ? 'pwsh' : 'powershell');

async function oneScript(bench: Bench, agent: Agent): Promise<{ begins: number; stored: number }> {
  const name = `shell-${bench.serial()}`;
  const shell = shellOf(agent.contender);
  const publishedMs = bench.publish(agent, name, bench.ends.powershellMark(name), { shell });
  const stored = (await bench.results.stored(name, RESULT_MS, bench.signal)) - publishedMs;
  return { begins: (await bench.ends.ended(name, RESULT_MS, bench.signal)) - publishedMs, stored };
}

/** The first is left out: nothing of PowerShell is in the cache of the disk, and none was started ahead. */
async function oneAtATime(bench: Bench, agent: Agent): Promise<{ begins: number; stored: number; cpu: number }> {
  await oneScript(bench, agent);
  const before = childrenCpuMs(agent.pid);
  const all: { begins: number; stored: number }[] = [];
  for (let count = 0; count < bench.sizes.shells; count += 1) {
    await delay(bench.sizes.shellRestMs);
    all.push(await oneScript(bench, agent));
  }
  return {
    begins: quantile(
      all.map(({ begins }) => begins),
      0.5,
    ),
    stored: quantile(
      all.map(({ stored }) => stored),
      0.5,
    ),
    cpu: (childrenCpuMs(agent.pid) - before) / all.length,
  };
}

async function waitingRss(bench: Bench, agent: Agent): Promise<number> {
  await delay(bench.sizes.shellRestMs);
  return Math.max(...childrenOf(agent.pid).map((pid) => readMemory(pid).rssMb));
}

async function atOnce(bench: Bench, agent: Agent): Promise<void> {
  const { shellBurst: count } = bench.sizes;
  bench.results.reset();
  const shell = shellOf(agent.contender);
  const names = Array.from({ length: count }, () => `shells-${bench.serial()}`);
  const beganMs = performance.now();
  for (const name of names) bench.publish(agent, name, bench.ends.powershellMark(name), { shell });
  const { lastMs } = await bench.results.count(count, BURST_MS, bench.signal);
  const ended: number[] = [];
  for (const name of names) ended.push(await bench.ends.ended(name, RESULT_MS, bench.signal));
  bench.book.add('shell-burst', agent.contender, (lastMs - beganMs) / 1_000);
  bench.book.add('shell-burst-begins', agent.contender, Math.min(...ended) - beganMs);
}
