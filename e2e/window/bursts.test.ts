/** Bursts fold into one line, and the chips that choose outcomes say how many there are. */
import type { Page } from '@playwright/test';
import { expect, test } from 'vitest';
import type { PageOptions } from '../../test/support/browser.ts';
import { expectPage } from '../../test/support/page-expect.ts';
import { type Served, serve } from '../../test/support/served-status.ts';
import { endedRun } from '../../test/support/status.ts';
import { arrival, ending } from '../../test/support/store.ts';
import { goTo, openWindow } from '../../test/support/window.ts';

const noonMs = new Date().setHours(12, 0, 0, 0);
const DAY_MS = 24 * 3_600_000;
let ids = 0;

interface Burst {
  readonly count: number;
  readonly job?: string;
  readonly reason?: 'DONE' | 'FAILED';
  readonly atMs?: number;
}

async function add(
  served: Served,
  { count, job = 'printer-fix', reason = 'DONE', atMs = noonMs }: Burst,
): Promise<void> {
  for (let at = 0; at < count; at++) {
    ids += 1;
    await endedRun(served.store, `r${ids}`, {
      arrival: { manifestId: job, receivedAtMs: atMs + at * 2_000 },
      ending: { reason, exitCode: reason === 'DONE' ? 0 : 5, outbox: null },
    });
  }
}

/** Oldest first: three office repairs yesterday, then today one, fifty printer fixes that were done, four that failed, one check. */
async function bursts(): Promise<Served> {
  const served = await serve();
  served.clock.atMs = Date.now();
  await add(served, { count: 3, job: 'office-repair', atMs: noonMs - DAY_MS });
  await add(served, { count: 1, job: 'office-repair', atMs: noonMs - 60_000 });
  await add(served, { count: 50 });
  await add(served, { count: 4, reason: 'FAILED', atMs: noonMs + 120_000 });
  await add(served, { count: 1, job: 'disk-check', atMs: noonMs + 180_000 });
  return served;
}

async function activityOf(served: Served, options: PageOptions = {}): Promise<Page> {
  const { page } = await openWindow(served.dataDirectory, options);
  await goTo(page, 'Activity');
  await expectPage(page.locator('[data-line]').first()).toBeVisible();
  return page;
}

const fold = (page: Page, text: string) => page.locator('[data-fold]', { hasText: text });
const focusedRun = (page: Page) => page.evaluate<string | undefined>('document.activeElement?.dataset.run');
const lineTexts = (page: Page) =>
  page.locator('[data-line]').evaluateAll((lines) => lines.map((line) => line.textContent));
const scrollTop = (page: Page) =>
  page.evaluate<number>('document.querySelector("[data-line]").closest("ul").parentElement.scrollTop');

test('tasks that follow each other as the same one with the same outcome are one line', async () => {
  const page = await activityOf(await bursts());
  await expectPage(page.locator('[data-line]')).toHaveCount(5);
  const [check, failed, done, repair, yesterday] = await lineTexts(page);
  expect(check).toContain('disk check');
  expect(failed).toMatch(/printer fix× 4.*Finished with an error, 12:02/);
  expect(done).toMatch(/printer fix× 50.*Done, 12:00–12:01/);
  expect(repair).toContain('office repair');
  expect(yesterday).toMatch(/office repair× 3/);
  await expectPage(page.getByText('59 of 59')).toBeVisible();
});

test.each([
  ['a click', (page: Page) => fold(page, '× 50').click()],
  [
    'Enter',
    async (page: Page) => {
      await fold(page, '× 50').focus();
      await page.keyboard.press('Enter');
    },
  ],
])('%s unfolds it, and folds it again', async (_name, press) => {
  const page = await activityOf(await bursts());
  await expectPage(fold(page, '× 50')).toHaveAttribute('aria-expanded', 'false');
  await press(page);
  await expectPage(fold(page, '× 50')).toHaveAttribute('aria-expanded', 'true');
  await expectPage(page.locator('[data-run][data-index="5"]')).toContainText('printer fix');
  await expectPage(page.locator('[data-run][data-index="6"]')).toContainText('done in');
  await press(page);
  await expectPage(page.locator('[data-line]')).toHaveCount(5);
});

