import { describe, expect, test } from 'vitest';
import { runIdOf } from '../../test/support/ids.ts';
import { describeRun, taskName } from './describe-run.ts';
import { I18n } from './i18n/i18n.ts';
import { REASONS } from './outcomes.ts';
import type { RunRow } from './run-view.ts';
import { RUN_STATES } from './states.ts';

const [english, japanese] = [new I18n('en'), new I18n('ja')];
const NOW = new Date(2026, 10, 25, 14, 0).getTime();
const MINUTE = 60_000;

function run(fields: Partial<RunRow> = {}): RunRow {
  return {
    run: runIdOf(1),
    title: { kind: 'text', text: 'Printer fix' },
    source: 'live',
    asUser: false,
    state: 'finished',
    reason: 'DONE',
    exitCode: 0,
    receivedAtMs: NOW - 5 * MINUTE,
    notBeforeMs: null,
    startedAtMs: NOW - 4 * MINUTE,
    finishedAtMs: NOW - MINUTE,
    deliveredAtMs: NOW,
    timeoutSecs: 600,
    parked: false,
    unreported: false,
    ...fields,
  };
}

describe('every outcome has its words', () => {
  test.each(REASONS)('%s', (reason) => {
    for (const i18n of [english, japanese]) {
      const said = describeRun(run({ reason, exitCode: 5 }), i18n, NOW);
      for (const text of [said.title, said.line, said.body, said.act ?? '-']) {
        expect(text).not.toBe('');
        // Neither a code nor a hole that was left open, and no English for a Japanese reader.
        expect(text).not.toMatch(/[A-Z]{3,}_|\{\w+\}/);
      }
      if (i18n === japanese) expect(said.title + said.body).toMatch(/[\u3040-\u30ff\u4e00-\u9fff]/);
    }
  });

  test.each(RUN_STATES.filter((state) => state !== 'finished'))('%s', (state) => {
    const open = run({ state, reason: null, finishedAtMs: null, notBeforeMs: NOW + 90_000 });
    for (const i18n of [english, japanese]) {
      const said = describeRun(open, i18n, NOW);
      expect(said.line + said.title + said.body).not.toMatch(/\{\w+\}|undefined|NaN/);
      expect([said.changed, said.act]).toEqual([null, null]);
    }
  });
});

test.each(RUN_STATES.filter((state) => state !== 'finished' && state !== 'running'))(
  'that a task starts by itself is not said of one in %s while the agent starts none',
  (state) => {
    const open = run({ state, reason: null, finishedAtMs: null, notBeforeMs: NOW + 90_000 });
    for (const i18n of [english, japanese]) {
      for (const begins of ['finishing', 'held'] as const) {
        const { title, line, body, mark } = describeRun(open, i18n, NOW, begins);
        expect(title + line + body).not.toMatch(/start(s|ed)? (in|within|by)|まもなく|以内|自動的/);
        expect(mark).toBe('waiting');
      }
    }
    expect(describeRun(open, english, NOW, 'finishing').line).toBe('waiting until the management program is back');
    expect(describeRun(open, english, NOW, 'held').body).toBe('It has not started yet.');
  },
);

test('how soon a task starts is said so that it stays true for the minute that it is shown', () => {
  const line = (inMs: number) =>
    describeRun(run({ state: 'waiting_jitter', reason: null, notBeforeMs: NOW + inMs }), english, NOW).line;
  expect([90_000, 60_000, 12_000, -5_000].map(line)).toEqual([
    'starts within 2 min',
    'starts within 1 min',
    'starts within 1 min',
    'starts within 1 min',
  ]);
});

