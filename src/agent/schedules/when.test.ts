/** Schedules as 0.101 writes them (protocol §6.4 and §6.6), and the completions that both generations keep. */
import { describe, expect, test, vi } from 'vitest';
import { eventually } from '../../../test/support/eventually.ts';
import { runIdOf } from '../../../test/support/ids.ts';
import { JOB, ManualClock, START, scheduleRig } from '../../../test/support/schedule-rig.ts';
import { arrival, ending } from '../../../test/support/store.ts';
import { tempDir } from '../../../test/support/temp.ts';
import { decodeCommand } from '../wire/command.ts';

const MINUTE_S = 60;

describe('per_pc', () => {
  test('once: at a full minute, until it has succeeded', async () => {
    const rig = scheduleRig();
    rig.start({ s: { when: { per_pc: 'once' } } });
    await rig.pass(2 * MINUTE_S);
    expect(rig.times()).toEqual(['07:01:00']);
    expect(rig.row('s')).toMatchObject({ state: 'running', skipped: null });
    await rig.end(1);
    await rig.pass(MINUTE_S);
    await rig.end();
    await rig.pass(2 * MINUTE_S);
    expect(rig.times()).toEqual(['07:01:00', '07:03:00']);
    expect(rig.row('s')).toMatchObject({ state: 'done' });
  });

  test('every: so long after each success; a success of the job counts whatever had started it', async () => {
    const rig = scheduleRig();
    rig.start({ s: { when: { per_pc: { every: '5m' } } } });
    await rig.pass(MINUTE_S);
    await rig.end();
    expect(rig.row('s')?.nextAtMs).toBe(Date.parse('2026-11-30T07:07:00Z'));
    await rig.pass(3 * MINUTE_S);
    const byHand = await rig.store.runs.admit(arrival('r', 'by hand', { manifestId: 'clean' }));
    if (byHand.kind !== 'admitted') throw new Error(byHand.kind);
    await rig.store.runs.finish(byHand.run, ending('by hand', { finishedAtMs: rig.clock.ms }));
    await rig.pass(10 * MINUTE_S);
    expect(rig.times()).toEqual(['07:01:00', '07:10:00']);
  });

  test('once_per_version, as written by hand: again for each new version of the job, not for an old one', async () => {
    const rig = scheduleRig();
    rig.start({ s: { when: { per_pc: 'once_per_version' } } });
    await rig.pass(MINUTE_S);
    await rig.end();
    await rig.pass(2 * MINUTE_S);
    rig.put('jobs', 'clean', { ...JOB, version: '2.0.0' });
    await rig.pass(MINUTE_S);
    await rig.end();
    rig.put('jobs', 'clean', JOB);
    await rig.pass(2 * MINUTE_S);
    expect(rig.fired.map(({ command }) => command.version)).toEqual(['1.0.0', '2.0.0']);
  });
});

describe('calendar', () => {
  test.each([
    ['on this PC’s own clock', { calendar: { at: '16:02' } }, undefined, '07:02:00'],
    ['in UTC', { calendar: { at: '07:03' } }, 'utc', '07:03:00'],
    ['on its days', { calendar: { at: '16:01', days: ['tue-fri', 'MON#5'] } }, undefined, '07:01:00'],
    ['once', { calendar: { at: '2026-11-30 16:04' } }, undefined, '07:04:00'],
    ['once, as it may be written too', { calendar: { at: '2026/11/30T16:04' } }, 'local', '07:04:00'],
  ])('%s: %j', async (_what, when, tz, expected) => {
    const rig = scheduleRig({ zone: 'Asia/Tokyo' });
    rig.start({ s: { when, tz } });
    await rig.pass(5 * MINUTE_S);
    expect(rig.times()).toEqual([expected]);
  });

  test('one that is over says so', async () => {
    const rig = scheduleRig();
    rig.start({ s: { when: { calendar: { at: '2026-11-30 09:00' } } } });
    await rig.pass(1);
    expect(rig.row('s')).toMatchObject({ state: 'over', nextAtMs: null });
  });
});

