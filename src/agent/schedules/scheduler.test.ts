import { describe, expect, test } from 'vitest';
import { runIdOf } from '../../../test/support/ids.ts';
import { JOB, ManualClock, START, scheduleRig } from '../../../test/support/schedule-rig.ts';
import { tempDir } from '../../../test/support/temp.ts';

const EVERY_5_S = { cron: '*/5 * * * * *' };
const EACH_SECOND = { cron: '* * * * * *' };

describe('a schedule of 0.29', () => {
  test('fires at its times, with the command of its job (protocol §6.3)', async () => {
    const rig = scheduleRig();
    rig.start({ s: { ...EVERY_5_S, jitter: '90s' } });
    await rig.pass(6);
    expect(rig.times()).toEqual(['07:00:05']);
    const [fire] = rig.fired;
    expect(fire?.command).toMatchObject({
      id: 'clean',
      version: '1.0.0',
      shell: 'sh',
      script: 'echo hi',
      timeoutSecs: 30,
      jitterSecs: 90,
      runAs: 'system',
      deadlineAtNs: null,
      retry: null,
    });
    expect(rig.commandOf(runIdOf(fire?.run ?? 0))).toEqual({ ok: true, command: fire?.command });
    expect(rig.store.history.get(runIdOf(fire?.run ?? 0))).toMatchObject({
      source: 'schedule',
      subject: 'schedules.s',
    });
  });

  test('is one run at a time: the next fires when the one before has ended (D28)', async () => {
    const rig = scheduleRig();
    rig.start({ s: EVERY_5_S });
    await rig.pass(12);
    expect(rig.times()).toEqual(['07:00:05']);
    expect(rig.row('s')).toMatchObject({ state: 'running', skipped: { why: 'still_running', count: 1 } });
    await rig.end();
    await rig.pass(5);
    expect(rig.times()).toEqual(['07:00:05', '07:00:15']);
    expect(rig.row('s')).toMatchObject({ skipped: null });
  });

  test('two schedules of one job run beside each other', async () => {
    const rig = scheduleRig();
    rig.start({ a: EVERY_5_S, b: EVERY_5_S });
    await rig.pass(6);
    expect(rig.fired).toHaveLength(2);
  });

  test('keeps a job that takes an unknown field (D30), and skips one that can not be read, whatever it was before', async () => {
    const rig = scheduleRig();
    rig.start({ s: EVERY_5_S });
    rig.put('jobs', 'clean', { ...JOB, tags: ['x'], client: null });
    await rig.pass(6);
    await rig.end();
    rig.put('jobs', 'clean', { id: 'clean', version: '2', execute: {} });
    await rig.pass(5);
    expect(rig.fired).toHaveLength(1);
    expect(rig.row('s')).toMatchObject({
      skipped: { why: 'job_unreadable' },
      internals: { note: expect.stringContaining('execute.') },
    });
  });

  test('waits for a job that comes late, and misses one that is removed', async () => {
    const rig = scheduleRig();
    rig.begin('schedules', {});
    rig.schedule('s', EVERY_5_S);
    rig.scheduler.begin();
    await rig.pass(6);
    expect(rig.row('s')).toMatchObject({ skipped: { why: 'job_missing' } });
    rig.put('jobs', 'clean', JOB);
    await rig.pass(5);
    expect(rig.fired).toHaveLength(1);
    await rig.end();
    rig.put('jobs', 'clean', null);
    await rig.pass(5);
    expect(rig.fired).toHaveLength(1);
  });

  test('live edits: another time, another job, disabled, deleted', async () => {
    const rig = scheduleRig();
    rig.start({ s: EVERY_5_S });
    rig.schedule('s', { cron: '3 * * * * *' });
    await rig.pass(6);
    expect(rig.times()).toEqual(['07:00:03']);
    await rig.end();
    rig.schedule('s', { cron: '8 * * * * *', job_id: 'other' });
    rig.put('jobs', 'other', { ...JOB, id: 'other' });
    await rig.pass(5);
    expect(rig.fired[1]?.command.id).toBe('other');
    await rig.end();
    rig.schedule('s', { ...EACH_SECOND, enabled: false });
    await rig.pass(3);
    expect(rig.rows()).toEqual([]);
    rig.schedule('s', { ...EACH_SECOND });
    rig.put('jobs', 'clean', JOB);
    rig.put('schedules', 's', null);
    await rig.pass(3);
    expect(rig.fired).toHaveLength(2);
  });

  test('a schedule that is removed while it runs: the run goes on to its end', async () => {
    const rig = scheduleRig();
    rig.start({ s: { ...EVERY_5_S, mode: 'once_per_pc' } });
    await rig.pass(6);
    rig.put('schedules', 's', null);
    await rig.settled();
    await rig.end();
    expect(rig.store.history.get(runIdOf(rig.fired[0]?.run ?? 0))).toMatchObject({ state: 'finished', reason: 'DONE' });
    // One that is made under its name later is another one (D29).
    rig.schedule('s', { ...EVERY_5_S, mode: 'once_per_pc' });
    rig.put('jobs', 'clean', JOB);
    await rig.pass(5);
    expect(rig.fired).toHaveLength(2);
  });
});

