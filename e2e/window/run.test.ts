/** The page of one task: its way, for whom it was, and what became of it the other times. */
import type { Page } from '@playwright/test';
import { expect, test } from 'vitest';
import { expectPage } from '../../test/support/page-expect.ts';
import { type Served, serve } from '../../test/support/served-status.ts';
import { endedRun } from '../../test/support/status.ts';
import { goTo, openWindow } from '../../test/support/window.ts';

const region = (page: Page, name: string) => page.getByRole('region', { name });

interface Told {
  readonly subject?: string;
  readonly source?: 'live' | 'replay' | 'schedule';
  readonly failed?: boolean;
  readonly waitedMs?: number;
}

async function ended(served: Served, id: string, { subject, source, failed = false, waitedMs = 0 }: Told = {}) {
  const receivedAtMs = Date.now() - 600_000;
  const { run, resultId } = await endedRun(served.store, `${id}-${Math.random()}`, {
    arrival: {
      manifestId: id,
      receivedAtMs,
      ...(subject === undefined ? {} : { subject }),
      ...(source === undefined ? {} : { source }),
    },
    ending: {
      ...(failed ? { reason: 'FAILED', exitCode: 5 } : {}),
      startedAtMs: receivedAtMs + waitedMs,
      finishedAtMs: receivedAtMs + waitedMs + 60_000,
    },
  });
  return { run, resultId, doneAtMs: receivedAtMs + waitedMs + 60_000 };
}

async function openRun(page: Page, run: number): Promise<void> {
  await goTo(page, 'Activity');
  await page.locator(`[data-run="${run}"]`).click();
}

test('its way is drawn to scale, and said', async () => {
  const served = await serve();
  const { run, resultId, doneAtMs } = await ended(served, 'disk', { waitedMs: 180_000 });
  const row = served.store.outbox.waiting(true, 9).find(({ id }) => id === resultId);
  if (row !== undefined) await served.store.outbox.delivered(row, doneAtMs + 120_000);
  const { page } = await openWindow(served.dataDirectory);
  await openRun(page, run);
  const way = region(page, 'Times').getByRole('list', { name: 'Its way' });
  await expectPage(way.getByRole('listitem')).toHaveText(['waited 3 min', 'ran 1 min', 'reached IT 2 min later']);
  const widths = await page.locator('[data-part]').evaluateAll((parts) => parts.map((part) => part.clientWidth));
  const [waited = 0, ran = 1, sent = 0] = widths;
  expect(waited / ran).toBeGreaterThan(2.5);
  expect(sent / ran).toBeGreaterThan(1.5);
});

test.each([
  [{ subject: 'commands.pc.PC-1' }, 'It was meant for this PC only.'],
  [{ subject: 'commands.group.office' }, 'It was meant for the PCs of the group "office".'],
  [
    { subject: 'commands.all', source: 'replay' },
    'It was meant for all PCs. Your IT service kept it until this PC asked',
  ],
] as const)('for whom it was: %j', async (told, sentence) => {
  const served = await serve();
  const { run } = await ended(served, 'disk', told);
  const { page } = await openWindow(served.dataDirectory);
  await openRun(page, run);
  const from = region(page, 'Where it comes from');
  await expectPage(from).toContainText(sentence);
  await expectPage(from).toContainText('Who in IT sent it is not known: tasks carry no sender.');
});

test('what was stopped before it was its turn was not checked then', async () => {
  const served = await serve();
  await endedRun(served.store, 'waited', {
    arrival: { receivedAtMs: Date.now() - 9_000 },
    ending: {
      reason: 'KILLED_WAITING',
      exitCode: -1,
      startedAtMs: null,
      finishedAtMs: Date.now(),
    },
  });
  const { page, open } = await openWindow(served.dataDirectory);
  await goTo(page, 'Activity');
  await page.locator('[data-run]').click();
  await expectPage(page.getByRole('region', { name: 'Times' })).toContainText('Stopped');
  await expectPage(page.getByText('Checked', { exact: true })).toHaveCount(0);
  const japanese = await open({ locale: 'ja-JP' });
  await goTo(japanese, '実行履歴');
  await japanese.locator('[data-run]').click();
  await expectPage(japanese.getByRole('region', { name: '時刻' })).toContainText('中止');
  await expectPage(japanese.getByText('確認', { exact: true })).toHaveCount(0);
});

test('what a schedule started has no sender to be missed', async () => {
  const served = await serve();
  const { run } = await ended(served, 'disk', { source: 'schedule' });
  const { page } = await openWindow(served.dataDirectory);
  await openRun(page, run);
  await expectPage(region(page, 'Where it comes from')).toHaveText(
    'Where it comes fromA schedule that IT has set on this PC started it.',
  );
});

test('the other times are ten marks at most, one click to each, and Back leads to the list', async () => {
  const served = await serve();
  const runs = [];
  for (let n = 0; n < 13; n++) runs.push((await ended(served, 'disk', { failed: n === 11 })).run);
  await ended(served, 'other');
  const { page, open } = await openWindow(served.dataDirectory);
  await openRun(page, runs[12] ?? 0);
  const same = region(page, 'Other runs of this task');
  await expectPage(same).toContainText('The last 10 other runs, 1 with an error');
  await expectPage(same.getByRole('button')).toHaveCount(10);
  await expectPage(same.getByRole('button').first()).toHaveAccessibleName(/finished with an error \(code 5\)$/);
  await same.getByRole('button').first().click();
  await expectPage(page.getByRole('heading', { level: 2 }).first()).toHaveText('Finished with an error');
  await page.getByRole('button', { name: 'Back to Activity' }).click();
  await expectPage(page.getByRole('heading', { level: 1 })).toHaveText('Activity');
  served.ui = { ...served.ui, hideCommandNames: true };
  const nameless = await open();
  await openRun(nameless, runs[12] ?? 0);
  await expectPage(region(nameless, 'Where it comes from')).toBeVisible();
  await expectPage(region(nameless, 'Other runs of this task')).toHaveCount(0);
});