describe('on', () => {
  test('startup: once for each start of the PC, also over restarts of the agent', async () => {
    const directory = tempDir();
    const document = { when: { on: ['startup'] } };
    const first = scheduleRig({ directory });
    first.start({ s: document });
    await first.scheduler.fireDue();
    expect(first.fired).toHaveLength(1);
    await first.end();
    first.scheduler.reloaded();
    await first.scheduler.fireDue();
    expect(first.fired).toHaveLength(1);
    // Another start: the store of a test has a boot of its own for each process, so that of the first is kept here.
    expect(first.store.scheduleRuns.lastBoot('s')).toBe(first.store.systemStart);
  });

  test('startup with a starting deadline: only while the PC is up for no longer', async () => {
    const document = { when: { on: ['startup'] }, starting_deadline: '10m' };
    const late = scheduleRig({ clock: new ManualClock(START, 11 * 60_000) });
    late.start({ s: document });
    await late.scheduler.fireDue();
    expect(late.fired).toHaveLength(0);
    const early = scheduleRig({ clock: new ManualClock(START, 9 * 60_000) });
    early.start({ s: document });
    await early.scheduler.fireDue();
    expect(early.fired).toHaveLength(1);
  });

  test('lock: each time, where this PC tells of it', async () => {
    const rig = scheduleRig({ triggers: ['logon', 'lock', 'unlock'] });
    rig.start({ s: { when: { on: ['lock', 'network_change'] } } });
    await rig.scheduler.occurred('lock');
    expect(rig.fired).toHaveLength(1);
    await rig.end();
    rig.clock.advance(1_000);
    await rig.scheduler.occurred('unlock');
    await rig.scheduler.occurred('lock');
    expect(rig.fired).toHaveLength(2);
    expect(rig.row('s')).toMatchObject({ internals: { note: expect.stringContaining('network_change') } });
  });

  test('network_change: each time, also beside events that this PC does not tell of', async () => {
    const rig = scheduleRig({ triggers: ['network_change'] });
    rig.start({ s: { when: { on: ['logon', 'network_change'] } } });
    await rig.scheduler.occurred('network_change');
    expect(rig.fired).toHaveLength(1);
  });

  test.each([
    [
      { when: { on: ['logon', 'lock'] } },
      'skipped: when.on [logon,lock] never fires on linux — this OS has no logon/lock source',
    ],
    [
      { when: { per_pc: 'once' }, constraints: { require: { ac_power: true, idle: '10m' } } },
      'skipped: constraints.require.ac_power, constraints.require.idle cannot be evaluated on linux — not running (fail-closed)',
    ],
  ])('what can not be told here is answered once with 122, and never fires: %j', async (document, text) => {
    const rig = scheduleRig();
    rig.start({ s: document });
    await rig.pass(2 * MINUTE_S, 10_000);
    rig.schedule('s', { ...document, tags: ['x'] });
    await rig.settled();
    expect(rig.fired).toEqual([]);
    const results = rig.store.outbox.waiting(true, 10).map(({ body }) => JSON.parse(Buffer.from(body).toString()));
    expect(results).toMatchObject([{ exit_code: 122, skipped: true, stderr: text, manifest_id: 'clean' }]);
    expect(results[0]).not.toHaveProperty('exec_id');
    expect(rig.row('s')).toMatchObject({ state: 'not_understood', internals: { note: text } });
  });
});

