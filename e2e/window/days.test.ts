/** The strip of the last days: what each is remembered for, and that it is the way to a day. */
import type { Page } from '@playwright/test';
import { expect, test } from 'vitest';
import type { PageOptions } from '../../test/support/browser.ts';
import { expectPage } from '../../test/support/page-expect.ts';
import { type Served, serve } from '../../test/support/served-status.ts';
import { endedRun } from '../../test/support/status.ts';
import { goTo, openWindow } from '../../test/support/window.ts';

const now = new Date();
const noonMs = (daysBack: number) =>
  new Date(now.getFullYear(), now.getMonth(), now.getDate() - daysBack, 12).getTime();
const dayText = (daysBack: number, locale = 'en-GB') =>
  new Intl.DateTimeFormat(locale, { weekday: 'long', day: 'numeric', month: 'long' }).format(noonMs(daysBack));

/** Yesterday one was done and two failed; two days back three were done; forty days back one was skipped; else nothing. */
async function someDays(): Promise<Served> {
  const served = await serve();
  served.clock.atMs = Date.now();
  const runs = [
    [40, 'VERSION_PIN', 'long ago'],
    ...[1, 2, 3].map((at) => [2, 'DONE', `check ${at} of day 2`] as const),
    [1, 'DONE', 'check of day 1'],
    ...[1, 2].map((at) => [1, 'FAILED', `repair ${at} of day 1`] as const),
  ] as const;
  for (const [at, [daysBack, reason, name]] of runs.entries()) {
    await endedRun(served.store, `r${at}`, {
      arrival: { manifestId: name.replaceAll(' ', '-'), receivedAtMs: noonMs(daysBack) + at },
      ending: { reason, exitCode: reason === 'DONE' ? 0 : 5, outbox: null },
    });
  }
  return served;
}

async function activityOf(served: Served, options: PageOptions = {}, name = 'Activity'): Promise<Page> {
  const { page } = await openWindow(served.dataDirectory, options);
  await goTo(page, name);
  await expectPage(page.getByRole('toolbar').first().getByRole('button')).toHaveCount(30);
  return page;
}

const strip = (page: Page) => page.getByRole('toolbar', { name: 'Tasks by day' });
const cell = (page: Page, name: string | RegExp) => strip(page).getByRole('button', { name });
const YESTERDAY = `Yesterday · ${dayText(1)}: 3 tasks – 1 done, 2 failed`;

test('each of the last 30 days says how many tasks it had and what was the worst, by a shape and in words', async () => {
  const page = await activityOf(await someDays());
  const yesterday = cell(page, YESTERDAY);
  await expectPage(yesterday.locator('svg[data-mark="failed"]')).toBeVisible();
  await expectPage(yesterday).toContainText('3');
  const before = cell(page, `${dayText(2)}: 3 tasks – 3 done`);
  await expectPage(before.locator('svg[data-mark="done"]')).toBeVisible();
  await expectPage(cell(page, `Today · ${dayText(0)}: no tasks`).locator('svg')).toHaveCount(0);
  await expectPage(strip(page).locator('svg')).toHaveCount(2);
});

test('in Japanese too', async () => {
  const page = await activityOf(await someDays(), { locale: 'ja-JP' }, '実行履歴');
  const yesterday = page
    .getByRole('toolbar', { name: '日ごとの作業' })
    .getByRole('button', { name: `昨日 · ${dayText(1, 'ja')}: 3件（完了 1件、失敗 2件）` });
  await expectPage(yesterday.locator('svg[data-mark="failed"]')).toBeVisible();
});

test('in forced colours the shapes have one colour, and the chosen day still stands out', async () => {
  const page = await activityOf(await someDays(), { forcedColors: 'active' });
  await expectPage(strip(page).locator('svg')).toHaveCount(2);
  await cell(page, `${dayText(5)}: no tasks`).click();
  await expectPage(strip(page).getByRole('button', { pressed: true })).toHaveCount(1);
  const styles = (selector: string, style: string) =>
    page.evaluate<string[]>(
      `[...new Set([...document.querySelectorAll('[role="toolbar"] ${selector}')].map((each) => getComputedStyle(each).${style}))]`,
    );
  expect(await styles('svg', 'color')).toHaveLength(1);
  const [chosen, other] = [
    await styles('[title][aria-pressed="true"]', 'backgroundColor'),
    await styles('[title][aria-pressed="false"]', 'backgroundColor'),
  ];
  expect(other).not.toEqual(expect.arrayContaining(chosen));
  // What stands on it can be read: it has not the colour of what it stands on.
  await cell(page, YESTERDAY).click();
  await expectPage(cell(page, YESTERDAY)).toHaveAttribute('aria-pressed', 'true');
  expect(await styles('[title][aria-pressed="true"] svg', 'color')).not.toEqual(chosen);
  expect(await styles('[title][aria-pressed="true"]', 'color')).not.toEqual(chosen);
});

