/**
 * The backend and command line of 0.101.0 with this agent: what they have that 0.29.0 has not. Left out where they are not built, see
 * `scripts/lib/interop-tools.ts`.
 */
import type { KeyObject } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { findInteropTools, NEWER, WITH_NEWER } from '../../scripts/lib/interop-tools.ts';
import { putKey } from '../../test/support/fleet.ts';
import { ringEntry, signingKey } from '../../test/support/signing.ts';
import { tempDir } from '../../test/support/temp.ts';
import { expectAlike } from './support/alike.ts';
import { type OriginalFleet, OURS, startOriginalFleet, THEIRS } from './support/fleet.ts';
import { resultsWith, resultWith } from './support/results.ts';
import { bothFired, scheduleOfPage } from './support/schedules.ts';
import { untilFound } from './support/waiting.ts';

// Two minutes of looking at schedules once a minute: not in each CI.
const isBuilt = process.env[WITH_NEWER] === '1' && findInteropTools(process.env, NEWER) !== undefined;
const WHY_NOT = `kanade ${NEWER.version} is not built: ${WITH_NEWER}=1 npm run test:interop does it`;
/** A schedule of this form is looked at once a minute. */
const TWO_MINUTES_MS = 130_000;

beforeEach((context) => context.skip(!isBuilt, WHY_NOT));

interface Coverage {
  readonly ok: number;
  readonly skipped: number;
  readonly agents: readonly { readonly pc_id: string; readonly state: string; readonly version?: string }[];
}

/** As backend and command line want a private key. */
function seedOf(key: KeyObject): string {
  const { d = '' } = key.export({ format: 'jwk' });
  return Buffer.from(d, 'base64url').toString('base64');
}

function coverageOf(fleet: OriginalFleet, schedule: string) {
  return fleet.get<Coverage>(`/api/schedules/${schedule}/coverage`);
}

/** `HH:MM` in UTC of the full minute after the next one. */
function minuteAfterNext(): string {
  const nextMs = Math.ceil((Date.now() + 10_000) / 60_000) * 60_000;
  return new Date(nextMs + 60_000).toISOString().slice(11, 16);
}

// They are looked at once a minute, so all of it is one test: the first minute is frozen, in the second everything fires.
describe('schedules that were made at a backend of 0.101.0 with runs_on: agent', () => {
  test('are held back by a freeze, end in results after it, and coverage says so', { timeout: 400_000 }, async () => {
    const fleet = await startOriginalFleet({ release: NEWER });
    const agent = await fleet.ours();
    await fleet.kanadeOk('freeze', 'set', '--reason', 'month end');
    await fleet.createJob('once', 'echo once', { version: '1.2.0' });
    for (const job of ['each', 'daily', 'session']) await fleet.createJob(job, `echo ${job}`);
    const create = (id: string, fields: object) =>
      fleet.createSchedule({ id, job_id: id, target: { pcs: [OURS] }, runs_on: 'agent', ...fields });
    // As docs/schedules.md has it.
    await fleet.createFrom('schedule', scheduleOfPage('once').replace('PC-0142', OURS));
    await create('each', {
      when: { per_pc: { every: '1m' } },
      active: { from: '2020-01-01' },
      constraints: { skip_dates: ['2020-01-01'] },
    });
    await create('daily', { when: { calendar: { at: minuteAfterNext() } }, tz: 'utc' });
    await create('session', { when: { on: ['logon'] } });

    expect(await resultWith(fleet.nc, { manifest_id: 'session' })).toMatchObject({
      exit_code: 122,
      skipped: true,
      stderr: 'skipped: when.on [logon] never fires on linux — this OS has no logon source',
    });
    await untilFound('that is covered', async () => (await coverageOf(fleet, 'session')).skipped === 1 || undefined);

    const client = await agent.connect();
    const rows = () => client.call('schedules.list', {});
    await untilFound(
      'both are held back',
      async () => (await rows()).filter(({ skipped }) => skipped?.why === 'frozen').length === 2 || undefined,
      TWO_MINUTES_MS,
    );
    await fleet.kanadeOk('freeze', 'clear');
    for (const job of ['once', 'each', 'daily']) {
      const result = await resultWith(fleet.nc, { manifest_id: job }, TWO_MINUTES_MS);
      expect(result).toMatchObject({ pc_id: OURS, exit_code: 0, skipped: false, stdout: `${job}\n` });
    }
    const covered = await untilFound('the backend has it', async () => {
      const coverage = await coverageOf(fleet, 'once');
      return coverage.ok === 1 ? coverage : undefined;
    });
    // From the started event alone.
    expect(covered.agents).toMatchObject([{ pc_id: OURS, state: 'ok', version: '1.2.0' }]);
    expect(await fleet.kanadeOk('schedule', 'coverage', 'once', '--all')).toContain(OURS);
    expect((await rows()).map(({ state }) => state).toSorted()).toEqual([
      'done',
      'not_understood',
      'waiting',
      'waiting',
    ]);
  });
});

const EVERYONE = { target: { all: true }, runs_on: 'agent' };

/** A schedule of each second as a backend of 0.29 has left it in the bucket. */
function scheduleOf029(fleet: OriginalFleet, id: string, fields: object = {}): Promise<void> {
  const target = { groups: [], pcs: [], all: true };
  const schedule = { id, cron: '* * * * * *', job_id: id, target, runs_on: 'agent', enabled: true, ...fields };
  return putKey(fleet.nc, 'schedules', id, schedule);
}