describe('limits', () => {
  const EACH_MINUTE = { when: { per_pc: { every: '1s' } } };

  async function skipOf(fields: object, options = {}): Promise<unknown> {
    const rig = scheduleRig(options);
    rig.start({ s: { ...EACH_MINUTE, ...fields } });
    await rig.pass(MINUTE_S);
    return rig.fired.length === 0 ? rig.row('s')?.skipped?.why : 'fired';
  }

  // It is 16:01 on Monday, 2026-11-30, on this PC.
  test.each([
    [{ active: { from: '2026-11-30' } }, 'fired'],
    [{ active: { from: '2026-12-01' } }, 'not_active'],
    [{ active: { until: '2026-11-30' } }, 'not_active'],
    [{ active: { until: '2026-12-01' } }, 'fired'],
    [{ active: { from: '2026-11-30T07:01:00Z', until: '2026-11-30T07:01:01Z' } }, 'fired'],
    [{ active: { from: '2026-11-30T07:01:01Z' } }, 'not_active'],
    [{ constraints: { window: '16:01-16:02' } }, 'fired'],
    [{ constraints: { window: '16:02-17:00' } }, 'outside_window'],
    [{ constraints: { window: '15:00-16:01' } }, 'outside_window'],
    [{ constraints: { window: '22:00-05:00' } }, 'outside_window'],
    [{ constraints: { window: '22:00-05:00' }, tz: 'utc' }, 'outside_window'],
    [{ constraints: { window: '23:00-16:30' } }, 'fired'],
    [{ constraints: { window: '07:00-08:00' }, tz: 'utc' }, 'fired'],
    [{ constraints: { skip_dates: ['2026-12-25', '2026-11-30'] } }, 'skip_date'],
    [{ constraints: { skip_dates: ['2026-12-25'] } }, 'fired'],
  ])('%j: %s', async (fields, expected) => {
    expect(await skipOf(fields)).toBe(expected);
  });

  test.each([
    [undefined, 'requirement'],
    [80, 'requirement'],
    [12, 'fired'],
  ])('cpu_below with a load of %s: %s', async (cpuPercent, expected) => {
    const options = cpuPercent === undefined ? {} : { cpuPercent };
    expect(await skipOf({ constraints: { require: { cpu_below: 50 } } }, options)).toBe(expected);
  });

  test.each([
    [{ ac_power: true }, { acPower: true }, 'fired'],
    [{ ac_power: true }, { acPower: false }, 'ac_power: the PC runs on its battery'],
    [{ ac_power: true }, {}, 'ac_power: not known at present'],
    [{ idle: '10m' }, { idleMs: 600_000 }, 'fired'],
    [{ idle: '10m' }, { idleMs: 599_999 }, 'idle: the PC was used 599 s ago'],
    [{ idle: '10m' }, { idleMs: Number.POSITIVE_INFINITY }, 'fired'],
    [{ idle: '10m' }, {}, 'idle: not known at present'],
    [{ network: true }, { network: true }, 'fired'],
    [{ network: true }, { network: false }, 'network: the Internet is not reached'],
    [{ network: true }, {}, 'network: not known at present'],
    [{ ac_power: true, idle: '1s', network: true }, { acPower: true, idleMs: 1_000, network: true }, 'fired'],
    [{ ac_power: true, cpu_below: 50 }, { acPower: true }, 'cpu_below: the load is not known yet'],
  ] as const)('%j where the PC says %j: %s', async (require, conditions, expected) => {
    const rig = scheduleRig({ tells: ['acPower', 'idle', 'network'], conditions });
    rig.start({ s: { ...EACH_MINUTE, constraints: { require } } });
    await rig.pass(MINUTE_S);
    const told = rig.fired.length === 0 ? rig.row('s')?.internals.note : 'fired';
    expect(told).toBe(expected);
    expect(rig.fired.length === 0 ? rig.row('s')?.skipped?.why : 'requirement').toBe('requirement');
  });

  test('the PC is asked at the times that are due alone, and fires at the first one at which it is as required', async () => {
    const rig = scheduleRig({ tells: ['acPower'], conditions: { acPower: false } });
    const constraints = { require: { ac_power: true } };
    rig.start({
      s: { when: { per_pc: { every: '1h' } }, constraints },
      t: { when: { calendar: { at: '23:00' } }, constraints },
    });
    await rig.pass(3 * MINUTE_S, 10_000);
    expect([rig.fired.length, rig.asked.length]).toEqual([0, 3]);
    rig.state.conditions = { acPower: true, idleMs: null, network: null };
    await rig.pass(MINUTE_S, 10_000);
    expect([rig.fired.length, rig.asked.length]).toEqual([1, 4]);
    await rig.end();
    await rig.pass(10 * MINUTE_S, 10_000);
    expect([rig.fired.length, rig.asked.length]).toEqual([1, 4]);
  });

  describe('edited while the PC is asked', () => {
    const network = { require: { network: true } };
    const at = (time: string) => ({ when: { calendar: { at: time } }, constraints: network });
    const startup = { when: { on: ['startup'] }, constraints: network };
    const acPower = { require: { network: true, ac_power: true } };

    /** The edit comes when the PC has been asked for what the schedule requires. */
    async function edited(before: object, after: object, conditions: { acPower?: boolean } = {}) {
      const rig = scheduleRig({ tells: ['network', 'acPower'], conditions: { network: true, ...conditions } });
      const answer = Promise.withResolvers<void>();
      rig.state.answers = answer.promise;
      rig.start({ s: before });
      rig.clock.advance(MINUTE_S * 1_000);
      const looked = rig.scheduler.fireDue();
      await eventually(() => expect(rig.asked).toHaveLength(1));
      rig.schedule('s', after);
      answer.resolve();
      await looked;
      await rig.pass(2);
      return rig;
    }

    test.each([
      ['a word of its description', at('16:01'), { ...at('16:01'), description: 'new' }],
      ['the days of this time', at('16:01'), { ...at('16:01'), when: { calendar: { at: '16:01', days: ['mon'] } } }],
      ['a word, for the start of the PC', startup, { ...startup, description: 'new' }],
      ['another event beside this one', startup, { ...startup, when: { on: ['logon', 'startup'] } }],
    ])('%s: it fires', async (_name, before, after) => {
      const rig = await edited(before, after);
      expect(rig.fired).toHaveLength(1);
    });

    test('to require more: the PC is asked for that too', async () => {
      const onMains = await edited(at('16:01'), { ...at('16:01'), constraints: acPower }, { acPower: true });
      expect(onMains.fired).toHaveLength(1);
      const onBattery = await edited(startup, { ...startup, constraints: acPower }, { acPower: false });
      expect(onBattery.fired).toEqual([]);
      expect(onBattery.row('s')?.skipped).toMatchObject({ why: 'requirement' });
    });

    test('to another time, or another event: it was missed', async () => {
      const otherTime = await edited(at('16:01'), at('19:00'));
      const otherEvent = await edited(startup, { ...startup, when: { on: ['network_change'] } });
      for (const rig of [otherTime, otherEvent]) expect(rig.fired).toEqual([]);
      expect(otherTime.row('s')?.skipped).toMatchObject({ why: 'missed' });
    });
  });

  test.each([
    ['in what it says', { when: { calendar: { at: '16:01' } }, description: 'new' }, ['07:01:03'], undefined],
    ['to another time', { when: { calendar: { at: '19:00' } } }, [], 'missed'],
  ])('a schedule that is edited after its time and before anybody looks, %s', async (_name, after, times, skipped) => {
    const rig = scheduleRig();
    rig.start({ s: { when: { calendar: { at: '16:01' } } } });
    rig.clock.advance(62_000);
    rig.schedule('s', after);
    await rig.pass(2);
    expect(rig.times()).toEqual(times);
    expect(rig.row('s')?.skipped?.why).toBe(skipped);
  });

  test('a new version of its job between its time and the look takes no time from a schedule', async () => {
    const rig = scheduleRig();
    rig.start({ s: { when: { per_pc: 'once_per_version' } } });
    rig.clock.advance(62_000);
    rig.put('jobs', 'clean', { ...JOB, version: '2.0.0' });
    await rig.pass(2);
    expect(rig.times()).toEqual(['07:01:03']);
  });

  test('a schedule that is taken back while the PC is asked does not fire', async () => {
    const rig = scheduleRig({ tells: ['network'], conditions: { network: true } });
    rig.start({ s: { ...EACH_MINUTE, constraints: { require: { network: true } } } });
    rig.clock.advance(MINUTE_S * 1_000);
    const looked = rig.scheduler.fireDue();
    while (rig.asked.length === 0) await Promise.resolve();
    rig.put('schedules', 's', null);
    await looked;
    expect(rig.fired).toEqual([]);
  });

  test.each([
    [{ constraints: { window: 'at night' } }, 'constraints.window: expected HH:MM-HH:MM'],
    [{ constraints: { skip_dates: ['25.12.'] } }, 'constraints.skip_dates: expected dates, found "25.12."'],
    [{ active: { from: 'soon' } }, expect.stringContaining('active.from: expected YYYY-MM-DD')],
    [{ constraints: { max_concurrent: 3 } }, expect.stringContaining('constraints.max_concurrent')],
    [{ rollout: { strategy: 'wave', waves: [] } }, expect.stringContaining('rollout')],
    [{ on_failure: { retry: { max: 11, backoff: '30s' } } }, expect.stringContaining('on_failure.retry.max')],
    [{ on_failure: { retry: { max: 1, backoff: 'x' } } }, expect.stringContaining('on_failure.retry.backoff')],
    [{ when: { calendar: { at: '25:00' } } }, expect.stringContaining('when.calendar: hour')],
    [{ when: { calendar: { at: 'noon' } } }, expect.stringContaining('when.calendar.at')],
    [{ when: { per_pc: { every: 'often' } } }, expect.stringContaining('when.every')],
    [{ when: { per_pc: 'twice' } }, expect.stringContaining('when.per_pc: expected one of "once", "once_per_version"')],
    [{ when: { on: ['full_moon'] } }, expect.stringContaining('when.on: expected a list of "startup"')],
    [{ tz: 'Mars' }, expect.stringContaining('tz: expected one of "local", "utc"')],
  ])('%j is not understood, and says why', async (fields, note) => {
    const rig = scheduleRig();
    rig.start({ s: { ...EACH_MINUTE, ...fields } });
    await rig.pass(MINUTE_S);
    expect(rig.fired).toEqual([]);
    expect(rig.row('s')).toMatchObject({ state: 'not_understood', internals: { note } });
  });
});

