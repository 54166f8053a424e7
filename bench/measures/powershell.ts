/**
 * A real PowerShell, one script at a time, with rests as between the commands of a fleet: with one that is started ahead, without,
 * and by the original, which starts plain `-Command`. Nothing is measured where there is none.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { NO_PWSH, PWSH } from '../../test/support/powershell.ts';
import type { Bench } from '../bench.ts';
import { quantile } from '../book.ts';
import type { Agent } from '../contenders.ts';

const RESULT_MS = 30_000;

export async function powershell(bench: Bench): Promise<void> {
  if (PWSH === null) {
    console.log(`  not measured: ${NO_PWSH}`);
    return;
  }
  const shellDirectory = join(bench.directory, 'powershell');
  mkdirSync(shellDirectory);
  const program = execFileSync('sh', ['-c', 'command -v "$0"', PWSH], { encoding: 'utf8' }).trim();
  // The original knows it by this name only, and for `pwsh` ours goes the way that it has on Windows.
  for (const name of ['powershell', 'pwsh']) symlinkSync(program, join(shellDirectory, name));
  for (let round = 0; round < bench.sizes.longRounds; round += 1) {
    const ahead = { shellDirectory, ourSettings: '[run]\nwarm_shells = 1' };
    await bench.withAgent('ours', ahead, async (agent) => {
      const { begins, stored } = await measure(bench, agent);
      bench.book.add('shell-begins', 'ours', begins);
      bench.book.add('shell-stored', 'ours', stored);
    });
    await bench.withAgent('ours', { shellDirectory, ourSettings: '[run]\nwarm_shells = 0' }, async (agent) => {
      bench.book.add('shell-begins-cold', 'ours', (await measure(bench, agent)).begins);
    });
    await bench.withAgent('original', { shellDirectory }, async (agent) => {
      const { begins, stored } = await measure(bench, agent);
      bench.book.add('shell-begins', 'original', begins);
      bench.book.add('shell-begins-cold', 'original', begins);
      bench.book.add('shell-stored', 'original', stored);
    });
  }
}

async function measure(bench: Bench, agent: Agent): Promise<{ begins: number; stored: number }> {
  const [begins, stored]: [number[], number[]] = [[], []];
  for (let count = 0; count < bench.sizes.shells; count += 1) {
    await delay(bench.sizes.shellRestMs);
    const name = `shell-${bench.serial()}`;
    const publishedMs = bench.publish(agent, name, bench.ends.powershellMark(name), {
      shell: agent.contender === 'ours' ? 'pwsh' : 'powershell',
    });
    stored.push((await bench.results.stored(name, RESULT_MS, bench.signal)) - publishedMs);
    begins.push((await bench.ends.ended(name, RESULT_MS, bench.signal)) - publishedMs);
  }
  return { begins: quantile(begins, 0.5), stored: quantile(stored, 0.5) };
}
