/** The helpdesk's screen: what went wrong, how the connection was, what is parked, the settings, the log, and all of it as one text. */
import type { Page } from '@playwright/test';
import { describe, expect, test } from 'vitest';
import { startAgent } from '../../test/support/agent.ts';
import { api, command, provisionedOperator, publishCommand, STREAMS, waitForResult } from '../../test/support/fleet.ts';
import { startNatsServer } from '../../test/support/nats-server.ts';
import { expectPage } from '../../test/support/page-expect.ts';
import { type Served, serve } from '../../test/support/served-status.ts';
import { aSetting, endedRun } from '../../test/support/status.ts';
import { HELPDESK_CODE, openWindow, unlock, withHelpdesk } from '../../test/support/window.ts';

const HOUR_MS = 3_600_000;

async function servedPc(): Promise<Served> {
  const served = await serve();
  served.clock.atMs = Date.now();
  served.code = HELPDESK_CODE;
  return served;
}

async function unlocked(served: Served, options: Parameters<typeof openWindow>[1] = {}): Promise<Page> {
  const { page } = await openWindow(served.dataDirectory, options);
  await unlock(page);
  await expectPage(page.getByRole('heading', { level: 1 })).toHaveText('Helpdesk');
  return page;
}

const card = (page: Page, name: string) => page.getByRole('region', { name, exact: true }).first();

test('what went wrong is counted by task and reason, and a click leads to the last one and back', async () => {
  const served = await servedPc();
  for (const id of ['a', 'b', 'c']) {
    await endedRun(served.store, id, {
      arrival: { manifestId: 'printer-fix', receivedAtMs: Date.now() - HOUR_MS },
      ending: { reason: id === 'c' ? 'TIMEOUT' : 'FAILED', exitCode: 5, finishedAtMs: Date.now() - HOUR_MS },
    });
  }
  const page = await unlocked(served);
  const failures = card(page, 'What went wrong or was not run in the last seven days').getByRole('listitem');
  await expectPage(failures).toHaveText([
    /^printer fix – Finished with an error2 times, last /,
    /^printer fix – Took too longonce, /,
  ]);
  await failures.nth(1).getByRole('button').click();
  await expectPage(page.getByRole('heading', { level: 2, name: 'Took too long' })).toBeVisible();
  await expectPage(page.getByRole('navigation').getByRole('button', { name: 'Helpdesk' })).toHaveAttribute(
    'aria-current',
    'page',
  );
  await page.getByRole('button', { name: 'Back to Helpdesk' }).click();
  await expectPage(page.getByRole('heading', { level: 1 })).toHaveText('Helpdesk');
  // One that goes wrong while somebody looks is there without being asked for.
  await endedRun(served.store, 'd', {
    arrival: { manifestId: 'disk-check', receivedAtMs: Date.now() },
    ending: { reason: 'START_FAILED', exitCode: -1, finishedAtMs: Date.now() },
  });
  await expectPage(failures).toHaveCount(3);
});

test('the connection is a line of parts, each as long as it took, and each absence is said with why', async () => {
  const served = await servedPc();
  const nowMs = Date.now();
  const span = (state: 'connected' | 'unreachable', fromHours: number, untilHours: number) =>
    served.store.linkStates.begin({
      state,
      why: state === 'connected' ? null : 'no route to host',
      fromMs: nowMs - fromHours * HOUR_MS,
      untilMs: nowMs - untilHours * HOUR_MS,
    });
  await span('connected', 100, 20);
  await span('unreachable', 20, 12);
  await span('connected', 6, 0);
  const page = await unlocked(served);
  const line = card(page, 'Connection over time');
  const parts = line.locator('[data-link-line] [data-part]');
  await expectPage(parts).toHaveCount(4);
  const shares = await parts.evaluateAll((all: { dataset: { part: string }; offsetWidth: number }[]) => {
    const whole = all.reduce((sum, { offsetWidth }) => sum + offsetWidth, 0);
    return all.map(({ dataset, offsetWidth }) => [dataset.part, Math.round((24 * offsetWidth) / whole)]);
  });
  expect(shares).toEqual([
    ['connected', 4],
    ['away', 8],
    ['unknown', 6],
    ['connected', 6],
  ]);
  await expectPage(line).toContainText('Connected for 55 % of the 18 hr that are known.');
  await expectPage(line.getByRole('list', { name: 'Times without a connection' }).getByRole('listitem')).toHaveText([
    /6 hr – not known: this program was off or ended suddenly, or this PC was asleep$/,
    /8 hr – cannot reach the IT service: no route to host$/,
  ]);
  await line.getByRole('combobox', { name: 'Time' }).selectOption('week');
  await expectPage(line.getByRole('listitem')).toHaveCount(3);
  await expectPage(parts.first()).toHaveAttribute('data-part', 'unknown');
});