test('retry and starting deadline go into the command (protocol §6.3)', async () => {
  const rig = scheduleRig();
  const on_failure = { retry: { max: 3, backoff: '30s' } };
  rig.start({ s: { when: { per_pc: 'once' }, on_failure, starting_deadline: '2h', jitter: '5m' } });
  await rig.pass(MINUTE_S);
  expect(rig.fired[0]?.command).toMatchObject({
    retry: { max: 3, backoffSecs: 30 },
    jitterSecs: 300,
    deadlineAtNs: BigInt(Date.parse('2026-11-30T09:01:00Z')) * 1_000_000n,
  });
});

test('a script in the object store, and a place beside the others, are those of the job; a typed job is not run', async () => {
  const rig = scheduleRig();
  rig.start({ s: { when: { per_pc: 'once' } } });
  const execute = { shell: 'pwsh', script_object: 'clean/1', timeout: 'soon', bypass_local_limit: true };
  rig.put('jobs', 'clean', { ...JOB, execute });
  await rig.pass(MINUTE_S);
  expect(rig.fired[0]?.command).toMatchObject({
    script: '',
    scriptObject: { key: 'clean/1', sha256: null },
    timeoutSecs: 60,
    bypassLocalLimit: true,
  });
  await rig.end(1);
  rig.put('jobs', 'clean', { ...JOB, execute: { kind: 'typed_operation', operation: {} } });
  await rig.pass(MINUTE_S);
  expect(rig.row('s')).toMatchObject({ skipped: { why: 'job_unreadable' } });
});

