/**
 * Schedules that agents fire themselves, made with the original backend and command line, on both agents alike; only ids, times and
 * additions may differ, or what the original does wrong, which is named by its number then.
 */
import { expect, test } from 'vitest';
import { putKey } from '../../test/support/fleet.ts';
import { tempDir } from '../../test/support/temp.ts';
import { expectAlike } from './support/alike.ts';
import { type OriginalFleet, OURS, startOriginalFleet, THEIRS } from './support/fleet.ts';
import { resultsWith, resultWith } from './support/results.ts';
import { bothFired, scheduleOfPage } from './support/schedules.ts';
import { untilFound } from './support/waiting.ts';

const EACH_SECOND = '* * * * * *';

async function mixedFleet(): Promise<OriginalFleet> {
  const fleet = await startOriginalFleet();
  await Promise.all([fleet.ours(), fleet.theirs()]);
  return fleet;
}

test.each([
  ['done', 'echo 日本語; echo err >&2', 0],
  ['an exit code', 'echo out; exit 42', 42],
])('a schedule of each second for all ends in results of both alike: %s', async (_what, script, code) => {
  const fleet = await mixedFleet();
  await fleet.createJob('tick', script);
  const schedule = { id: 's', cron: EACH_SECOND, job_id: 'tick', target: { all: true }, runs_on: 'agent' };
  await fleet.createSchedule(schedule);
  expectAlike(await bothFired(fleet, 'tick', code));
});

test('once_per_pc for a group: both run it once; ours tries again where it fails, the original never does (D26)', async () => {
  const fleet = await mixedFleet();
  for (const pc of [OURS, THEIRS]) await fleet.kanadeOk('group', 'add', pc, 'canary');
  await fleet.createJob('good', 'echo done');
  await fleet.createJob('bad', 'exit 3');
  const fields = { cron: EACH_SECOND, mode: 'once_per_pc', target: { groups: ['canary'] }, runs_on: 'agent' };
  // The same of `good`, as docs/schedules.md has it.
  await fleet.createFrom('schedule', scheduleOfPage('good'));
  expectAlike(await bothFired(fleet, 'good'));
  await fleet.createSchedule({ id: 'bad', job_id: 'bad', ...fields });
  const failures = async (pcId: string) =>
    (await resultsWith(fleet.nc, { manifest_id: 'bad', pc_id: pcId, exit_code: 3 })).length;
  await untilFound('ours has tried it three times', async () => (await failures(OURS)) >= 3 || undefined);
  expect(await failures(THEIRS)).toBe(1);
  for (const pcId of [OURS, THEIRS])
    expect(await resultsWith(fleet.nc, { manifest_id: 'good', pc_id: pcId })).toHaveLength(1);
});

test('a new version of the job runs on ours although its pin was not moved (D27); one that is withdrawn does not', async () => {
  const fleet = await startOriginalFleet();
  await fleet.ours();
  await putKey(fleet.nc, 'script_current', 'tick', '1.0.0');
  await fleet.createJob('tick', 'echo 2', { version: '2.0.0' });
  const schedule = { id: 's', cron: EACH_SECOND, job_id: 'tick', target: { pcs: [OURS] }, runs_on: 'agent' };
  await fleet.createSchedule(schedule);
  expect(await resultWith(fleet.nc, { manifest_id: 'tick', exit_code: 0 })).toMatchObject({ stdout: '2\n' });
  await fleet.kanadeOk('revoke', 'tick');
  expect(await resultWith(fleet.nc, { manifest_id: 'tick', exit_code: 126 })).toMatchObject({ skipped: true });
});

test('kanade schedule disable and delete end it on ours, and the edit of a live one counts', async () => {
  const fleet = await startOriginalFleet();
  const agent = await fleet.ours();
  await fleet.createJob('tick', 'echo tick');
  const schedule = { id: 's', cron: EACH_SECOND, job_id: 'tick', target: { pcs: [OURS] }, runs_on: 'agent' };
  await fleet.createSchedule(schedule);
  await resultWith(fleet.nc, { manifest_id: 'tick' });
  const client = await agent.connect();
  const listed = () => client.call('schedules.list', {});
  expect(await listed()).toMatchObject([{ title: { kind: 'text', text: 'tick' }, last: { reason: 'DONE' } }]);
  await fleet.createSchedule({ ...schedule, cron: '0 0 3 1 1 *' });
  await untilFound('the edit counts', async () => {
    const [row] = await listed();
    return (row?.nextAtMs ?? 0) > Date.now() + 3_600_000 || undefined;
  });
  await fleet.kanadeOk('schedule', 'disable', 's');
  await untilFound('it is gone', async () => (await listed()).length === 0 || undefined);
});

test('without a broker the cadence is kept, also over a restart, and every result arrives when it is back', async () => {
  const fleet = await startOriginalFleet();
  const dataDirectory = tempDir();
  const ours = await fleet.ours({ dataDirectory });
  await fleet.createJob('tick', 'echo tick');
  const schedule = { id: 's', cron: EACH_SECOND, job_id: 'tick', target: { pcs: [OURS] }, runs_on: 'agent' };
  await fleet.createSchedule(schedule);
  await resultWith(fleet.nc, { manifest_id: 'tick' });
  await fleet.server.stop();
  const runsOf = async (agent: typeof ours) => {
    const client = await agent.connect();
    return async () => (await client.call('runs.list', {})).total?.all ?? 0;
  };
  const before = await (await runsOf(ours))();
  const count = await runsOf(ours);
  await untilFound('three more without a broker', async () => (await count()) >= before + 3 || undefined);
  await ours.stop();
  ours.launch();
  const again = await runsOf(ours);
  const found = await again();
  await untilFound('and after a restart', async () => (await again()) >= found + 3 || undefined);
  const all = await again();
  await fleet.brokerBack();
  await untilFound(
    'all of them have arrived',
    async () => (await resultsWith(fleet.nc, { manifest_id: 'tick', exit_code: 0 })).length >= all || undefined,
    60_000,
  );
  const ids = (await resultsWith(fleet.nc, { manifest_id: 'tick' })).map(({ request_id: id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
});