test('on a PC that travels the times of its own clock are those of its new zone, and one that was due before is fired', async () => {
  const rig = scheduleRig({ zone: 'Asia/Tokyo' });
  const at = (time: string, more: object = {}) => ({ when: { calendar: { at: time } }, ...more });
  rig.start({ due: at('16:01'), there: at('16:03'), here: at('08:02'), utc: at('07:04', { tz: 'utc' }) });
  // Nobody looks meanwhile.
  rig.clock.advance(61_000);
  rig.state.zone = 'Europe/Berlin';
  rig.scheduler.zoneChanged();
  await rig.pass(240);
  const schedules = rig.fired.map(({ run }) => rig.store.history.get(run)?.subject);
  expect(schedules).toEqual(['schedules.due', 'schedules.here', 'schedules.utc']);
  expect(rig.times()).toEqual(['07:01:02', '07:02:00', '07:04:00']);
});

test('a time that a change of the zone jumps over is listed as missed', async () => {
  // 08:00 there, and 16:00 here a moment later.
  const rig = scheduleRig({ zone: 'Europe/Berlin' });
  const at = (time: string, more: object = {}) => ({ when: { calendar: { at: time } }, ...more });
  const tz = { tz: 'utc' };
  rig.start({ between: at('09:00'), gone: at('07:59'), ahead: at('16:01'), utc: at('09:00', tz) });
  rig.state.zone = 'Asia/Tokyo';
  rig.scheduler.zoneChanged();
  await rig.pass(65);
  expect(rig.fired.map(({ run }) => rig.store.history.get(run)?.subject)).toEqual(['schedules.ahead']);
  const skips = ['between', 'gone', 'ahead', 'utc'].map((id) => rig.scheduler.skipped(id)?.why ?? null);
  expect(skips).toEqual(['missed', null, null, null]);
});

describe('for whom it is', () => {
  test.each([
    [{ all: true }, true],
    [{ pcs: ['PC-0', 'PC-1'] }, true],
    [{ groups: ['a', 'x'] }, true],
    [{ pcs: ['pc-1'] }, false],
    [{ groups: ['b'] }, false],
    [{}, false],
    [undefined, false],
  ])('target %j: %s', async (target, expected) => {
    const rig = scheduleRig({ groups: ['a'] });
    rig.start({ s: { ...EVERY_5_S, target } });
    await rig.pass(6);
    expect(rig.fired.length === 1).toBe(expected);
    expect(rig.rows().length === 1).toBe(expected);
  });

  test('a change of groups counts at once, in both directions', async () => {
    const rig = scheduleRig();
    rig.start({ s: { ...EVERY_5_S, target: { groups: ['a'] } } });
    await rig.pass(6);
    expect(rig.fired).toEqual([]);
    rig.state.groups = new Set(['a']);
    rig.scheduler.refresh();
    await rig.pass(5);
    expect(rig.fired).toHaveLength(1);
    await rig.end();
    rig.state.groups = new Set();
    rig.scheduler.refresh();
    await rig.pass(5);
    expect(rig.fired).toHaveLength(1);
  });

  test('one of the backend is none of ours', async () => {
    const rig = scheduleRig();
    rig.start({ s: { ...EVERY_5_S, runs_on: 'backend' }, t: { ...EVERY_5_S, runs_on: undefined } });
    await rig.pass(6);
    expect(rig.rows()).toEqual([]);
  });
});