test('a day that is chosen is what the list shows; chosen again, or by the button, all are shown', async () => {
  const page = await activityOf(await someDays());
  await cell(page, YESTERDAY).click();
  await expectPage(page.getByText('3 of 7')).toBeVisible();
  await expectPage(page.locator('[data-run]').first()).toContainText('repair 2 of day 1');
  await cell(page, YESTERDAY).click();
  await expectPage(page.getByText('7 of 7')).toBeVisible();
  await cell(page, YESTERDAY).click();
  await page.getByRole('button', { name: 'All days' }).click();
  await expectPage(page.getByText('7 of 7')).toBeVisible();
});

test('a day without tasks says so', async () => {
  const page = await activityOf(await someDays());
  await cell(page, `${dayText(5)}: no tasks`).click();
  await expectPage(page.getByText(`No tasks are recorded of this day: ${dayText(5)}.`)).toBeVisible();
  await page.getByRole('button', { name: 'Show all' }).click();
  await expectPage(page.getByText('7 of 7')).toBeVisible();
});

test('by keyboard: one stop for Tab, the arrows from day to day, Enter for the day', async () => {
  const page = await activityOf(await someDays());
  const focused = () => page.evaluate<string>('document.activeElement.title');
  // The counts have come.
  await expectPage(cell(page, YESTERDAY)).toBeVisible();
  await expectPage(strip(page).locator('[tabindex="0"]')).toHaveCount(1);
  await strip(page).locator('[tabindex="0"]').focus();
  expect(await focused()).toContain('Today');
  await page.keyboard.press('ArrowLeft');
  expect(await focused()).toBe(YESTERDAY);
  await page.keyboard.press('Home');
  expect(await focused()).toContain(dayText(29));
  await page.keyboard.press('ArrowLeft');
  expect(await focused()).toContain(dayText(29));
  await page.keyboard.press('End');
  await page.keyboard.press('ArrowLeft');
  await page.keyboard.press('Enter');
  await expectPage(page.getByText('3 of 7')).toBeVisible();
  expect(await focused()).toBe(YESTERDAY);
  await page.keyboard.press('Tab');
  await expectPage(strip(page).locator(':focus')).toHaveCount(0);
});

test('days before the last 30 are a page back, while there are any', async () => {
  const page = await activityOf(await someDays());
  await page.getByRole('button', { name: 'Earlier days' }).click();
  await cell(page, new RegExp(`^${dayText(40)}.*: 1 task – 1 skipped$`)).click();
  await expectPage(page.locator('[data-run]')).toHaveCount(1);
  await expectPage(page.getByRole('button', { name: 'Earlier days' })).toHaveAttribute('aria-disabled', 'true');
  // Back from the task the strip still shows the chosen day.
  await page.locator('[data-run]').click();
  await page.keyboard.press('Escape');
  await expectPage(strip(page).getByRole('button', { pressed: true })).toBeInViewport();
  await page.getByRole('button', { name: 'Later days' }).click();
  await expectPage(cell(page, YESTERDAY)).toBeInViewport();
  expect(await page.evaluate('document.activeElement.closest("[role=toolbar]") !== null')).toBe(true);
});

test('a task that arrives is counted at once', async () => {
  const served = await someDays();
  const page = await activityOf(served);
  await endedRun(served.store, 'new', { arrival: { receivedAtMs: Date.now() } });
  await expectPage(cell(page, `Today · ${dayText(0)}: 1 task – 1 done`)).toBeVisible();
});

test('in a narrow window the strip begins at today, and the earliest day can be reached', async () => {
  const page = await activityOf(await someDays(), { width: 360 });
  await expectPage(cell(page, `Today · ${dayText(0)}: no tasks`)).toBeInViewport({ ratio: 1 });
  await strip(page).locator('[tabindex="0"]').focus();
  await page.keyboard.press('Home');
  await expectPage(cell(page, `${dayText(29)}: no tasks`)).toBeInViewport({ ratio: 1 });
  expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
});
