/** The page claims what is known: what may be claimed in which state is a table (`src/shared/claims.test.ts`); here it is read. */
import type { Page } from '@playwright/test';
import { expect, test } from 'vitest';
import { expectPage } from '../../test/support/page-expect.ts';
import { type Served, serve } from '../../test/support/served-status.ts';
import { endedRun } from '../../test/support/status.ts';
import { arrival } from '../../test/support/store.ts';
import { goTo, openWindow } from '../../test/support/window.ts';

const region = (page: Page, name: string) => page.getByRole('region', { name });
const title = (page: Page) => page.getByRole('heading', { level: 1 });

async function pc(): Promise<Served> {
  const served = await serve();
  served.clock.atMs = Date.now();
  return served;
}

async function startRun(served: Served, id: string): Promise<void> {
  const receivedAtMs = Date.now();
  const admitted = await served.store.runs.admit(arrival(id, id, { manifestId: id, receivedAtMs }));
  if (admitted.kind !== 'admitted') throw new Error(admitted.kind);
  await served.store.runs.start(admitted.run, { startedAtMs: Date.now(), runAsUser: null, facts: null, event: null });
}

test('a window that is lost does not go on saying that all is well', async () => {
  const served = await pc();
  await startRun(served, 'slow');
  const { page, stop } = await openWindow(served.dataDirectory);
  await expectPage(title(page)).toHaveText('Everything is working');
  await stop();
  await expectPage(title(page)).toHaveText('This window has lost its connection');
  await expectPage(page.locator('[data-mark="idle"], [data-mark="running"]')).toHaveCount(0);
  expect(await page.getByRole('main').textContent()).not.toMatch(/working|Nothing is waiting|Up to date|running/);
  await expectPage(page.locator('[data-live="state"]')).toHaveText('This window has lost its connection');
  await goTo(page, 'Activity');
  await expectPage(page.getByText('This window has lost its connection')).toHaveCount(2);
  // One notice says it, and what can't be kept any more is no choice.
  for (const screen of ['Activity', 'Updates', 'About'] as const) {
    await goTo(page, screen);
    await expectPage(page.locator('.fui-MessageBar')).toHaveCount(1);
  }
  await expectPage(page.getByRole('combobox', { name: 'Language' })).toHaveCount(0);
});

test('while tasks run, today is not without tasks, and one that runs has not run', async () => {
  const served = await pc();
  await startRun(served, 'first');
  await startRun(served, 'second');
  const { page, open } = await openWindow(served.dataDirectory);
  await expectPage(region(page, 'Now').getByRole('button')).toHaveText(['first', 'second']);
  await expectPage(region(page, 'Today')).toHaveText("TodayNone of today's tasks has ended yet.");
  await region(page, 'Now').getByRole('button', { name: 'first' }).click();
  await expectPage(page.getByText('It is running as the system.')).toBeVisible();
  expect(await page.getByRole('main').textContent()).not.toContain('It ran');
  const japanese = await open({ locale: 'ja-JP' });
  await expectPage(region(japanese, '今日')).toContainText('今日の作業で終了したものはまだありません。');
});

test('what could not be delivered is not called nothing', async () => {
  const served = await pc();
  const counts = { waiting: 0, parked: 2, others: { waiting: 0, stuck: 1 } };
  Object.assign(served.ports.outbox, { counts: () => counts });
  const { page } = await openWindow(served.dataDirectory);
  await expectPage(region(page, 'Please look at this')).toContainText(
    'Could not be delivered2 results are kept on this PC; IT can resend them.',
  );
  await expectPage(region(page, 'Could not be delivered')).toHaveText(
    'Could not be delivered1 other message is kept on this PC, and tried again by itself.',
  );
  await expectPage(region(page, 'Waiting to send')).toHaveCount(0);
});

test('beside a disk that is full nobody says that no tasks came', async () => {
  const served = await pc();
  served.cells.store.set({ state: 'full', readable: true });
  served.cells.disk.set({ ok: false, freeBytes: 24_000_000, neededBytes: 10_000_000 });
  const { page } = await openWindow(served.dataDirectory);
  await expectPage(region(page, 'Please look at this')).toContainText('New tasks wait until 10 MB more are free.');
  await expectPage(region(page, 'Today')).toHaveText('TodayNew tasks are not taken at present.');
  await goTo(page, 'Activity');
  await expectPage(page.getByText('No task is recorded here. New ones are not taken at present.')).toBeVisible();
});

test('of what is stored and can not be read nothing is counted, and no day is called empty', async () => {
  const served = await pc();
  const desk = { phone: 'the desk', mail: null, url: null, text: null, hardware: null };
  Object.assign(served.ports, { support: () => desk });
  served.cells.agent.set({ state: 'config_invalid', sinceMs: Date.now(), problems: [] });
  served.cells.store.set({ state: 'ok', readable: false });
  const { page, open } = await openWindow(served.dataDirectory);
  await goTo(page, 'Activity');
  await expectPage(page.getByText("Tasks can't be shown at present.")).toBeVisible();
  await expectPage(page.getByRole('toolbar')).toHaveText('Allnot finisheddoneskippedstoppedfailedunknown');
  expect(await page.getByRole('main').textContent()).not.toMatch(/\d|no tasks/);
  const japanese = await open({ locale: 'ja-JP' });
  await goTo(japanese, '実行履歴');
  await expectPage(japanese.getByText('現在、作業を表示できません。')).toBeVisible();
  expect(await japanese.getByRole('main').textContent()).not.toMatch(/\d|記録なし/);
  await goTo(page, 'Updates');
  await expectPage(region(page, 'History')).toHaveText('HistoryNot known at present.');
  await goTo(japanese, '更新');
  await expectPage(region(japanese, '履歴')).toHaveText('履歴現在は確認できません。');
});

