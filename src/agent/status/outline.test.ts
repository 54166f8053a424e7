import { describe, expect, test } from 'vitest';
import { runIdOf } from '../../../test/support/ids.ts';
import type { Reason } from '../../shared/outcomes.ts';
import { MAX_FOLDS, MAX_LIST_DAYS } from '../../shared/outline-limits.ts';
import { DIRECT_TASK } from '../../shared/run-title.ts';
import { Outline } from './outline.ts';
import type { RunShape } from './ports.ts';

const STARTS_MS = [1_000, 2_000, 3_000];

interface Some {
  readonly atMs?: number;
  readonly job?: string | null;
  readonly title?: string | null;
  readonly source?: RunShape[4];
  readonly reason?: Reason | null;
  readonly exitCode?: number | null;
}

/** Of runs that are given newest first. */
function outlineOf(runs: readonly Some[], mayFold = true) {
  const outline = new Outline(STARTS_MS, mayFold);
  for (const [at, run] of runs.entries()) {
    const { atMs = 3_500, job = 'printer-fix', title = null, source = 'live', reason = 'DONE', exitCode = 0 } = run;
    outline.add([runIdOf(runs.length - at), atMs, job, title, source, reason, exitCode]);
  }
  return outline.ended();
}

const times = (count: number, run: Some = {}) => Array.from({ length: count }, () => run);
const foldsOf = (runs: readonly Some[], mayFold?: boolean) => outlineOf(runs, mayFold).folds;

test('days are cut where they begin, and what is older than the first of them is one', () => {
  const outline = outlineOf([4_000, 3_000, 2_999, 2_000, 1_000, 999, 5].map((atMs) => ({ atMs })));
  expect(outline).toEqual({
    newestRun: 7,
    matching: 7,
    days: [
      { startMs: 3_000, count: 2 },
      { startMs: 2_000, count: 2 },
      { startMs: 1_000, count: 1 },
      { startMs: null, count: 2 },
    ],
    folds: [],
  });
});

test('where the clock was set back a day comes again, as the list has it', () => {
  const { days } = outlineOf([3_000, 2_000, 3_000].map((atMs) => ({ atMs })));
  expect(days.map(({ startMs }) => startMs)).toEqual([3_000, 2_000, 3_000]);
});

test('of nothing there is nothing', () => {
  expect(outlineOf([])).toEqual({ newestRun: 0, matching: 0, days: [], folds: [] });
});

describe('folds', () => {
  test('runs that follow each other as one task with one outcome, from three on', () => {
    expect(foldsOf([...times(3), { job: 'a' }, ...times(2), { job: 'b' }, ...times(50)])).toEqual([
      [0, 3, 3_500],
      [7, 50, 3_500],
    ]);
  });

  test.each<[string, Some]>([
    ['of another task', { job: 'other' }],
    ['with another title', { title: 'Printer fix, anew' }],
    ['that this PC fired itself', { source: 'schedule' }],
    ['with another outcome', { reason: 'FAILED' }],
    ['with another exit code', { exitCode: 5 }],
    ['that is not finished', { reason: null, exitCode: null }],
    ['of another day', { atMs: 2_500 }],
  ])('not over one %s', (_what, other) => {
    expect(foldsOf([...times(2), other, ...times(2)])).toEqual([]);
  });

  test.each<[string, Some]>([
    ['that are not finished', { reason: null, exitCode: null }],
    ['of no job: each is a task of its own', { job: DIRECT_TASK }],
    ['that name no task', { job: null, reason: 'BAD_MESSAGE' }],
  ])('never those %s', (_what, run) => {
    expect(foldsOf(times(9, run))).toEqual([]);
  });

  test('none where names are hidden', () => {
    expect(foldsOf(times(9), false)).toEqual([]);
  });

  test('what came another way is the same task', () => {
    expect(foldsOf([{}, { source: 'replay' }, {}])).toEqual([[0, 3, 3_500]]);
  });
});

test('an outline has a largest size, whatever the history is', () => {
  const bursts = Array.from({ length: MAX_FOLDS + 5 }, (_, at) => times(3, { job: `job-${at}` })).flat();
  expect(foldsOf(bursts)).toHaveLength(MAX_FOLDS);
  const jumping = Array.from({ length: MAX_LIST_DAYS + 5 }, (_, at) => ({ atMs: at % 2 === 0 ? 1_500 : 2_500 }));
  const { days, matching } = outlineOf(jumping);
  expect([days.length, matching]).toEqual([MAX_LIST_DAYS, jumping.length]);
  expect(days.reduce((sum, { count }) => sum + count, 0)).toBe(jumping.length);
});
