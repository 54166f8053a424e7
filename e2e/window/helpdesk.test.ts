/** The helpdesk's view: closed until the code is given, complete while it is open, gone when it ends. */
import { describe, expect, test } from 'vitest';
import { UNLOCKED_MS } from '../../src/agent/status/helpdesk.ts';
import { startAgent } from '../../test/support/agent.ts';
import {
  api,
  command,
  provisionedOperator,
  publishCommand,
  putKey,
  STREAMS,
  waitForResult,
} from '../../test/support/fleet.ts';
import { startNatsServer } from '../../test/support/nats-server.ts';
import { expectPage } from '../../test/support/page-expect.ts';
import { serve } from '../../test/support/served-status.ts';
import { goTo, HELPDESK_CODE, openWindow, unlock, withHelpdesk } from '../../test/support/window.ts';

const PC = 'commands.pc.PC-OURS';

async function pcWithRuns(toml = '') {
  const server = await startNatsServer();
  const nc = await provisionedOperator(server);
  const agent = await startAgent({ server, nc, toml: await withHelpdesk(toml) });
  await putKey(nc, 'script_current', 'printer-fix', '2.0.0');
  const done = command({
    id: 'disk-check',
    exec_id: 'exec-77',
    script: 'echo needle in the output; echo to stderr >&2',
  });
  const skipped = command({ id: 'printer-fix', version: '1.0.0' });
  for (const body of [done, skipped]) {
    await publishCommand(nc, PC, body);
    await waitForResult(nc, body.request_id);
  }
  return { server, nc, agent, done };
}

/** Nothing on the page that is not for everybody. */
const INTERNALS = /[0-9a-f]{8}-[0-9a-f]{4}-|exec-77|commands\.pc|VERSION_PIN|needle|request_id/;

describe('without the code', () => {
  test('no screen shows an id, a subject, a reason code or output, and no search finds them', async () => {
    const { agent, done } = await pcWithRuns();
    const { page } = await openWindow(agent.dataDirectory);
    for (const screen of ['Activity', 'Updates', 'Support', 'About', 'Status']) {
      await goTo(page, screen);
      await expectPage(page.getByRole('heading', { level: 1 })).toBeVisible();
      expect(await page.getByRole('main').textContent()).not.toMatch(INTERNALS);
    }
    await goTo(page, 'Activity');
    for (const secret of ['needle', done.request_id, 'exec-77']) {
      await page.getByRole('searchbox').fill(secret);
      await expectPage(page.getByText('No task fits.')).toBeVisible();
    }
    await page.getByRole('searchbox').fill('disk');
    await expectPage(page.locator('[data-run]')).toHaveCount(1);
    await page.locator('[data-run]').click();
    await expectPage(page.getByRole('heading', { level: 2, name: 'Done' })).toBeVisible();
    expect(await page.getByRole('main').textContent()).not.toMatch(INTERNALS);
  });

  test('a wrong code says how many tries are left, and the fifth how long to wait', async () => {
    const { agent } = await pcWithRuns();
    const { page } = await openWindow(agent.dataDirectory);
    for (const left of ['4 tries left', '3 tries left', '2 tries left', '1 try left']) {
      await unlock(page, 'wrong code');
      await expectPage(page.getByText(`That is not the code. ${left}.`)).toBeVisible();
    }
    await unlock(page, 'wrong code');
    await expectPage(page.getByText('Too many wrong codes. Try again in 5 min.')).toBeVisible();
    await expectPage(page.getByText(/^Too many wrong codes\. Try again in 4 min \d+ sec\.$/)).toBeVisible();
    // The right one has to wait as well, also after the window was closed and opened.
    await unlock(page);
    await expectPage(page.getByText(/^Too many wrong codes\. Try again in/)).toBeVisible();
  });
});

