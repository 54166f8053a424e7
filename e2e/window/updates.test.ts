/** Updates: what this PC does with a release by itself, how far it is, and what the person may decide about it. */
import { expect, test } from 'vitest';
import type { UpdateView } from '../../src/shared/agent-status.ts';
import { eventually } from '../../test/support/eventually.ts';
import { expectPage } from '../../test/support/page-expect.ts';
import { type Served, serve } from '../../test/support/served-status.ts';
import { goTo, openWindow } from '../../test/support/window.ts';

const HOUR_MS = 3_600_000;
const MIB = 1024 * 1024;

async function updates() {
  const served = await serve();
  served.takesUpdates = true;
  const { page } = await openWindow(served.dataDirectory);
  await goTo(page, 'Updates');
  return { served, page };
}

function show(served: Served, changes: Partial<UpdateView>): void {
  const at = Date.now();
  served.cells.update.set({
    state: 'available',
    installed: '1.0.0',
    wanted: '1.1.0',
    reason: null,
    release: { signedBy: ['Aiko'], sizeBytes: 40 * MIB, createdAtMs: at, expiresAtMs: at + 24 * HOUR_MS },
    ...changes,
  });
}

const taking = { doneBytes: 40 * MIB, waitsFor: null, notBeforeMs: null, deferUntilMs: null } as const;

test('how much of it is there, and why it waits', async () => {
  const { served, page } = await updates();
  show(served, { state: 'downloading', taking: { ...taking, doneBytes: 10 * MIB } });
  await expectPage(page.getByText('Downloading version 1.1.0')).toBeVisible();
  await expectPage(page.getByText(/^10(?:[.]\d)? MB of 4\d(?:[.]\d)? MB$/)).toBeVisible();
  show(served, { state: 'waiting', taking: { ...taking, doneBytes: 10 * MIB, waitsFor: 'room' } });
  await expectPage(page.getByText('There is not enough free space on this PC.')).toBeVisible();
  show(served, { state: 'verified', taking: { ...taking, waitsFor: 'tasks' } });
  await expectPage(page.getByText('Downloaded and checked. Installs when no task is running.')).toBeVisible();
  expect(await page.getByRole('button', { name: 'Not before' }).count()).toBe(0);
});

test('the person puts it off for as long as IT lets them, and takes that back', async () => {
  const { served, page } = await updates();
  const until = Date.now() + 5 * HOUR_MS;
  show(served, { state: 'verified', taking: { ...taking, waitsFor: 'window', deferUntilMs: until } });
  const later = page.getByRole('button', { name: 'Not before' });
  // In an hour and in four; a day would be too long.
  await expectPage(later).toHaveCount(2);
  expect(await page.getByRole('button', { name: 'Install as soon as possible' }).count()).toBe(0);
  // The focus stays where it is with each new state.
  await later.last().focus();
  show(served, { state: 'verified', wanted: '1.2.0', taking: { ...taking, waitsFor: 'window', deferUntilMs: until } });
  await expectPage(page.getByText('1.2.0').first()).toBeVisible();
  await expectPage(later.last()).toBeFocused();
  await later.last().click();
  await eventually(() => expect(served.asked).toEqual([expect.stringMatching(/^update \d+$/)]));
  show(served, {
    state: 'verified',
    taking: { ...taking, waitsFor: 'person', notBeforeMs: until, deferUntilMs: until },
  });
  await expectPage(page.getByText('Installs at the time that you chose.')).toBeVisible();
  await page.getByRole('button', { name: 'Install as soon as possible' }).click();
  await eventually(() => expect(served.asked.at(-1)).toBe('update now'));
  // What was pressed goes with what it did, and the content takes the focus.
  show(served, { state: 'verified', taking: { ...taking, waitsFor: 'window', deferUntilMs: until } });
  await expectPage(page.getByRole('button', { name: 'Install as soon as possible' })).toHaveCount(0);
  await expectPage(page.locator('#content')).toBeFocused();
});

test('a time before the hours that IT has set puts nothing off, and one after them can be taken back', async () => {
  const { served, page } = await updates();
  const at = Date.now();
  const window = {
    ...taking,
    waitsFor: 'window',
    notBeforeMs: at + 2 * HOUR_MS,
    deferUntilMs: at + 25 * HOUR_MS,
  } as const;
  show(served, { state: 'verified', taking: window });
  // In four hours, and in a day.
  const later = page.getByRole('button', { name: 'Not before' });
  await expectPage(later).toHaveCount(2);
  await expectPage(page.getByRole('button', { name: 'Install as soon as possible' })).toHaveCount(0);
  show(served, { state: 'verified', taking: { ...window, notBeforeMs: at + 26 * HOUR_MS, putOff: true } });
  await expectPage(page.getByText('Installs at the time that IT has set.')).toBeVisible();
  await expectPage(later).toHaveCount(3);
  await page.getByRole('button', { name: 'Install as soon as possible' }).click();
  await eventually(() => expect(served.asked).toEqual(['update now']));
});

test('what was taken back, and why; without a way to decide there are no buttons', async () => {
  const { served, page } = await updates();
  const undone = { version: '1.1.0', why: 'did_not_start', atMs: Date.now() } as const;
  show(served, { state: 'rolled_back', undone });
  await expectPage(page.getByText('Version 1.1.0 did not start properly; the previous one is back.')).toBeVisible();
  await expectPage(page.getByText('Failed here')).toBeVisible();
  show(served, { state: 'rolled_back', undone: { ...undone, why: 'store' } });
  await expectPage(page.getByText('Update not used')).toBeVisible();
  expect(await page.getByRole('button', { name: 'Install as soon as possible' }).count()).toBe(0);
});

test('whom to call stands beside an update that this PC does not take, and beside no other', async () => {
  const { served, page } = await updates();
  const lines = { phone: '03-1234', mail: null, url: null, text: null, hardware: null };
  Object.assign(served.ports, { support: () => lines });
  const help = page.locator('[data-help]');
  for (const changes of [{ state: 'refused', reason: 'signature' }, { state: 'rolled_back' }] as const) {
    show(served, changes);
    await expectPage(help.getByRole('link', { name: '03-1234' })).toBeVisible();
    show(served, { state: 'available' });
    await expectPage(page.getByText('Version 1.1.0 is available')).toBeVisible();
    await expectPage(help).toHaveCount(0);
  }
});
