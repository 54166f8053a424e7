/** Status says how the day went, what ended last, and how far a running task is. */
import type { Page } from '@playwright/test';
import { expect, test } from 'vitest';
import { expectPage } from '../../test/support/page-expect.ts';
import { type Served, serve } from '../../test/support/served-status.ts';
import { endedRun } from '../../test/support/status.ts';
import { arrival } from '../../test/support/store.ts';
import { goTo, openWindow } from '../../test/support/window.ts';

const region = (page: Page, name: string) => page.getByRole('region', { name });

async function pc(): Promise<Served> {
  const served = await serve();
  served.clock.atMs = Date.now();
  return served;
}

async function deliver({ store }: Served, resultId: string): Promise<void> {
  const row = store.outbox.waiting(true, 100).find(({ id }) => id === resultId);
  if (row === undefined) throw new Error('there is no such result');
  await store.outbox.delivered(row, Date.now());
}

/** Ended as it says, `agoMs` ago. */
async function ended(served: Served, id: string, reason: 'DONE' | 'FAILED', tookMs = 1_000, delivered = true) {
  const receivedAtMs = Date.now() - tookMs - 1_000;
  const { run, resultId } = await endedRun(served.store, `${id}-${Math.random()}`, {
    arrival: { receivedAtMs, manifestId: id },
    ending: { reason, exitCode: reason === 'DONE' ? 0 : 5, finishedAtMs: 2_000 + tookMs },
  });
  if (delivered) await deliver(served, resultId);
  return run;
}

test('a quiet day: one line, and no card without content', async () => {
  const served = await pc();
  const { page } = await openWindow(served.dataDirectory);
  await expectPage(page.getByText('No tasks recorded today. No task is running.')).toBeVisible();
  await expectPage(page.getByText('PC-1 · version 0.1.0 · groups: office')).toBeVisible();
  await expectPage(page.getByRole('region')).toHaveCount(0);
});

test('the last five that ended, the newest first, and whether IT knows of what went wrong', async () => {
  const served = await pc();
  for (const id of ['one', 'two', 'three', 'four', 'five', 'six']) await ended(served, id, 'DONE');
  const failed = await ended(served, 'seven', 'FAILED', 1_000, false);
  const { page, open } = await openWindow(served.dataDirectory);
  await expectPage(page.getByText('7 tasks today, 1 with an error: IT has not been told yet.')).toBeVisible();
  const latest = region(page, 'Latest');
  await expectPage(latest.getByRole('listitem').getByRole('button')).toHaveText([
    'seven',
    'six',
    'five',
    'four',
    'three',
  ]);
  await expectPage(latest.getByRole('listitem').first()).toContainText('finished with an error (code 5)');
  await deliver(served, served.store.history.get(failed)?.resultId ?? '');
  await expectPage(page.getByText('7 tasks today, 1 with an error: IT has been told.')).toBeVisible();
  const japanese = await open({ locale: 'ja-JP', width: 360 });
  await expectPage(japanese.getByText('今日の作業は7件、うちエラーが1件です。')).toBeVisible();
  await latest.getByRole('button', { name: 'seven' }).click();
  await expectPage(page.getByRole('heading', { level: 1 })).toHaveText('seven');
});

test('a running task shows how far it is by its usual time, that one can go on working, and who can stop it', async () => {
  const served = await pc();
  for (let n = 0; n < 3; n++) await ended(served, 'disk', 'DONE', 120_000);
  const sent = { manifestId: 'disk', execId: 'exec-1', receivedAtMs: Date.now() };
  const admitted = await served.store.runs.admit(arrival('now', 'x', sent));
  if (admitted.kind !== 'admitted') throw new Error(admitted.kind);
  const startedAtMs = Date.now() - 60_000;
  await served.store.runs.start(admitted.run, { startedAtMs, runAsUser: null, facts: null, event: null });
  const { page } = await openWindow(served.dataDirectory);
  const now = region(page, 'Now');
  await expectPage(now).toContainText('usually 2 min');
  const bar = now.getByRole('progressbar', { name: 'Time of disk against the usual one' });
  await expectPage(bar).toBeVisible();
  const value = Number(await bar.getAttribute('aria-valuenow'));
  expect(value).toBeGreaterThan(0.4);
  expect(value).toBeLessThanOrEqual(1);
  const manners = 'Your own programs go first: you can go on working. IT can stop a running task at any time.';
  await expectPage(now.getByText(manners)).toBeVisible();
  await now.getByRole('button', { name: 'disk' }).click();
  await expectPage(page.getByText(manners)).toBeVisible();
  await expectPage(page.getByRole('progressbar')).toBeVisible();
  const { connection } = served.cells;
  connection.set({ ...connection.value, state: 'unreachable', sinceMs: Date.now() });
  await expectPage(page.getByText('IT can stop a running task only while this PC is connected.')).toBeVisible();
  await expectPage(page.getByText('at any time')).toHaveCount(0);
});