describe('with the code', () => {
  test('everything that tells why is there, and goes when the view ends', async () => {
    const { agent, done } = await pcWithRuns();
    const { page } = await openWindow(agent.dataDirectory);
    await unlock(page);
    await expectPage(page.getByText('Helpdesk view is open.')).toBeVisible();
    await expectPage(page.getByText(/^It ends in 1[45] min/)).toBeVisible();
    await expectPage(page.getByRole('region', { name: 'Settings and where each comes from' })).toContainText(
      'agent.nats_url',
    );
    await goTo(page, 'Activity');
    await page.getByRole('searchbox').fill('needle');
    await expectPage(page.locator('[data-run]')).toHaveCount(1);
    await page.locator('[data-run]').click();
    const technical = page.getByRole('region', { name: 'Technical details' });
    await expectPage(technical).toContainText(done.request_id);
    await expectPage(technical).toContainText('exec-77');
    await expectPage(technical).toContainText('commands.pc.PC-OURS');
    const output = page.getByRole('region', { name: 'Standard output' });
    await expectPage(output).toHaveText('needle in the output\n');
    await page.getByRole('searchbox', { name: 'Search the output' }).fill('NEEDLE');
    await expectPage(page.getByText('1 of 1', { exact: true })).toBeVisible();
    await page.getByRole('tab', { name: /^Messages and errors/ }).click();
    await expectPage(page.getByRole('region', { name: 'Messages and errors' })).toHaveText('to stderr\n');
    await page.getByRole('tab', { name: 'Script' }).click();
    await expectPage(page.getByRole('region', { name: 'Script' })).toContainText('echo needle in the output');

    await goTo(page, 'Activity');
    await page.locator('[data-run]', { hasText: 'printer fix' }).click();
    const gates = page.getByRole('region', { name: 'Checks before it ran' });
    await expectPage(gates).toContainText('is the current version✕ refused');
    await expectPage(gates).toContainText('connection current enough✓ passed');
    await expectPage(gates).toContainText('not withdrawn– not looked at');
    const saw = page.getByRole('region', { name: 'What they saw' });
    await expectPage(saw).toContainText('tasks switched onyes');
    await expectPage(saw).not.toContainText('viewAgeMs');

    await goTo(page, 'Helpdesk');
    await page.getByRole('button', { name: 'End now' }).click();
    await expectPage(page.getByRole('heading', { level: 1 })).toHaveText('Everything is working');
    await goTo(page, 'Activity');
    await page.locator('[data-run]', { hasText: 'printer fix' }).click();
    await expectPage(page.getByRole('heading', { level: 2 }).first()).toHaveText('Skipped: another version is current');
    expect(await page.getByRole('main').textContent()).not.toMatch(INTERNALS);
  });

  test('a task can be copied as text and as JSON, with its output', async () => {
    const { agent, done } = await pcWithRuns();
    const { page } = await openWindow(agent.dataDirectory);
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await unlock(page);
    await goTo(page, 'Activity');
    await page.locator('[data-run]', { hasText: 'disk check' }).click();
    await page.getByRole('button', { name: 'Copy as JSON' }).click();
    await expectPage(page.getByRole('button', { name: 'Copied.' })).toBeVisible();
    const copied = JSON.parse(String(await page.evaluate('navigator.clipboard.readText()')));
    expect(copied).toMatchObject({
      reason: 'DONE',
      exitCode: 0,
      stdout: 'needle in the output\n',
      stderr: 'to stderr\n',
    });
    expect(copied.internals.requestId).toBe(done.request_id);
    await page.getByRole('button', { name: 'Copy as text' }).click();
    await expectPage
      .poll(() => page.evaluate('navigator.clipboard.readText()'))
      .toMatch(/^disk check: Done\nFinished in/);
  });

  test('where a policy shows output to the person, it shows that alone, under a heading of its own', async () => {
    const { agent } = await pcWithRuns('[ui]\nshow_output_to_users = 2\nhide_command_names = true');
    const { page } = await openWindow(agent.dataDirectory);
    await goTo(page, 'Activity');
    await page.locator('[data-run]').last().click();
    await expectPage(page.getByRole('region', { name: 'Output', exact: true })).toContainText('needle in the output');
    await expectPage(page.getByRole('tab')).toHaveCount(2);
    const text = await page.getByRole('main').textContent();
    expect(text?.replaceAll('needle in the output', '')).not.toMatch(INTERNALS);
    expect(text).not.toMatch(/For the helpdesk|disk.check|Checks before it ran|Script/);
  });

  test('a result that could not be delivered is kept, shown, and sent again', async () => {
    const { nc, agent } = await pcWithRuns();
    const results = STREAMS.find(({ name }) => name === 'RESULTS');
    await api(nc, 'STREAM.UPDATE.RESULTS', { ...results, max_msg_size: 10 });
    const body = command({ id: 'big-answer', script: 'echo hello' });
    await publishCommand(nc, PC, body);
    const { page } = await openWindow(agent.dataDirectory);
    await expectPage(page.getByRole('heading', { level: 1 })).toHaveText('1 item to look at', { timeout: 30_000 });
    await expectPage(page.getByText('1 result is kept on this PC; IT can resend it.')).toBeVisible();
    await unlock(page);
    await expectPage(page.getByText('Helpdesk view is open.')).toBeVisible();
    await goTo(page, 'Activity');
    await page.locator('[data-run]', { hasText: 'big answer' }).click();
    await expectPage(page.getByText('Could not be delivered – kept on this PC; IT can resend it.')).toBeVisible();
    await api(nc, 'STREAM.UPDATE.RESULTS', { ...results, max_msg_size: -1 });
    await page.getByRole('button', { name: 'Send again' }).click();
    expect((await waitForResult(nc, body.request_id)).stdout).toBe('hello\n');
    await expectPage(page.getByRole('region', { name: 'Times' })).toContainText(/Sent to IT\s*\d\d:\d\d:\d\d ✓/);
    await goTo(page, 'Status');
    await expectPage(page.getByRole('heading', { level: 1 })).toHaveText('Everything is working');
  });

  test('what a task writes is shown while it runs', async () => {
    const { nc, agent } = await pcWithRuns();
    const { page } = await openWindow(agent.dataDirectory);
    await unlock(page);
    await expectPage(page.getByText('Helpdesk view is open.')).toBeVisible();
    await publishCommand(nc, PC, command({ id: 'slow', script: 'echo first line; sleep 20' }));
    await goTo(page, 'Status');
    await page.getByRole('region', { name: 'Now' }).getByRole('button', { name: 'slow' }).click();
    await expectPage(page.getByRole('region', { name: 'Output while it runs' })).toContainText('first line');
  });
});