describe('how often', () => {
  test.each(['once_per_pc', 'once_per_target'])('%s: until it has succeeded, exit 0 only (D26)', async (mode) => {
    const rig = scheduleRig();
    rig.start({ s: { ...EVERY_5_S, mode } });
    await rig.pass(6);
    await rig.end(3);
    await rig.pass(5);
    expect(rig.fired).toHaveLength(2);
    expect(rig.row('s')).toMatchObject({ state: 'running' });
    await rig.end();
    await rig.pass(30);
    expect(rig.fired).toHaveLength(2);
    expect(rig.row('s')).toMatchObject({ state: 'done', nextAtMs: null, last: { reason: 'DONE', exitCode: 0 } });
  });

  test('once is once, also for a new version of the job, as in the original', async () => {
    const rig = scheduleRig();
    rig.start({ s: { ...EVERY_5_S, mode: 'once_per_pc', auto_disable_when_done: true } });
    await rig.pass(6);
    await rig.end();
    rig.put('jobs', 'clean', { ...JOB, version: '2.0.0' });
    await rig.pass(10);
    expect(rig.fired).toHaveLength(1);
  });

  test('a cooldown begins with the success; one that is no duration is none', async () => {
    const rig = scheduleRig();
    rig.start({
      s: { ...EACH_SECOND, mode: 'once_per_pc', cooldown: '10s' },
      t: { ...EACH_SECOND, mode: 'once_per_pc', cooldown: 'soon' },
    });
    await rig.pass(1);
    await rig.end(0, rig.fired[0]?.run);
    await rig.end(0, rig.fired[1]?.run);
    expect(rig.row('s')?.nextAtMs).toBe(Date.parse('2026-11-30T07:00:12Z'));
    await rig.pass(20);
    expect(rig.times()).toEqual(['07:00:01', '07:00:01', '07:00:12']);
    expect(rig.row('t')).toMatchObject({ state: 'done' });
  });

  test('a success that a wrong clock has put into the far future counts as none', async () => {
    const rig = scheduleRig();
    await rig.store.completions.record('s', 'clean', START + 86_400_000 * 365);
    rig.start({ s: { ...EACH_SECOND, mode: 'once_per_pc', cooldown: '10s' } });
    await rig.pass(1);
    await rig.end();
    await rig.pass(5);
    expect(rig.fired).toHaveLength(1);
    await rig.pass(10);
    expect(rig.fired).toHaveLength(2);
  });
});

describe('one tick, one fire', () => {
  test('over a restart within the tick, where the clock was put back meanwhile', async () => {
    const directory = tempDir();
    const first = scheduleRig({ directory });
    first.start({ s: EVERY_5_S });
    await first.pass(6);
    await first.end();
    await first.store.close();
    const second = scheduleRig({ directory, clock: new ManualClock(START + 2_000) });
    second.start({ s: EVERY_5_S });
    await second.pass(6);
    expect(second.fired).toEqual([]);
    await second.pass(5);
    expect(second.times()).toEqual(['07:00:10']);
  });

  test('also where the job has changed between', async () => {
    const rig = scheduleRig();
    rig.start({ s: EVERY_5_S });
    await rig.pass(5);
    await rig.end();
    rig.put('jobs', 'clean', { ...JOB, version: '2.0.0' });
    rig.clock.ms -= 3_000;
    await rig.pass(4);
    expect(rig.fired).toHaveLength(1);
    expect(rig.store.history.count({ reasons: ['CONFLICT'] })).toBe(0);
    await rig.pass(5);
    expect(rig.fired[1]?.command.version).toBe('2.0.0');
  });

  test('a clock that is put back by a year goes on from where it stands then', async () => {
    const rig = scheduleRig();
    rig.start({ s: { cron: '0 0 * * * *' } });
    await rig.pass(1);
    rig.clock.ms -= 365 * 86_400_000;
    await rig.pass(3_600, 20_000);
    expect(rig.fired).toHaveLength(1);
  });

  test('a time that was slept through, or jumped over, is not made up for, and is told', async () => {
    const rig = scheduleRig();
    rig.start({ s: { cron: '0 0 * * * *' } });
    await rig.pass(1);
    rig.clock.advance(2 * 3_600_000);
    await rig.scheduler.fireDue();
    expect(rig.fired).toEqual([]);
    expect(rig.row('s')).toMatchObject({
      skipped: { why: 'missed', atMs: Date.parse('2026-11-30T08:00:00Z') },
      nextAtMs: Date.parse('2026-11-30T10:00:00Z'),
    });
  });

  test('a look that comes some seconds late still fires', async () => {
    const rig = scheduleRig();
    rig.start({ s: { cron: '0 * * * * *' } });
    rig.clock.advance(63_000);
    await rig.scheduler.fireDue();
    expect(rig.fired).toHaveLength(1);
  });

  test('what was due while the agent was off is not made up for', async () => {
    const rig = scheduleRig();
    rig.begin('schedules', {});
    rig.schedule('s', { cron: '0 * * * * *' });
    rig.put('jobs', 'clean', JOB);
    rig.clock.advance(62_000);
    rig.scheduler.begin();
    await rig.pass(2);
    expect(rig.fired).toEqual([]);
  });
});