test.each([
  ['DONE', {}, 'done in 3 min', 'Finished in 3 min.'],
  ['FAILED', { exitCode: 5 }, 'finished with an error (code 5)', 'Error code 5. IT can see the details.'],
  [
    'KILLED',
    {},
    'stopped by IT after 3 min',
    'IT stopped this task after 3 min. Some steps may already have been done.',
  ],
  ['TIMEOUT', {}, 'took too long, stopped after 10 min', 'Stopped after 10 min to protect this PC.'],
  ['VERSION_PIN', {}, 'skipped – another version is current', 'IT has set another version of this task.'],
] as const)('%s says times and codes as they were', (reason, fields, line, body) => {
  expect(describeRun(run({ reason, ...fields }), english, NOW)).toMatchObject({ line, body });
});

test('a deadline names the moment, and how much later the task came', () => {
  const late = { ...run({ reason: 'DEADLINE', receivedAtMs: NOW }), deadlineAtMs: NOW - 20 * MINUTE, viewAgeMs: null };
  expect(describeRun(late, english, NOW).body).toBe('The task had to start by 13:40; it reached this PC 20 min later.');
  const waited = { ...late, receivedAtMs: NOW - 30 * MINUTE };
  expect(describeRun(waited, english, NOW).body).toBe(
    'The task had to start by 13:40; that passed while it was waiting.',
  );
});

test('a stale view says how long this PC had been offline, where that is known', () => {
  const stale = { ...run({ reason: 'STALE_VIEW' }), deadlineAtMs: null };
  expect(describeRun({ ...stale, viewAgeMs: 7_200_000 }, english, NOW).body).toContain('offline for 2 hr.');
  expect(describeRun({ ...stale, viewAgeMs: null }, english, NOW).body).toContain('this PC was offline');
});

test('IT has been told only where the result was delivered', () => {
  const conflict = run({ reason: 'CONFLICT' });
  expect(describeRun(conflict, english, NOW).body).toContain('IT has been told.');
  expect(describeRun({ ...conflict, deliveredAtMs: null }, english, NOW).body).toContain('Recorded on this PC.');
});

test('IT can see the details of a failure only where its result was delivered', () => {
  const failed = run({ reason: 'FAILED', exitCode: 5, deliveredAtMs: null });
  expect(describeRun(failed, english, NOW).body).toBe('Error code 5. Recorded on this PC.');
  expect(describeRun(failed, new I18n('ja'), NOW).body).toBe('エラーコード 5。この端末に記録しました。');
});

test('says whether anything was changed, once', () => {
  const changed = (reason: RunRow['reason']) => describeRun(run({ reason }), english, NOW).changed;
  expect(changed('VERSION_PIN')).toBe('Nothing was changed on this PC.');
  expect(changed('INTERRUPTED')).toBe('Some steps may already have been done.');
  expect(changed('KILLED')).toBeNull();
});

test('names a task', () => {
  const name = (title: RunRow['title'], source: RunRow['source'] = 'live') => taskName({ title, source }, english);
  expect(name({ kind: 'text', text: 'Disk clean-up' })).toBe('Disk clean-up');
  expect(name({ kind: 'text', text: 'Disk clean-up' }, 'schedule')).toBe('Disk clean-up (scheduled on this PC)');
  expect(name({ kind: 'direct' })).toBe('Direct task from IT');
  expect(name({ kind: 'none' })).toBe('Task without a name');
  expect(name({ kind: 'hidden' })).toBe('Task from IT');
});

test.each([
  [90, 'It may take up to 1 min 30 sec.', 'Stopped after 1 min 30 sec to protect this PC.'],
  [930, 'It may take up to 15 min 30 sec.', 'Stopped after 15 min 30 sec to protect this PC.'],
  [600, 'It may take up to 10 min.', 'Stopped after 10 min to protect this PC.'],
])('a limit of %j s is said whole, since a task may use it all', (timeoutSecs, running, stopped) => {
  expect(describeRun(run({ state: 'running', reason: null, timeoutSecs }), english, NOW).body).toContain(running);
  expect(describeRun(run({ reason: 'TIMEOUT', timeoutSecs }), english, NOW).body).toBe(stopped);
});