test('the keyboard goes through folded and unfolded lines alike, to both ends', async () => {
  const page = await activityOf(await bursts());
  const focusedIndex = () => page.evaluate<string | undefined>('document.activeElement?.dataset.index');
  await page.locator('[data-line]').first().focus();
  const down: (string | undefined)[] = [];
  for (let step = 0; step < 4; step++) {
    const before = await focusedIndex();
    await page.keyboard.press('ArrowDown');
    await expectPage.poll(focusedIndex).not.toBe(before);
    down.push(await focusedIndex());
  }
  expect(down).toEqual(['1', '5', '55', '56']);
  await fold(page, '× 50').click();
  await page.keyboard.press('ArrowDown');
  await expectPage.poll(() => focusedRun(page)).toBeDefined();
  expect(await focusedIndex()).toBe('5');
  await page.keyboard.press('End');
  await expectPage.poll(focusedIndex).toBe('56');
  await page.keyboard.press('Home');
  await expectPage.poll(focusedIndex).toBe('0');
});

test('back from a task of an unfolded burst, it is unfolded still and the task has the focus', async () => {
  const served = await bursts();
  const page = await activityOf(served);
  await fold(page, '× 50').click();
  await page.locator('[data-run][data-index="5"]').focus();
  for (let step = 0; step < 30; step++) await page.keyboard.press('ArrowDown');
  await expectPage.poll(() => page.evaluate('document.activeElement?.dataset.index')).toBe('35');
  const run = await focusedRun(page);
  await page.keyboard.press('Enter');
  await expectPage(page.getByRole('heading', { level: 1 })).toHaveText('printer fix');
  await add(served, { count: 2, job: 'new-check', atMs: noonMs + 240_000 });
  await page.keyboard.press('Escape');
  await expectPage.poll(() => focusedRun(page)).toBe(run);
  await expectPage(page.locator(`[data-run="${run}"]`)).toBeInViewport();
});

test('a task that was opened and has become one of a burst meanwhile is found again in it', async () => {
  const served = await serve();
  served.clock.atMs = Date.now();
  await add(served, { count: 1 });
  const page = await activityOf(served);
  await page.locator('[data-run]').click();
  await expectPage(page.getByRole('heading', { level: 1 })).toHaveText('printer fix');
  await add(served, { count: 9, atMs: noonMs + 10_000 });
  await page.keyboard.press('Escape');
  await expectPage.poll(() => focusedRun(page)).toBe('1');
});

test('what runs or waits is never folded, and the list stays still while fifty arrive', async () => {
  const served = await bursts();
  await served.store.runs.admit(arrival('open-1', 'one', { manifestId: 'disk-check', receivedAtMs: noonMs + 200_000 }));
  await served.store.runs.admit(arrival('open-2', 'two', { manifestId: 'disk-check', receivedAtMs: noonMs + 200_000 }));
  await served.store.runs.admit(
    arrival('open-3', 'three', { manifestId: 'disk-check', receivedAtMs: noonMs + 200_000 }),
  );
  const page = await activityOf(served);
  await expectPage(page.locator('[data-line]')).toHaveCount(8);
  await fold(page, '× 50').focus();
  const box = async () => (await fold(page, '× 50').boundingBox())?.y;
  const before = [await box(), await scrollTop(page)];
  await add(served, { count: 50, job: 'vpn-profile', atMs: noonMs + 300_000 });
  const offer = page.getByRole('button', { name: '50 new tasks – Show' });
  await expectPage(offer).toBeVisible();
  expect([await box(), await scrollTop(page)]).toEqual(before);
  await offer.click();
  await expectPage(page.locator('[data-line]').first()).toContainText('vpn profile× 50');
  await expectPage(fold(page, 'printer fix× 50')).toBeVisible();
});

