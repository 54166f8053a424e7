import { expect, test } from 'vitest';
import { NOW } from '../../../test/support/agent-status.ts';
import { I18n } from '../../shared/i18n/i18n.ts';
import { runIdSchema } from '../../shared/id-schemas.ts';
import type { Reason } from '../../shared/outcomes.ts';
import type { RunRow } from '../../shared/run-view.ts';
import { AnnouncedOutcomes } from './announced-outcomes.ts';

const [english, japanese] = [new I18n('en'), new I18n('ja')];

function row(run: number, reason: Reason | null): RunRow {
  return {
    run: runIdSchema.parse(run),
    title: { kind: 'text', text: `task ${run}` },
    source: 'live',
    asUser: false,
    state: reason === null ? 'running' : 'finished',
    reason,
    exitCode: reason === 'FAILED' ? 5 : null,
    receivedAtMs: NOW,
    notBeforeMs: null,
    startedAtMs: NOW,
    finishedAtMs: reason === null ? null : NOW + 2_000,
    deliveredAtMs: null,
    timeoutSecs: null,
    parked: false,
    unreported: false,
  };
}

/** Newest first. */
const rows = (n: number, reason: (run: number) => Reason | null) =>
  Array.from({ length: n }, (_each, at) => row(n - at, reason(n - at)));

test('what was there at first is no news', () => {
  const outcomes = new AnnouncedOutcomes();
  expect(outcomes.take([row(1, 'DONE')])).toBe(false);
  expect(outcomes.take([row(1, 'DONE')])).toBe(false);
  expect(outcomes.tell(english, NOW)).toBe('');
});

test('a task that ends is told by its name, once', () => {
  const outcomes = new AnnouncedOutcomes();
  outcomes.take([row(2, null), row(1, 'DONE')]);
  expect(outcomes.take([row(2, 'FAILED'), row(1, 'DONE')])).toBe(true);
  expect(outcomes.tell(english, NOW)).toBe('task 2: finished with an error (code 5)');
  expect(outcomes.take([row(2, 'FAILED'), row(1, 'DONE')])).toBe(false);
});

test('a burst that ends bit by bit is one sentence with its numbers', () => {
  const outcomes = new AnnouncedOutcomes();
  outcomes.take([]);
  for (const ended of [10, 30, 50]) {
    outcomes.take(rows(50, (run) => (run > ended ? null : run === 7 || run === 9 ? 'FAILED' : 'DONE')));
  }
  expect(outcomes.tell(english, NOW)).toBe('50 tasks finished, 2 failed');
  expect(outcomes.tell(english, NOW)).toBe('');
  outcomes.take(rows(60, () => 'DONE'));
  expect(outcomes.tell(japanese, NOW)).toBe('10件の作業が終了しました');
  outcomes.take(rows(70, (run) => (run === 61 ? 'INTERRUPTED' : run === 62 ? 'TIMEOUT' : 'DONE')));
  expect(outcomes.tell(english, NOW)).toBe('10 tasks finished, 1 stopped, 1 unknown');
  outcomes.take(rows(80, (run) => (run === 71 ? 'FAILED' : 'VERSION_PIN')));
  expect(outcomes.tell(japanese, NOW)).toBe('10件の作業が終了しました（スキップ 9件、失敗 1件）');
});

test('what only comes into view because newer ones went is no news', () => {
  const outcomes = new AnnouncedOutcomes();
  outcomes.take([row(12, 'DONE'), row(11, 'DONE')]);
  expect(outcomes.take([row(12, 'DONE'), row(11, 'DONE'), row(3, 'DONE')])).toBe(false);
});