test('what an agent that is gone told of its tasks stands still, and is said to be of then', async () => {
  const served = await pc();
  await startRun(served, 'slow');
  const { page, open } = await openWindow(served.dataDirectory);
  const detail = await open({ locale: 'ja-JP' });
  await goTo(page, 'Activity');
  await goTo(detail, '実行履歴');
  await detail.locator('[data-run]').click();
  await expectPage(detail.getByRole('heading', { level: 2, name: '実行中' })).toBeVisible();
  await expectPage(page.locator('[data-run]')).toHaveCount(1);
  // From here on the pages have a clock of their own, and each new state begins their timers anew.
  for (const each of [page, detail]) await each.clock.install();
  await startRun(served, 'שלום');
  await expectPage(page.locator('[data-run]')).toHaveCount(2);
  // A name that is too long is cut off at its own end.
  await expectPage(page.getByText('שלום', { exact: true }).first()).toHaveCSS('direction', 'rtl');
  // A result that waits: that the agent has gone says nothing of the connection.
  await endedRun(served.store, 'unsent', { arrival: { receivedAtMs: Date.now() } });
  const unsent = await open();
  await goTo(unsent, 'Activity');
  await unsent.locator('[data-run]').first().click();
  const kept = unsent.getByText('Not yet sent – kept on this PC until it can be.');
  await expectPage(kept).toBeVisible();
  await expectPage(page.locator('[data-run]')).toHaveCount(3);
  await served.server.close();
  await expectPage(unsent.getByText('This is what was known last.')).toBeVisible();
  await expectPage(kept).toBeVisible();
  for (const each of [page, detail]) await each.clock.fastForward(20_000);
  const stale = 'This is what was known last. What has become of it since is not known at present.';
  await expectPage(page.getByText(stale)).toBeVisible();
  await expectPage(detail.getByText('最後に確認できた時点の内容です。')).toBeVisible();
  for (const each of [page, detail]) await each.clock.fastForward(600_000);
  await expectPage(page.locator('[data-run]').nth(1)).toContainText(/running for (less than 1|\d+) sec/);
  await expectPage(detail.getByRole('main')).toContainText(/開始から(1秒未満|\d+秒)です。/);
});

test('while it finishes, it says so and shows what still runs', async () => {
  const served = await pc();
  await startRun(served, 'slow');
  served.cells.agent.set({ state: 'draining', sinceMs: Date.now(), problems: [] });
  const { page, open } = await openWindow(served.dataDirectory);
  await expectPage(title(page)).toHaveText('Finishing up');
  await expectPage(region(page, 'Now').getByRole('button', { name: 'slow' })).toBeVisible();
  await expectPage(region(page, 'Today')).toHaveCount(0);
  // What waits does not start in a moment, as its line says.
  const admitted = await served.store.runs.admit(
    arrival('next', 'next', { manifestId: 'next', receivedAtMs: Date.now() }),
  );
  expect(admitted.kind).toBe('admitted');
  const note = 'Finishing up What runs may end; new tasks wait until the program is back.';
  await expectPage(region(page, 'Now')).toContainText('waiting until the management program is back');
  await goTo(page, 'Activity');
  await expectPage(page.getByText(note)).toBeVisible();
  await page.locator('[data-run]').filter({ hasText: 'next' }).click();
  const waits = 'The management program is finishing up: this task waits until it is back.';
  await expectPage(page.getByText(waits)).toBeVisible();
  const japanese = await open({ locale: 'ja-JP' });
  await goTo(japanese, '実行履歴');
  await expectPage(japanese.getByText('新しい作業は再開後に行います。')).toBeVisible();
  await japanese.locator('[data-run]').filter({ hasText: 'next' }).click();
  await expectPage(japanese.getByText('管理プログラムが終了処理中のため、この作業は再開後に行います。')).toBeVisible();
  await goTo(japanese, '更新');
  await expectPage(japanese.getByText('管理サービスの再開後に確認できます。')).toBeVisible();
  const updates = await open();
  await goTo(updates, 'Updates');
  await expectPage(
    updates.getByText('Which version IT wants is known once the management service works.'),
  ).toBeVisible();
  // Nor is it known to begin when the agent has gone.
  await served.server.close();
  await expectPage(page.getByText('It has not started yet.')).toBeVisible();
  await expectPage(page.getByText('This is what was known last.')).toBeVisible();
});

test('an agent that has finished is expected back, and not called gone', async () => {
  const served = await pc();
  served.cells.agent.set({ state: 'draining', sinceMs: Date.now(), problems: [] });
  const { page } = await openWindow(served.dataDirectory);
  await expectPage(title(page)).toHaveText('Finishing up');
  await served.server.close();
  await expectPage(title(page)).toHaveText('Starting');
});

test('a burst is told to a screen reader once', async () => {
  const served = await pc();
  const { page } = await openWindow(served.dataDirectory);
  await expectPage(title(page)).toHaveText('Everything is working');
  // The first look is over: what ends now is news.
  await expectPage(page.locator('[data-live="outcome"]')).toHaveText('');
  await goTo(page, 'Activity');
  await expectPage(page.getByText('No tasks from IT are recorded on this PC.')).toBeVisible();
  for (let at = 0; at < 50; at++) {
    const failed = at === 7 || at === 9;
    await endedRun(served.store, `r${at}`, {
      arrival: { receivedAtMs: Date.now() },
      ending: { outbox: null, ...(failed ? { reason: 'FAILED', exitCode: 5 } : {}) },
    });
  }
  await expectPage(page.locator('[data-live="outcome"]')).toHaveText('50 tasks finished, 2 failed');
});