describe('freeze (protocol §6.6)', () => {
  test.each([
    ['absent', null, true],
    ['without bounds', { reason: 'lab', tz: 'local' }, false],
    ['over', { until: '2026-11-30T07:00:00Z' }, true],
    ['yet to come', { from: '2026-12-01' }, true],
    ['for today', { from: '2026-11-30', until: '2026-12-01' }, false],
    ['a bound that can not be read', { until: 'friday' }, false],
    ['not a document', 'garbage', false],
  ])('%s', async (_what, document, fires) => {
    const rig = scheduleRig();
    rig.start({ s: { cron: '0 * * * * *' } });
    if (document !== null) rig.put('fleet_config', 'freeze', document);
    await rig.pass(MINUTE_S);
    expect(rig.fired.length === 1).toBe(fires);
    if (!fires) expect(rig.row('s')).toMatchObject({ skipped: { why: 'frozen' } });
  });

  test('holds without a broker too, over a restart, and ends when it is taken back', async () => {
    const directory = tempDir();
    const first = scheduleRig({ directory });
    first.start({ s: { cron: '0 * * * * *' } });
    first.put('fleet_config', 'freeze', { reason: 'lab' });
    await first.settled();
    await first.store.close();
    const second = scheduleRig({ directory });
    second.bus.disconnect();
    second.scheduler.begin();
    await second.pass(MINUTE_S);
    expect(second.fired).toEqual([]);
    second.begin('fleet_config', {});
    await second.pass(MINUTE_S);
    expect(second.fired).toHaveLength(1);
  });
});