describe('without a broker', () => {
  test('the cadence is kept from what was mirrored, over a restart; groups and job as they were', async () => {
    const directory = tempDir();
    const online = scheduleRig({ directory, groups: ['a'] });
    online.start({ s: { ...EVERY_5_S, target: { groups: ['a'] } } });
    await online.settled();
    await online.store.close();
    const offline = scheduleRig({ directory, groups: ['a'] });
    offline.bus.disconnect();
    offline.scheduler.begin();
    await offline.pass(6);
    expect(offline.fired.map(({ command }) => command.script)).toEqual(['echo hi']);
    expect(offline.bus.kvReads).toBe(0);
  });

  test('what is gone when the broker is back is gone, with what was remembered of it', async () => {
    const directory = tempDir();
    const online = scheduleRig({ directory });
    online.start({ s: EVERY_5_S });
    await online.pass(6);
    await online.end();
    await online.store.close();
    const back = scheduleRig({ directory });
    back.begin('schedules', {});
    await back.settled();
    expect(back.rows()).toEqual([]);
    expect(back.store.kvCache.all('schedules').size).toBe(0);
    expect(back.store.completions.lastMs('s', 'clean')).toBeUndefined();
  });

  test('a bucket that is away takes nothing back', async () => {
    const rig = scheduleRig();
    rig.start({ s: EVERY_5_S });
    rig.bus.watches.get('schedules')?.missing();
    rig.bus.watches.get('jobs')?.missing();
    await rig.pass(6);
    expect(rig.fired).toHaveLength(1);
  });
});

describe('what is not understood', () => {
  test.each([
    ['a cron of five fields', { cron: '* * * * *' }, 'cron: expected 6 or 7 fields, with seconds first, found 5'],
    ['neither cron nor when', {}, 'cron: expected a string, found nothing'],
    ['a mode of tomorrow', { ...EACH_SECOND, mode: 'sometimes' }, expect.stringContaining('mode: expected one of')],
  ])('%s is skipped with a note, and hurts no other', async (_what, fields, note) => {
    const rig = scheduleRig();
    rig.start({ bad: fields, good: EVERY_5_S });
    await rig.pass(6);
    expect(rig.fired).toHaveLength(1);
    expect(rig.row('bad')).toMatchObject({ state: 'not_understood', nextAtMs: null, internals: { note } });
  });

  test('garbage in a key is a note, and leaves nothing of before in force', async () => {
    const rig = scheduleRig();
    rig.start({ s: EACH_SECOND });
    rig.put('schedules', 's', 'garbage');
    await rig.pass(3);
    expect(rig.fired).toEqual([]);
    expect(rig.row('s')).toMatchObject({ state: 'not_understood' });
  });
});

test('scripts that are switched off, and a store that takes nothing, leave a fire out and say so', async () => {
  const rig = scheduleRig();
  rig.start({ s: EVERY_5_S });
  rig.state.scriptsEnabled = false;
  await rig.pass(6);
  expect(rig.row('s')).toMatchObject({ skipped: { why: 'scripts_off' } });
  expect(rig.store.history.count({})).toBe(0);
});

test('what was left out is remembered over a restart', async () => {
  const directory = tempDir();
  const first = scheduleRig({ directory });
  first.start({ s: EVERY_5_S });
  first.put('jobs', 'clean', null);
  await first.pass(6);
  await first.settled();
  await first.store.close();
  const second = scheduleRig({ directory });
  expect(second.row('s')).toMatchObject({ skipped: { why: 'job_missing', count: 1 } });
});

test('a watch that begins again does not move the time of a schedule that is the same', async () => {
  const rig = scheduleRig();
  rig.start({ s: EVERY_5_S });
  rig.clock.advance(5_000);
  const document = { id: 's', job_id: 'clean', runs_on: 'agent', target: { all: true }, ...EVERY_5_S };
  rig.begin('schedules', { s: document });
  await rig.scheduler.fireDue();
  expect(rig.fired).toHaveLength(1);
});