test('parked results say why; one or all of them go again at once, and it is said how many', async () => {
  const served = await servedPc();
  for (const id of ['a', 'b', 'c']) {
    const { resultId } = await endedRun(served.store, id, { arrival: { manifestId: `task-${id}` } });
    const seq = served.store.outbox.seqOf('result', resultId) ?? 0;
    await served.store.outbox.park(seq, 'larger than the stream takes', Date.now(), Number.MAX_SAFE_INTEGER);
  }
  const page = await unlocked(served);
  const parked = card(page, 'What could not be delivered');
  await expectPage(parked.getByRole('listitem')).toHaveCount(3);
  await expectPage(parked.getByRole('listitem').first()).toContainText('larger than the stream takes');
  await parked.getByRole('button', { name: 'Send again now: Result of task b' }).click();
  await expectPage(parked.getByRole('status')).toHaveText('1 message is queued to be sent again.');
  await expectPage(parked.getByRole('listitem')).toHaveCount(2);
  // The focus is not lost with what was pressed.
  await expectPage(page.locator('#content')).toBeFocused();
  await parked.getByRole('button', { name: 'Send all 2 again now' }).click();
  await expectPage(parked.getByRole('status')).toHaveText('2 messages are queued to be sent again.');
  await expectPage(parked).toContainText('None.');
  await expectPage(page.locator('#content')).toBeFocused();
  expect(served.store.outbox.due(true, 0, 10)).toHaveLength(3);
});

test('what is no result and can not be delivered is shown as well, and goes again', async () => {
  const served = await servedPc();
  const { outbox } = served.store;
  await outbox.put({ kind: 'event', id: 'e', subject: 'obs.x', body: Buffer.from('{}') }, Date.now());
  const seq = outbox.seqOf('event', 'e') ?? 0;
  for (let tries = 0; tries < 3; tries++) await outbox.retryAt(seq, Number.MAX_SAFE_INTEGER, 'nobody stores it');
  const page = await unlocked(served);
  const stuck = card(page, 'What could not be delivered');
  await expectPage(stuck.getByRole('listitem')).toHaveText([
    /^A note for the fleet's record, on signaturesnobody stores itsince \d\d:\d\d, tried 3 times/,
  ]);
  await stuck.getByRole('button', { name: "Send again now: A note for the fleet's record, on signatures" }).click();
  await expectPage(stuck.getByRole('status')).toHaveText('1 message is queued to be sent again.');
  await expectPage(stuck).toContainText('None.');
  await expectPage(stuck).toContainText('Waiting to be sent: 1 other message.');
  expect(outbox.due(false, 0, 10)).toEqual([seq]);
});

test('settings that are not as built in come first, in words, and a search finds any of them', async () => {
  const served = await servedPc();
  served.settings = [
    aSetting('run.grace', {
      about: 'How long running scripts may go on',
      means: { kind: 'amount', amount: 20_000, unit: 'ms' },
      source: 'built-in',
      place: null,
      changed: false,
    }),
    aSetting('history.days', {
      about: 'How long what happened is kept',
      means: { kind: 'amount', amount: 30, unit: 'days' },
      builtIn: { kind: 'amount', amount: 90, unit: 'days' },
      source: 'policy',
      place: 'HistoryDays',
      locked: true,
    }),
    aSetting('helpdesk.code_hash', { about: 'The hash', value: '(set)', means: { kind: 'secret' } }),
  ];
  const page = await unlocked(served);
  const settings = card(page, 'Settings and where each comes from');
  await expectPage(settings.locator('[data-setting]')).toHaveText([
    'How long what happened is kept30 dayshistory.days · by policy: HistoryDays · locked · built in: 90 days',
    'The hashset, never shownhelpdesk.code_hash · in the settings file: a.toml:3',
    'How long running scripts may go on20 secrun.grace · built in',
  ]);
  await expectPage(settings.getByRole('heading', { level: 3 })).toHaveText([
    'Settings that are not as built in',
    'All other settings',
  ]);
  await page.keyboard.press('Control+f');
  await page.keyboard.type('policy');
  await expectPage(settings.getByRole('status')).toHaveText('1 of 3');
  await expectPage(settings.locator('[data-setting]')).toHaveCount(1);
  await settings.getByRole('searchbox').fill('no such thing');
  await expectPage(settings.getByRole('status')).toHaveText('No setting fits.');
});