test('unlocking leads to a screen of its own, which goes with the view, and its end leads back to Status', async () => {
  const served = await serve();
  served.clock.atMs = Date.now();
  served.code = HELPDESK_CODE;
  const { page } = await openWindow(served.dataDirectory);
  const entry = page.getByRole('navigation').getByRole('button', { name: 'Helpdesk' });
  const title = page.getByRole('heading', { level: 1 });
  await expectPage(title).toHaveText('Everything is working');
  await expectPage(entry).toHaveCount(0);
  await unlock(page);
  await expectPage(title).toHaveText('Helpdesk');
  await expectPage(entry).toHaveAttribute('aria-current', 'page');
  await page.getByRole('button', { name: 'End now' }).click();
  await expectPage(title).toHaveText('Everything is working');
  await expectPage(entry).toHaveCount(0);
  const strip = page.getByRole('complementary', { name: 'Helpdesk view' });
  await expectPage(strip).toContainText('The helpdesk view has ended.');
  await strip.getByRole('button', { name: 'Close' }).click();
  await expectPage(strip).toHaveCount(0);

  await unlock(page);
  await expectPage(title).toHaveText('Helpdesk');
  served.clock.forward(UNLOCKED_MS);
  served.cells.secondAgentSeen.set(true);
  await expectPage(title).toHaveText('1 item to look at');
  await expectPage(entry).toHaveCount(0);
  await expectPage(strip).toContainText('The helpdesk view has ended.');
  await expectPage(page.locator('[data-live="view"]')).toHaveText('The helpdesk view has ended.');
  // Whoever is elsewhere stays there.
  await unlock(page);
  await expectPage(title).toHaveText('Helpdesk');
  await goTo(page, 'Updates');
  served.clock.forward(UNLOCKED_MS);
  served.cells.secondAgentSeen.set(false);
  await expectPage(entry).toHaveCount(0);
  await expectPage(title).toHaveText('Updates');
});

test('a wrong code is said at its field', async () => {
  const served = await serve();
  served.code = HELPDESK_CODE;
  const { page } = await openWindow(served.dataDirectory);
  await unlock(page, 'wrong code');
  const field = page.getByLabel('Code');
  await expectPage(field).toHaveAccessibleDescription('That is not the code. 4 tries left.');
  await expectPage(field).toHaveAttribute('aria-invalid', 'true');
  await expectPage(field).toHaveValue('');
});

test('each other screen says that the view is open, for how long still, and ends it', async () => {
  const served = await serve();
  served.clock.atMs = Date.now();
  served.code = HELPDESK_CODE;
  const { page } = await openWindow(served.dataDirectory, { width: 360 });
  const strip = page.getByRole('complementary', { name: 'Helpdesk view' });
  await expectPage(strip).toHaveCount(0);
  await unlock(page);
  await expectPage(page.getByRole('button', { name: 'End now' })).toHaveCount(1);
  await expectPage(strip).toHaveCount(0);
  for (const screen of ['Status', 'Activity', 'Updates', 'Support', 'About']) {
    await goTo(page, screen);
    await expectPage(strip).toContainText(/It ends in 1\d min/);
  }
  await strip.getByRole('button', { name: 'End now' }).press('Enter');
  await expectPage(page.locator('#content:focus')).toHaveCount(1);
  await expectPage(strip).toContainText('The helpdesk view has ended.');
  await strip.getByRole('button', { name: 'Close' }).press('Enter');
  await expectPage(page.locator('#content:focus')).toHaveCount(1);
  await expectPage(strip).toHaveCount(0);
});