test('of a task that was sent without the id of an execution nobody says that IT can stop it', async () => {
  const served = await pc();
  const admitted = await served.store.runs.admit(arrival('now', 'x', { manifestId: 'disk', receivedAtMs: Date.now() }));
  if (admitted.kind !== 'admitted') throw new Error(admitted.kind);
  await served.store.runs.start(admitted.run, { startedAtMs: Date.now(), runAsUser: null, facts: null, event: null });
  const { page, open } = await openWindow(served.dataDirectory);
  await expectPage(region(page, 'Now')).toContainText('What runs was sent without a way for IT to stop it.');
  await expectPage(page.getByText('at any time')).toHaveCount(0);
  const japanese = await open({ locale: 'ja-JP' });
  await japanese.getByRole('region', { name: '現在' }).getByRole('button').click();
  await expectPage(japanese.getByText('情報システム部門が途中で中止できない形で送られた作業です。')).toBeVisible();
});

test('whom to call stands beside what is wrong, also when the agent is gone', async () => {
  const served = await pc();
  const lines = { phone: '03-1234', mail: 'help@it.example', url: 'https://it.example/', text: null, hardware: null };
  Object.assign(served.ports, { support: () => lines });
  served.cells.secondAgentSeen.set(true);
  const { page } = await openWindow(served.dataDirectory);
  const look = region(page, 'Please look at this');
  await expectPage(look.getByRole('link')).toHaveText(['03-1234', 'help@it.example', 'Open ticket page']);
  served.cells.secondAgentSeen.set(false);
  served.cells.restartRequired.set(true);
  await expectPage(look).toContainText('Restart needed');
  await expectPage(page.locator('[data-help]')).toHaveCount(0);
  served.cells.agent.set({ state: 'config_invalid', sinceMs: Date.now(), problems: [] });
  await goTo(page, 'Activity');
  await expectPage(page.getByRole('link', { name: '03-1234' })).toBeVisible();
  // All of it within the notice, also where it takes most of the window.
  const wide = page.viewportSize() ?? { width: 880, height: 600 };
  await page.setViewportSize({ width: 360, height: 420 });
  await expectPage(page.getByRole('heading', { level: 1 })).toHaveText('Activity');
  const overflow = `(() => { const bar = document.querySelector('[data-help]').closest('.fui-MessageBar');
    return bar.scrollHeight - bar.clientHeight; })()`;
  expect(await page.evaluate(overflow)).toBe(0);
  await page.setViewportSize(wide);
  await goTo(page, 'Status');
  await served.server.close();
  await expectPage(page.getByRole('heading', { level: 1 })).toHaveText('Management service is not running');
  await expectPage(page.getByRole('link', { name: '03-1234' })).toBeVisible();
});

test('a contact line that can not be opened is text to read, and no button', async () => {
  const served = await pc();
  const lines = {
    phone: 'ask at the desk',
    mail: 'the desk',
    url: 'https://it:pw@it.example/',
    text: null,
    hardware: null,
  };
  Object.assign(served.ports, { support: () => lines });
  served.cells.secondAgentSeen.set(true);
  await ended(served, 'broken', 'FAILED');
  const { page, open } = await openWindow(served.dataDirectory);
  const help = page.locator('[data-help]');
  await expectPage(help).toHaveText('Contact IT:ask at the deskthe deskhttps://it:pw@it.example/');
  await expectPage(help.locator('a, button')).toHaveCount(0);
  await region(page, 'Latest').getByRole('button', { name: 'broken' }).click();
  const report = region(page, 'Report this task');
  await expectPage(report.getByRole('button')).toHaveText(['Copy for a mail or ticket']);
  await expectPage(report.locator('a')).toHaveCount(0);
  await goTo(page, 'Support');
  const desk = region(page, 'Contact IT');
  for (const line of [lines.phone, lines.mail, lines.url])
    await expectPage(desk.getByText(line, { exact: true })).toBeVisible();
  await expectPage(desk.locator('a, button')).toHaveCount(0);
  Object.assign(lines, { phone: '0800 123 (9:00-18:00)', mail: 'it@it.example', url: 'https://it.example/' });
  const later = await open();
  await goTo(later, 'Support');
  const links = region(later, 'Contact IT').getByRole('link');
  await expectPage(links).toHaveText(['Call', 'Write', 'Open ticket page']);
  await expectPage(links.first()).toHaveAttribute('href', 'tel:0800123');
});

test('a failed task is reported by a number to say, which the search finds, and as a mail that is begun', async () => {
  const served = await pc();
  Object.assign(served.ports, {
    support: () => ({ phone: '03-1234', mail: 'help@it.example', url: null, text: null, hardware: null }),
  });
  for (let n = 0; n < 3; n++) await ended(served, 'fine', 'DONE');
  const failed = await ended(served, 'broken', 'FAILED');
  const { page } = await openWindow(served.dataDirectory);
  await region(page, 'Latest').getByRole('button', { name: 'broken' }).click();
  const report = region(page, 'Report this task');
  await expectPage(report).toContainText(`say: task ${failed} on PC-1.`);
  await expectPage(report.getByRole('link', { name: '03-1234' })).toBeVisible();
  const href = (await report.getByRole('link', { name: 'Write a mail about it' }).getAttribute('href')) ?? '';
  const mail = new URL(href);
  expect([mail.pathname, mail.searchParams.get('subject')]).toEqual([
    'help@it.example',
    `PC-1: task ${failed}, broken`,
  ]);
  expect(mail.searchParams.get('body')).toMatch(/Outcome: Finished with an error\. Error code 5\.[\s\S]*Received: /);
  await goTo(page, 'Activity');
  await page.getByRole('searchbox').fill(`#${failed}`);
  await expectPage(page.getByRole('list', { name: 'Tasks, newest first' }).getByRole('button')).toHaveText([/broken/]);
});
