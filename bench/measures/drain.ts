/** An agent starts with results that it could not send before: how fast they are stored, and whether one is stored twice. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Bench } from '../bench.ts';
import type { Contender } from '../contenders.ts';
import { prepareOriginalOutbox, prepareStore, resultBody } from '../prepared.ts';
import { countStored } from '../stored-count.ts';

const DRAIN_MS = 120_000;
const BARE_PUBLISH = fileURLToPath(new URL('../bare/publish.mjs', import.meta.url));
const NO_RATE_LIMIT = '[results]\ndrain_per_second = 0';

export async function drain(bench: Bench): Promise<void> {
  for (let round = 0; round < bench.sizes.rounds; round += 1) {
    for (const contender of bench.order(round)) {
      if (contender === 'bare') await barePublishes(bench);
      else await measure(bench, contender);
    }
  }
}

async function measure(bench: Bench, contender: Contender): Promise<void> {
  const count = bench.sizes.queuedResults;
  // New ones each time: the stream knows the result ids of the last two minutes and would not store them again.
  const prepare = (data: string) =>
    contender === 'ours' ? prepareStore(data, { count, unsent: true }) : prepareOriginalOutbox(data, count);
  await bench.withAgent(contender, { prepare, ourSettings: NO_RATE_LIMIT, ready: false }, () => take(bench, contender));
}

async function barePublishes(bench: Bench): Promise<void> {
  await bench.clear();
  const body = resultBody(0, Date.now(), '00000000-0000-4000-8000-000000000000');
  const args = [BARE_PUBLISH, bench.natsUrl, String(bench.sizes.queuedResults), body];
  const published = promisify(execFile)(bench.programs.node, args, { signal: bench.signal });
  await take(bench, 'bare');
  await published;
}

async function take(bench: Bench, contender: Contender): Promise<void> {
  const count = bench.sizes.queuedResults;
  const { firstMs, lastMs } = await bench.results.count(count, DRAIN_MS, bench.signal);
  bench.book.add('drain-rate', contender, count / ((lastMs - firstMs) / 1000));
  bench.book.add('drain-surplus', contender, (await countStored(bench.nc, 'RESULTS')) - count);
}