test('a search folds what it finds', async () => {
  const page = await activityOf(await bursts());
  await page.getByRole('searchbox').fill('office');
  await expectPage(page.getByText('4 of 59')).toBeVisible();
  await expectPage(page.locator('[data-line]')).toHaveCount(2);
  await expectPage(fold(page, 'office repair× 3')).toBeVisible();
});

test('in Japanese a burst is named and counted too', async () => {
  const { page } = await openWindow((await bursts()).dataDirectory, { locale: 'ja-JP' });
  await goTo(page, '実行履歴');
  await expectPage(fold(page, 'printer fix× 50')).toContainText('完了、12:00–12:01');
});

test('chips say how many there are of each outcome, and choose them', async () => {
  const served = await bursts();
  const page = await activityOf(served);
  const chip = (name: RegExp) => page.getByRole('toolbar', { name: 'Show' }).getByRole('button', { name });
  await expectPage(chip(/^all ?59$/i)).toHaveAttribute('aria-pressed', 'true');
  await expectPage(chip(/^done ?55$/i)).toBeVisible();
  await chip(/^failed ?4$/i).click();
  await expectPage(page.getByText('4 of 59')).toBeVisible();
  await expectPage(page.locator('[data-line]')).toHaveCount(1);
  // Those of the others are still theirs, so that one can go on to them.
  await expectPage(chip(/^done ?55$/i)).toHaveAttribute('aria-pressed', 'false');
  // Chosen again, or by another, it is let go.
  await chip(/^failed ?4$/i).click();
  await expectPage(page.getByText('59 of 59')).toBeVisible();
});

test('chips count what day and search leave, and what changes meanwhile', async () => {
  const served = await bursts();
  const page = await activityOf(served);
  const chip = (name: RegExp) => page.getByRole('toolbar', { name: 'Show' }).getByRole('button', { name });
  await page.getByRole('searchbox').fill('office');
  await expectPage(chip(/^done ?4$/i)).toBeVisible();
  await page
    .getByRole('toolbar', { name: 'Tasks by day' })
    .getByRole('button', { name: /^Yesterday/ })
    .click();
  await expectPage(chip(/^done ?3$/i)).toBeVisible();
  await page.getByRole('button', { name: 'All days' }).click();
  await page.getByRole('searchbox').fill('');
  const admitted = await served.store.runs.admit(arrival('open', 'script', { receivedAtMs: noonMs + 200_000 }));
  await expectPage(chip(/^not finished ?1$/i)).toBeVisible();
  if (admitted.kind !== 'admitted') throw new Error(admitted.kind);
  // What leaves the outcome that is chosen leaves the list.
  await chip(/^not finished ?1$/i).click();
  await expectPage(page.getByText('1 of 60')).toBeVisible();
  await served.store.runs.start(admitted.run, { startedAtMs: 1, runAsUser: null, facts: null, event: null });
  await expectPage(page.locator('[data-run]')).toContainText('running');
  await served.store.runs.finish(admitted.run, ending(admitted.resultId));
  await expectPage(chip(/^done ?56$/i)).toBeVisible();
  await expectPage(page.getByText('No task fits.')).toBeVisible();
});

test('the chips are one stop for Tab, the arrows go along them', async () => {
  const page = await activityOf(await bursts());
  const focused = () => page.evaluate<string>('document.activeElement.textContent');
  const chips = page.getByRole('toolbar', { name: 'Show' });
  await expectPage(chips.locator('[tabindex="0"]')).toHaveCount(1);
  await chips.locator('[tabindex="0"]').focus();
  await page.keyboard.press('End');
  expect(await focused()).toMatch(/^unknown/);
  await page.keyboard.press('ArrowLeft');
  expect(await focused()).toMatch(/^failed/);
  await page.keyboard.press('Enter');
  await expectPage(page.getByText('4 of 59')).toBeVisible();
  await page.keyboard.press('Tab');
  expect(await page.evaluate('document.activeElement.closest("[role=toolbar]") === null')).toBe(true);
});