test('a completion of the original’s file counts, for its own schedule', async () => {
  const rig = scheduleRig();
  await rig.store.completions.record('s', 'clean', START - 1_000);
  const cron = '*/5 * * * * *';
  rig.start({ s: { cron, mode: 'once_per_pc' }, t: { cron, mode: 'once_per_pc' } });
  await rig.pass(6);
  expect(rig.fired.map(({ run }) => rig.store.history.get(run)?.subject)).toEqual(['schedules.t']);
});

describe('the start of the PC', () => {
  const AT_START = { when: { on: ['startup'] } };

  test('is not over for a schedule whose job comes later than the schedule', async () => {
    const rig = scheduleRig();
    rig.scheduler.begin();
    rig.begin('schedules', { s: { id: 's', job_id: 'clean', runs_on: 'agent', target: { all: true }, ...AT_START } });
    await rig.scheduler.fireDue();
    await rig.scheduler.fireDue();
    expect(rig.fired).toHaveLength(0);
    // Said once, however often it is looked at.
    expect(rig.row('s')).toMatchObject({ skipped: { why: 'job_missing', count: 1 } });
    rig.begin('jobs', { clean: JOB });
    await rig.scheduler.fireDue();
    expect(rig.fired).toHaveLength(1);
  });

  test('nor for one whose group is known later', async () => {
    const rig = scheduleRig();
    rig.start({ s: { ...AT_START, target: { groups: ['office'] } } });
    rig.scheduler.reloaded();
    await rig.scheduler.fireDue();
    expect(rig.fired).toHaveLength(0);
    rig.state.groups = new Set(['office']);
    rig.scheduler.refresh();
    await rig.scheduler.fireDue();
    expect(rig.fired).toHaveLength(1);
  });

  test('nor for one that needs the load of the processors, which takes two looks', async () => {
    const rig = scheduleRig();
    rig.start({ s: { ...AT_START, constraints: { require: { cpu_below: 50 } } } });
    await rig.scheduler.fireDue();
    expect(rig.fired).toHaveLength(0);
    rig.state.cpuPercent = 10;
    await rig.scheduler.fireDue();
    expect(rig.fired).toHaveLength(1);
  });

  test('but is for one that IT holds back, until all schedules are read again', async () => {
    const rig = scheduleRig();
    rig.put('fleet_config', 'freeze', {});
    rig.start({ s: AT_START });
    await rig.scheduler.fireDue();
    rig.put('fleet_config', 'freeze', null);
    await rig.scheduler.fireDue();
    expect(rig.fired).toHaveLength(0);
    rig.scheduler.reloaded();
    await rig.scheduler.fireDue();
    expect(rig.fired).toHaveLength(1);
  });
});

