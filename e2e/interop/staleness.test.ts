/** Our agent and the original's on a connection that is too old for a strict command. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'vitest';
import { command, publishCommand } from '../../test/support/fleet.ts';
import { tempDir } from '../../test/support/temp.ts';
import { shows } from './support/agent-view.ts';
import { expectAlike } from './support/alike.ts';
import { type OriginalFleet, OURS, startOriginalFleet, THEIRS } from './support/fleet.ts';
import { resultWith, started, storedResults } from './support/results.ts';
import { untilFound } from './support/waiting.ts';

const staleness = { mode: 'strict', max_cache_age: '0s' };

/** Each of two look-ups of the original waits 10 s while there is no broker (D16). */
const ORIGINAL_READS_MS = 40_000;

/** After so long without a broker ours tries every 30 s at last. */
const NEXT_TRY_MS = 45_000;

/** The original looks at the staleness of a live command only when it arrives, so with it only a local schedule can be stale. */
async function localSchedule(fleet: OriginalFleet): Promise<void> {
  await fleet.createJob('strict', 'echo fresh', { staleness });
  const target = { pcs: [THEIRS] };
  await fleet.createSchedule({ id: 'local', cron: '* * * * * *', job_id: 'strict', target, runs_on: 'agent' });
}

/** A strict command for our agent that is admitted, but waits behind another script; resolves when it does. */
async function waitingCommand(fleet: OriginalFleet): Promise<void> {
  const agent = await fleet.ours({ toml: '[run]\nmax_parallel = 1\ngrace = "1s"\n' });
  const to = `commands.pc.${OURS}`;
  const shell = 'powershell';
  await publishCommand(fleet.nc, to, command({ shell, script: 'sleep 3', exec_id: 'first' }));
  await started(fleet.nc, 'first', OURS);
  const job = { id: 'strict', version: '1.0.0', script: 'echo fresh', staleness };
  await publishCommand(fleet.nc, to, command({ shell, exec_id: 'second', ...job }));
  await shows(agent, { running: 1, waiting: 1 });
}

test('both skip it with 127 and the same words, and deliver that when the broker is back', {
  timeout: 120_000,
}, async () => {
  const fleet = await startOriginalFleet();
  const { nc } = fleet;
  const dataDirectory = tempDir();
  await localSchedule(fleet);
  await fleet.theirs({ dataDirectory });
  await waitingCommand(fleet);
  await fleet.server.stop();
  const outbox = join(dataDirectory, 'outbox');
  await untilFound(
    'the original has skipped one',
    () =>
      readdirSync(outbox).some((name) => readFileSync(join(outbox, name), 'utf8').includes('"exit_code":127')) ||
      undefined,
    ORIGINAL_READS_MS,
  );
  await fleet.brokerBack();
  await resultWith(nc, { exit_code: 127, pc_id: OURS }, NEXT_TRY_MS);
  await resultWith(nc, { exit_code: 127, pc_id: THEIRS }, NEXT_TRY_MS);
  const stale = (await storedResults(nc)).filter(({ result }) => result.exit_code === 127);
  const ids = { request_id: '<request>', exec_id: '<execution>' };
  const of = (pcId: string) => {
    const text = stale.find(({ result }) => result.pc_id === pcId)?.text ?? '{}';
    return JSON.stringify({ ...(JSON.parse(text) as object), ...ids });
  };
  expectAlike([of(OURS), of(THEIRS)]);
});
