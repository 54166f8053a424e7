/** From the start of the process to its first heartbeat, ours with a long history. Beside it a Node that does nothing. */
import { execFileSync } from 'node:child_process';
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import type { Bench } from '../bench.ts';
import { prepareStore } from '../prepared.ts';

export async function start(bench: Bench): Promise<void> {
  const ready = join(bench.directory, 'long-history');
  await prepareStore(ready, { count: bench.sizes.historyRuns, unsent: false });
  for (let round = 0; round < bench.sizes.starts; round += 1) {
    for (const contender of bench.order(round)) {
      const prepare = (data: string) => {
        if (contender === 'ours') cpSync(ready, data, { recursive: true });
      };
      const { agent, heartbeatMs } = await bench.start(contender, { prepare, ready: false });
      bench.book.add('start', contender, heartbeatMs);
      await agent.stop();
    }
    const beginMs = performance.now();
    execFileSync(bench.programs.node, ['-e', '']);
    bench.book.addLimit('node-start', performance.now() - beginMs);
  }
}
