import { expect, test } from 'vitest';
import { runIdOf } from '../../../test/support/ids.ts';
import type { FullScheduleRow } from '../schedules/view.ts';
import { scheduleOf, type Visibility } from './views.ts';

const ROW: FullScheduleRow = {
  title: { kind: 'text', text: 'Disk clean-up' },
  state: 'waiting',
  nextAtMs: 5,
  last: { run: runIdOf(7), state: 'finished', reason: 'FAILED', exitCode: 3, atMs: 4 },
  skipped: { why: 'frozen', atMs: 3, count: 2 },
  internals: { id: 'nightly', jobId: 'clean', when: '0 0 3 * * *', note: 'x'.repeat(5_000) },
};

const USER: Visibility = { account: 'u', helpdesk: false, showOutput: 0, nameless: false, asYou: false };

test('a user sees what comes and how it went, without ids; names where they may be seen', () => {
  expect(scheduleOf(ROW, USER)).toEqual({ ...ROW, internals: null });
  expect(scheduleOf(ROW, { ...USER, nameless: true }).title).toEqual({ kind: 'hidden' });
});

test('the helpdesk sees ids, times as they are written and the note, cut to what is read', () => {
  const { internals } = scheduleOf(ROW, { ...USER, helpdesk: true });
  expect(internals).toMatchObject({ id: 'nightly', jobId: 'clean', when: '0 0 3 * * *' });
  expect(internals?.note).toHaveLength(2_000);
});