test('jobs and schedules that come again unchanged change nothing', async () => {
  const rig = scheduleRig();
  const document = { id: 's', job_id: 'clean', runs_on: 'agent', target: { all: true }, when: { per_pc: 'once' } };
  rig.begin('schedules', { s: document });
  rig.begin('jobs', { clean: JOB });
  rig.scheduler.begin();
  const before = rig.scheduler.changes.value;
  for (let connect = 0; connect < 3; connect += 1) rig.begin('jobs', { clean: JOB });
  expect(rig.scheduler.changes.value).toBe(before);
  rig.begin('jobs', { clean: { ...JOB, version: '2.0.0' } });
  expect(rig.scheduler.changes.value).toBeGreaterThan(before);
});

test('one schedule of which the store can not be read holds up no other', async () => {
  const rig = scheduleRig();
  const document = { when: { calendar: { at: '16:00' } } };
  rig.start({ a: document, b: document, c: document });
  rig.clock.ms = Date.parse('2026-11-30T07:00:00.900Z');
  const { scheduleRuns } = rig.store;
  const isRunning = scheduleRuns.isRunning.bind(scheduleRuns);
  let broken = true;
  scheduleRuns.isRunning = (id) => {
    if (broken && id === 'b') throw new Error('disk I/O error');
    return isRunning(id);
  };
  rig.clock.ms = rig.row('a')?.nextAtMs ?? 0;
  await rig.scheduler.fireDue();
  broken = false;
  expect(rig.fired).toHaveLength(2);
  expect(rig.row('b')).toMatchObject({ skipped: { why: 'store' } });
});

test('what a schedule requires and nobody tells holds up no other', async () => {
  const rig = scheduleRig({ tells: ['idle'] });
  rig.state.answers = new Promise(() => {});
  const document = { when: { calendar: { at: '16:00' } } };
  rig.start({ asks: { ...document, constraints: { require: { idle: '10m' } } }, other: document });
  rig.clock.ms = rig.row('other')?.nextAtMs ?? 0;
  void rig.scheduler.fireDue();
  await eventually(() => expect(rig.fired).toHaveLength(1));
  rig.clock.ms = rig.row('other')?.nextAtMs ?? 0;
  await rig.end();
  void rig.scheduler.fireDue();
  await eventually(() => expect(rig.fired).toHaveLength(2));
});

test('a store that can not be read while very many are due is looked at again, and ends nothing', async () => {
  const rig = scheduleRig();
  const many = Array.from({ length: 300 }, (_each, at): [string, object] => [`s${at}`, { when: { per_pc: 'once' } }]);
  rig.start(Object.fromEntries(many));
  const { scheduleRuns, completions } = rig.store;
  const broken = () => {
    throw new Error('disk I/O error');
  };
  const spies: { mockRestore(): void }[] = [
    vi.spyOn(scheduleRuns, 'isRunning').mockImplementation(broken),
    vi.spyOn(scheduleRuns, 'skipped').mockImplementation(broken),
  ];
  rig.clock.ms = Date.parse('2026-11-30T07:01:00Z');
  await rig.scheduler.fireDue();
  spies.push(vi.spyOn(completions, 'lastMs').mockImplementation(broken));
  await rig.scheduler.fireDue();
  expect(rig.fired).toHaveLength(0);
  for (const spy of spies) spy.mockRestore();
  await rig.pass(MINUTE_S);
  expect(rig.fired).toHaveLength(300);
});

test.each([
  ['7972y', true],
  ['9000y', false],
  ['300000y', false],
  ['18446744073709551615s', false],
])(
  'a last moment to start that is %s later is one: %s, as no time beyond 9999 can be written',
  async (starting_deadline, isOne) => {
    const rig = scheduleRig();
    rig.start({ s: { when: { per_pc: 'once' }, starting_deadline } });
    await rig.pass(MINUTE_S);
    expect(rig.fired).toHaveLength(1);
    const decoded = decodeCommand(rig.store.inbox.body(runIdOf(rig.fired[0]?.run ?? 0)));
    expect(decoded.ok && decoded.command.deadlineAtNs !== null).toBe(isOne);
    expect(decoded.ok).toBe(true);
  },
);
