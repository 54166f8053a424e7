/** What this PC runs by itself, in Activity: for everybody what comes and how it went, for the helpdesk the ids behind it. */
import { expect, test } from 'vitest';
import type { FullScheduleRow } from '../../src/agent/schedules/view.ts';
import { runIdOf } from '../../test/support/ids.ts';
import { expectPage } from '../../test/support/page-expect.ts';
import { type Served, serve } from '../../test/support/served-status.ts';
import { CODE, endedRun } from '../../test/support/status.ts';
import { goTo, openWindow, unlock } from '../../test/support/window.ts';

const HOUR = 3_600_000;

async function pc(): Promise<Served> {
  const served = await serve();
  served.clock.atMs = Date.now();
  await endedRun(served.store, 'r1');
  return served;
}

function show(served: Served, rows: readonly FullScheduleRow[]): void {
  served.schedules = rows;
  const nextAtMs = rows[0]?.nextAtMs ?? null;
  served.cells.schedules.set({ count: rows.length, notUnderstood: 0, nextAtMs, frozen: false });
}

const row = (fields: Partial<FullScheduleRow>): FullScheduleRow => ({
  title: { kind: 'text', text: 'Disk clean-up' },
  state: 'waiting',
  nextAtMs: Date.now() + HOUR,
  last: { run: runIdOf(1), state: 'finished', reason: 'DONE', exitCode: 0, atMs: Date.now() - HOUR },
  skipped: null,
  internals: { id: 'nightly', jobId: 'clean', when: '0 0 3 * * *', note: null },
  ...fields,
});

test('nothing is said where this PC runs nothing by itself', async () => {
  const { page } = await openWindow((await pc()).dataDirectory);
  await goTo(page, 'Activity');
  await expectPage(page.getByRole('heading', { level: 1, name: 'Activity' })).toBeVisible();
  expect(await page.getByText('Scheduled on this PC').count()).toBe(0);
});

test('what comes, how it went, what was left out; ids and the note are for the helpdesk', async () => {
  const served = await pc();
  served.code = CODE;
  const skipped = { why: 'frozen', atMs: Date.now() - HOUR, count: 3 } as const;
  const broken = { id: 'broken', jobId: null, when: null, note: 'cron: expected 6 or 7 fields' };
  show(served, [
    row({}),
    row({
      title: { kind: 'text', text: 'broken' },
      state: 'not_understood',
      nextAtMs: null,
      last: null,
      internals: broken,
    }),
    row({ title: { kind: 'text', text: 'Report' }, skipped, last: null }),
  ]);
  const { page } = await openWindow(served.dataDirectory);
  await goTo(page, 'Activity');
  await page.getByText('Scheduled on this PC').click();
  const items = page.getByRole('list', { name: 'Scheduled on this PC' }).getByRole('listitem');
  await expectPage(items).toHaveCount(3);
  await expectPage(items.nth(0)).toContainText(/Disk clean-up – next at .*last time: done/);
  await expectPage(items.nth(1)).toContainText("can't run here as it is set up");
  await expectPage(items.nth(2)).toContainText(/left out at .*: schedules were held back/);
  expect(await page.getByText('nightly').count()).toBe(0);
  await unlock(page);
  await goTo(page, 'Activity');
  await page.getByText('Scheduled on this PC').click();
  await expectPage(items.nth(0)).toContainText(/nightly, clean.*0 0 3 \* \* \*/);
  await expectPage(items.nth(1)).toContainText('cron: expected 6 or 7 fields');
  await items
    .nth(0)
    .getByRole('button', { name: /last time: done/ })
    .click();
  await expectPage(page.getByRole('heading', { level: 1 })).toBeVisible();
});

test('in Japanese', async () => {
  const served = await pc();
  served.ui = { ...served.ui, language: 'ja', languageLocked: true };
  show(served, [row({})]);
  const { page } = await openWindow(served.dataDirectory);
  await goTo(page, '実行履歴');
  await expectPage(page.getByText('この端末での定期実行')).toBeVisible();
});