/** The same of a job. */
function jobOf029(fleet: OriginalFleet, id: string): Promise<void> {
  const execute = { shell: 'powershell', script: `echo ${id}`, timeout: '20s', run_as: 'system' };
  return putKey(fleet.nc, 'jobs', id, { id, version: '1.0.0', execute, require_approval: false, inventory: null });
}

describe('what PCs fire themselves, with a backend of 0.101.0 and both agents', () => {
  test('ours fires what is made there, the original none of it; what 0.29 has left both fire alike', {
    timeout: 300_000,
  }, async () => {
    const fleet = await startOriginalFleet({ release: NEWER });
    const [ours, theirs] = await Promise.all([fleet.ours(), fleet.theirs()]);
    const theySay = (text: string) => untilFound(text, () => theirs.log.includes(text) || undefined);
    await jobOf029(fleet, 'edited');
    await scheduleOf029(fleet, 'edited');
    expectAlike(await bothFired(fleet, 'edited'));

    // Edited at the backend it has its new form, in which it is over a year away.
    const far = { when: { calendar: { at: `${new Date().getUTCFullYear() + 2}-01-01 00:00` } } };
    await fleet.createSchedule({ id: 'edited', job_id: 'edited', ...far, ...EVERYONE });
    await theySay('deserialize Schedule on watch');
    const client = await ours.connect();
    const row = async () =>
      (await client.call('schedules.list', {})).find(({ title }) => title.kind === 'text' && title.text === 'edited');
    await untilFound('ours goes by the new form', async () => {
      const found = await row();
      return (found?.state !== 'running' && (found?.nextAtMs ?? 0) > Date.now() + 86_400_000) || undefined;
    });
    const runs = async () => (await client.call('runs.list', { search: 'edited' })).total?.matching;
    const firedByThem = async () =>
      (await resultsWith(fleet.nc, { manifest_id: 'edited', pc_id: THEIRS, exit_code: 0 })).length;
    const [count, before] = [await runs(), await firedByThem()];
    await untilFound(
      'the original goes on in the old one',
      async () => (await firedByThem()) > before + 2 || undefined,
    );
    expect(await runs()).toBe(count);

    await fleet.createJob('once', 'echo once');
    await fleet.createSchedule({ id: 'once', job_id: 'once', when: { per_pc: 'once' }, ...EVERYONE });
    expect(await resultWith(fleet.nc, { manifest_id: 'once', pc_id: OURS }, TWO_MINUTES_MS)).toMatchObject({
      exit_code: 0,
      stdout: 'once\n',
    });
    // A job that was made there has fields (`check`, `emit`) for which the original leaves out all of it (D30).
    await fleet.createJob('job', 'echo job');
    await scheduleOf029(fleet, 'job', { mode: 'once_per_pc' });
    expect(await resultWith(fleet.nc, { manifest_id: 'job', pc_id: OURS })).toMatchObject({ exit_code: 0 });
    await theySay('job not in cache yet');
    // Behind all that its watches go on.
    await jobOf029(fleet, 'left');
    await scheduleOf029(fleet, 'left', { mode: 'once_per_pc' });
    expectAlike(await bothFired(fleet, 'left'));
    for (const job of ['once', 'job'])
      expect(await resultsWith(fleet.nc, { manifest_id: job, pc_id: THEIRS })).toEqual([]);
  });
});

describe('commands that a backend of 0.101.0 has signed', () => {
  test('run where signatures are required, and its timeline has what was found', async () => {
    const [key, emergency] = [signingKey(7), signingKey(8)];
    const env = { KANADE_COMMAND_SIGNING_KEY: seedOf(key), KANADE_COMMAND_SIGNING_KID: 'backend-101' };
    const fleet = await startOriginalFleet({ release: NEWER, env });
    const ring = join(tempDir(), 'command-keys.json');
    const entries = [ringEntry('backend-101', key), ringEntry('emergency', emergency, { max_age_secs: 300 })];
    writeFileSync(ring, JSON.stringify(entries), { mode: 0o600 });
    const agent = await fleet.ours({
      toml: `[commands]\nsignatures = "require"\nkeys_file = ${JSON.stringify(ring)}\n`,
    });
    await fleet.createJob('hello', 'echo hello');
    await fleet.kanadeOk('exec', 'hello', '--pcs', OURS);
    expect(await resultWith(fleet.nc, { manifest_id: 'hello' })).toMatchObject({ exit_code: 0, stdout: 'hello\n' });
    const { code } = await fleet.kanade('run', OURS, '--shell', 'sh', '--', 'echo', 'unsigned');
    expect(code).toBe(0);
    expect(await resultWith(fleet.nc, { exit_code: 123 })).toMatchObject({
      skipped: false,
      stderr: expect.stringMatching(/^refused: command carried no signature/),
    });
    const glass = { KANADE_BREAK_GLASS_KEY: seedOf(emergency), KANADE_BREAK_GLASS_KID: 'emergency' };
    const broken = await fleet.kanadeWith(glass, 'run', OURS, '--shell', 'sh', '--', 'echo', 'in an emergency');
    expect(broken).toMatchObject({ code: 0, stdout: expect.stringContaining('in an emergency') });
    const kinds = await untilFound('both are in the timeline', async () => {
      const found = await fleet.get<unknown>(`/api/obs_events?pc_id=${OURS}&source=command_signature`);
      const text = JSON.stringify(found);
      return text.includes('command_signature_absent') ? text : undefined;
    });
    expect(kinds).toContain('"to":"command_signature_ok"');
    const client = await agent.connect();
    const runs = (await client.call('runs.list', {})).rows.map(({ reason }) => reason);
    expect(runs).toEqual(['DONE', 'SIGNATURE', 'DONE']);
  });
});
