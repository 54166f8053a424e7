/** The long list: where one is in it, the way to a day and back from a task, and the keys that lead there. */
import type { Page } from '@playwright/test';
import { expect, test } from 'vitest';
import { expectPage } from '../../test/support/page-expect.ts';
import { type Served, serve } from '../../test/support/served-status.ts';
import { endedRun } from '../../test/support/status.ts';
import { goTo, openWindow } from '../../test/support/window.ts';

const DAY_MS = 24 * 3_600_000;
const noonMs = new Date().setHours(12, 0, 0, 0);

/** Twenty tasks on each of nine days, none on the fifth day back, none today. */
async function nineDays(): Promise<Served> {
  const served = await serve();
  served.clock.atMs = Date.now();
  for (let day = 10; day >= 1; day--) {
    for (let task = 1; day !== 5 && task <= 20; task++) {
      const receivedAtMs = noonMs - day * DAY_MS + task * 1_000;
      const manifestId = task % 2 === 0 ? `repair-${task}-of-day-${day}` : `check-${task}-of-day-${day}`;
      await endedRun(served.store, `r-${day}-${task}`, {
        arrival: { manifestId, receivedAtMs },
        ending: { outbox: null },
      });
    }
  }
  return served;
}

const scrollTop = (page: Page) =>
  page.evaluate<number>('document.querySelector("[data-run]").closest("ul").parentElement.scrollTop');
const scrollTo = (page: Page, px: number) =>
  page.evaluate(`document.querySelector("[data-run]").closest("ul").parentElement.scrollTo(0, ${px})`);
const focusedRun = (page: Page) => page.evaluate<string | undefined>('document.activeElement?.dataset.run');
const dayText = (daysBack: number) =>
  new Intl.DateTimeFormat('en-GB', { weekday: 'long', day: 'numeric', month: 'long' }).format(
    noonMs - daysBack * DAY_MS,
  );

async function activityOf(served: Served): Promise<Page> {
  const { page } = await openWindow(served.dataDirectory);
  await goTo(page, 'Activity');
  await expectPage(page.getByText('180 of 180')).toBeVisible();
  return page;
}

/** What `refuse` names is refused from then on, in a way that the window does not try again by itself; counted. */
async function refusing(page: Page) {
  const counts = new Map<string, number>();
  let refused = '';
  await page.routeWebSocket('**/link', (socket) => {
    const server = socket.connectToServer();
    socket.onMessage((text) => {
      const { id, method } = JSON.parse(String(text)) as { readonly id: number; readonly method: string };
      if (method !== refused) return server.send(text);
      counts.set(method, (counts.get(method) ?? 0) + 1);
      const error = { code: -32009, message: 'not now', data: { fault: 'unavailable' } };
      socket.send(JSON.stringify({ jsonrpc: '2.0', id, error }));
    });
  });
  await page.reload();
  return {
    refuse: (method: string) => {
      refused = method;
    },
    /** How often it was asked, when whatever came of the first answer has been drawn. */
    asked: async (method: string) => {
      await expectPage.poll(() => counts.get(method) ?? 0).toBeGreaterThan(0);
      await page.evaluate(`new Promise((done) => {
        let frames = 0;
        const next = () => (++frames === 60 ? done() : requestAnimationFrame(next));
        next();
      })`);
      return counts.get(method);
    },
  };
}

test('new tasks that can not be shown are asked for again with the next state, and not on and on', async () => {
  const served = await serve();
  served.clock.atMs = Date.now();
  const arrives = (id: string) => endedRun(served.store, id, { arrival: { manifestId: id, receivedAtMs: Date.now() } });
  await arrives('first');
  const { page } = await openWindow(served.dataDirectory);
  const { refuse, asked } = await refusing(page);
  await goTo(page, 'Activity');
  await expectPage(page.locator('[data-run]')).toHaveCount(1);
  refuse('runs.outline');
  await arrives('second');
  await expectPage(page.getByRole('button', { name: '1 new task – Show' })).toBeVisible();
  // One per state of the agent, of which a task makes a few.
  expect(await asked('runs.outline')).toBeLessThan(10);
  refuse('');
  await arrives('third');
  await expectPage(page.locator('[data-run]')).toHaveCount(3);
  await expectPage(page.getByText("This part can't be shown.")).toHaveCount(0);
});

test('a part of the list that can not be read is not asked for on and on', async () => {
  const served = await nineDays();
  const { page } = await openWindow(served.dataDirectory);
  const { refuse, asked } = await refusing(page);
  await goTo(page, 'Activity');
  await expectPage(page.getByText('180 of 180')).toBeVisible();
  refuse('runs.list');
  await scrollTo(page, 7_000);
  expect(await asked('runs.list')).toBeLessThan(10);
  await expectPage(page.getByText("This part can't be shown.")).toBeVisible();
  refuse('');
  await endedRun(served.store, 'new', { arrival: { receivedAtMs: Date.now() } });
  await expectPage(page.locator('[data-run]', { hasText: 'of day' }).first()).toBeVisible();
  await expectPage(page.getByText("This part can't be shown.")).toHaveCount(0);
});