test('the end of the log is shown and goes on, and why it can’t be is said', async () => {
  const served = await servedPc();
  const lines = Array.from({ length: 150 }, (_, n) => `line ${n}`);
  served.logEnd = { kind: 'lines', path: '/var/log/agent.log', lines };
  const page = await unlocked(served);
  const log = card(page, 'End of the log');
  await expectPage(log).toContainText('Read from /var/log/agent.log');
  await expectPage(log.getByText('line 149')).toBeVisible();
  served.logEnd = { kind: 'lines', path: '/var/log/agent.log', lines: [...lines, 'one more'] };
  await expectPage(log).toContainText('one more');
  served.logEnd = { kind: 'unread', path: '/var/log/agent.log', why: 'EACCES' };
  await expectPage(log).toContainText("/var/log/agent.log can't be read: EACCES");
  served.logEnd = { kind: 'none' };
  await expectPage(log).toContainText('No log is written to a file.');
});

describe('of a real agent', () => {
  test('parked results arrive when they are sent again; settings, log and report tell what is so, and no secret', async () => {
    const server = await startNatsServer();
    const nc = await provisionedOperator(server);
    const toml = await withHelpdesk('[history]\ndays = 30');
    const hash = /code_hash = "([^"]+)"/.exec(toml)?.[1] ?? '';
    const agent = await startAgent({ server, nc, toml });
    const results = STREAMS.find(({ name }) => name === 'RESULTS');
    await api(nc, 'STREAM.UPDATE.RESULTS', { ...results, max_msg_size: 10 });
    const bodies = ['big-answer', 'other-answer'].map((id) => command({ id, script: 'echo hello; exit 3' }));
    for (const body of bodies) await publishCommand(nc, 'commands.pc.PC-OURS', body);
    const { page } = await openWindow(agent.dataDirectory);
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await unlock(page);
    await expectPage(card(page, 'What could not be delivered').getByRole('listitem')).toHaveCount(2, {
      timeout: 30_000,
    });
    await expectPage(
      card(page, 'What went wrong or was not run in the last seven days').getByRole('listitem'),
    ).toHaveCount(2);
    await expectPage(card(page, 'Connection over time')).toContainText(/Connected for \d+ % of the /);
    const days = page.locator('[data-setting="history.days"]');
    await expectPage(days).toContainText(/30 days.*in the settings file: .*agent\.toml:\d+ · built in: 90 days/);
    await expectPage(page.locator('[data-setting="helpdesk.code_hash"]')).toContainText('set, never shown');
    await expectPage(card(page, 'End of the log')).toContainText('can not be delivered and is parked');

    await page.getByRole('button', { name: 'Copy report' }).click();
    await expectPage(page.getByRole('button', { name: 'Copied.' })).toBeVisible();
    const copied = String(await page.evaluate('navigator.clipboard.readText()'));
    expect(copied).toMatch(/^## Report for the helpdesk, .*\nPC: PC-OURS\n/);
    for (const part of ['history.days = 30 days', 'big answer: Finished with an error (FAILED)', 'is parked']) {
      expect(copied).toContain(part);
    }
    expect([copied.includes(hash), (await page.content()).includes(hash)]).toEqual([false, false]);

    await api(nc, 'STREAM.UPDATE.RESULTS', { ...results, max_msg_size: -1 });
    await page.getByRole('button', { name: 'Send all 2 again now' }).click();
    for (const { request_id } of bodies) expect((await waitForResult(nc, request_id)).stdout).toBe('hello\n');
    await expectPage(card(page, 'What could not be delivered')).toContainText('None.');
  });

  test('an outage is in the line of the connection, also after the agent was started anew', async () => {
    const server = await startNatsServer();
    const nc = await provisionedOperator(server);
    const agent = await startAgent({ server, nc, toml: await withHelpdesk() });
    await server.stop();
    const { page } = await openWindow(agent.dataDirectory);
    await unlock(page);
    const absences = card(page, 'Connection over time').getByRole('list', { name: 'Times without' });
    const open = absences.getByText(/^since .*\d\d:\d\d, .* – cannot reach the IT service: .+/);
    await expectPage(open).toBeVisible({ timeout: 30_000 });
    await agent.stop();
    await expectPage(page.getByRole('heading', { level: 1 })).not.toHaveText('Helpdesk');
    agent.launch();
    await agent.connect();
    await unlock(page);
    await expectPage(open).toBeVisible({ timeout: 30_000 });
    await expectPage(absences.getByText(/\d\d:\d\d to .*\d\d:\d\d, .* – cannot reach the IT service: /)).toHaveCount(1);
  });
});