test('a search and what is new begin at the top, wherever one had scrolled to', async () => {
  const served = await nineDays();
  const page = await activityOf(served);
  await scrollTo(page, 3_000);
  await expectPage.poll(() => scrollTop(page)).toBe(3_000);
  await page.getByRole('searchbox').fill('repair');
  await expectPage(page.getByText('90 of 180')).toBeVisible();
  await expectPage.poll(() => scrollTop(page)).toBe(0);
  await scrollTo(page, 1_000);
  for (let at = 0; at < 5; at++) {
    await endedRun(served.store, `new-${at}`, {
      arrival: { manifestId: `repair-new-${at}`, receivedAtMs: Date.now() },
    });
  }
  await page.getByRole('button', { name: '5 new tasks – Show' }).click();
  await expectPage.poll(() => scrollTop(page)).toBe(0);
  await expectPage(page.locator('[data-run]').first()).toContainText('repair new 4');
});

const topDay = (page: Page) =>
  page.evaluate<string>(`{
    const list = document.querySelector('[data-run]').closest('ul').parentElement.getBoundingClientRect();
    document.elementFromPoint(list.left + 40, list.top + 10).closest('h2')?.textContent ?? '';
  }`);

test('each day has a heading in the list, with its weekday and how many tasks it has, and stays at the top', async () => {
  const page = await activityOf(await nineDays());
  const heading = (name: string) =>
    page.getByRole('list', { name: /newest first/ }).getByRole('heading', { level: 2, name });
  await expectPage(heading(`Yesterday · ${dayText(1)} 20 tasks`)).toBeInViewport();
  await expectPage.poll(() => topDay(page)).toBe(`Yesterday · ${dayText(1)} 20 tasks`);
  await scrollTo(page, 44 * 45);
  await expectPage.poll(() => topDay(page)).toBe(`${dayText(3)} 20 tasks`);
  // The next one comes in its place in the list.
  await scrollTo(page, 44 * 55);
  await expectPage.poll(() => topDay(page)).toBe(`${dayText(3)} 20 tasks`);
  await expectPage(heading(`${dayText(4)} 20 tasks`)).toBeInViewport();
  await page.getByRole('searchbox').fill('repair');
  await expectPage.poll(() => topDay(page)).toBe(`Yesterday · ${dayText(1)} 10 tasks`);
});

test('no task that has the focus is below the day at the top, going up or down', async () => {
  const page = await activityOf(await nineDays());
  await page.locator('[data-run]').first().focus();
  const hidden = `{
    const at = document.activeElement.getBoundingClientRect();
    !document.activeElement.contains(document.elementFromPoint(at.left + 80, at.top + 4));
  }`;
  for (const key of [
    'PageDown',
    'PageDown',
    'PageDown',
    'ArrowUp',
    'PageUp',
    'ArrowUp',
    'ArrowUp',
    'PageUp',
    'PageUp',
  ]) {
    const before = await focusedRun(page);
    await page.keyboard.press(key);
    await expectPage.poll(() => focusedRun(page)).not.toBe(before);
    expect([key, await page.evaluate(hidden)]).toEqual([key, false]);
  }
});

test.each([
  ['Esc', 'Escape'],
  ['Alt and the left arrow', 'Alt+ArrowLeft'],
])('%s leads back from a task to its row, also where more have come meanwhile', async (_name, key) => {
  const served = await nineDays();
  const page = await activityOf(served);
  await scrollTo(page, 44 * 75);
  const row = page.locator('[data-run]', { hasText: 'check 5 of day 4' });
  await row.click();
  await expectPage(page.getByRole('heading', { level: 1 })).toHaveText('check 5 of day 4');
  for (let at = 0; at < 3; at++) await endedRun(served.store, `new-${at}`, { arrival: { receivedAtMs: Date.now() } });
  await page.keyboard.press(key);
  await expectPage(row).toBeInViewport();
  await expectPage.poll(() => focusedRun(page)).toBe(await row.getAttribute('data-run'));
});

test('Ctrl+F goes to the search from any screen, Home and End to both ends of the list', async () => {
  const page = await activityOf(await nineDays());
  const focused = () => page.evaluate('document.activeElement?.type');
  await page.keyboard.press('Control+f');
  expect(await focused()).toBe('search');
  await goTo(page, 'Support');
  await page.keyboard.press('Control+f');
  await expectPage(page.getByRole('heading', { level: 1 })).toHaveText('Activity');
  await expectPage.poll(focused).toBe('search');
  await expectPage(page.getByText('180 of 180')).toBeVisible();
  await page.locator('[data-run]').first().focus();
  await page.keyboard.press('End');
  await expectPage.poll(() => page.evaluate('document.activeElement?.dataset.index')).toBe('179');
  await page.keyboard.press('Home');
  await expectPage.poll(() => page.evaluate('document.activeElement?.dataset.index')).toBe('0');
  // The heading above the first task is seen too.
  await expectPage.poll(() => scrollTop(page)).toBe(0);
});
