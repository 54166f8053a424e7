/** What happens while somebody looks: a kill, an outage, a crash, a task that arrives. */
import { expect, test } from 'vitest';
import { startAgent } from '../../test/support/agent.ts';
import {
  command,
  killExec,
  provisionedOperator,
  publishCommand,
  putKey,
  waitForResult,
} from '../../test/support/fleet.ts';
import { startNatsServer } from '../../test/support/nats-server.ts';
import { expectPage } from '../../test/support/page-expect.ts';
import { goTo, openWindow } from '../../test/support/window.ts';

const PC = 'commands.pc.PC-OURS';

async function pc(toml = '') {
  const server = await startNatsServer();
  const nc = await provisionedOperator(server);
  const agent = await startAgent({ server, nc, toml });
  return { server, nc, agent };
}

test('a task that runs is shown, and then that IT stopped it, announced once', async () => {
  const { nc, agent } = await pc();
  const { page } = await openWindow(agent.dataDirectory);
  await expectPage(page.getByRole('heading', { level: 1 })).toHaveText('Everything is working');
  const body = command({ id: 'disk-clean-up', exec_id: 'e-1', script: 'sleep 30', timeout_secs: 600 });
  await publishCommand(nc, PC, body);
  const now = page.getByRole('region', { name: 'Now' });
  await expectPage(now).toContainText(/disk clean up running for (less than 1|\d+) sec · may take up to 10 min/);
  await now.getByRole('button', { name: 'disk clean up' }).click();
  await expectPage(page.getByRole('heading', { level: 2, name: 'Running' })).toBeVisible();
  await killExec(nc, 'e-1');
  await expectPage(page.getByRole('heading', { level: 2, name: 'Stopped by IT' })).toBeVisible();
  const said = page.locator('[data-live="outcome"]');
  await expectPage(said).toHaveText(/^disk clean up: stopped by IT after (less than 1|\d+) sec$/);
  await waitForResult(nc, body.request_id);
  await expectPage(page.getByRole('region', { name: 'Times' })).toContainText(/Sent to IT\s*\d\d:\d\d:\d\d ✓/);
  // Its delivery is no other outcome.
  await expectPage(said).toHaveText(/^disk clean up: stopped by IT after (less than 1|\d+) sec$/);
});

test('the broker goes away and comes back: calm words, the count of what waits, and then all is well', async () => {
  const { server, nc, agent } = await pc();
  const { page } = await openWindow(agent.dataDirectory);
  const title = page.getByRole('heading', { level: 1 });
  await publishCommand(nc, PC, command({ script: 'sleep 2; echo done' }));
  await expectPage(page.getByRole('region', { name: 'Now' })).toContainText('running');
  await server.stop();
  await expectPage(title).toHaveText('Cannot reach the IT service');
  await expectPage(
    page.getByText('Check the network or VPN. Work continues, results will be sent later.'),
  ).toBeVisible();
  await expectPage(page.getByText(/^Not connected since \d\d:\d\d\.$/)).toBeVisible();
  await expectPage(page.getByRole('region', { name: 'Waiting to send' })).toContainText('1 result');
  await goTo(page, 'Activity');
  await expectPage(page.getByText('1 result is waiting to be sent – this PC is offline.')).toBeVisible();
  await expectPage(page.locator('[data-run]')).toHaveCount(1);
  await server.start();
  await goTo(page, 'Status');
  await expectPage(title).toHaveText('Everything is working');
  await expectPage(page.getByRole('region', { name: 'Waiting to send' })).toHaveCount(0);
});

test('the agent is killed and comes back: the window says so and goes on', async () => {
  const { agent } = await pc();
  const { page } = await openWindow(agent.dataDirectory);
  const title = page.getByRole('heading', { level: 1 });
  await expectPage(title).toHaveText('Everything is working');
  await agent.kill();
  await expectPage(title).toHaveText('Management service is not running');
  await expectPage(page.getByText('If this lasts, contact IT.')).toBeVisible();
  await expectPage(page.getByText(/^Not running since \d\d:\d\d\./)).toBeVisible();
  // Whoever comes later does not know since when.
  const { page: later } = await openWindow(agent.dataDirectory);
  await expectPage(later.getByRole('heading', { level: 1 })).toHaveText('Management service is not running');
  await expectPage(later.getByText('Not running since')).toHaveCount(0);
  await goTo(page, 'Activity');
  await expectPage(page.getByText('Tasks can be shown again when the management service runs.')).toBeVisible();
  await agent.start();
  await expectPage(page.getByText('No tasks from IT are recorded on this PC.')).toBeVisible();
  await goTo(page, 'Status');
  await expectPage(title).toHaveText('Everything is working');
});

test('a task that arrives while the list is read moves nothing, and is one click away', async () => {
  const { nc, agent } = await pc();
  const ids = Array.from({ length: 40 }, (_, place) => command({ id: `task-${place}`, script: 'true' }));
  for (const body of ids) await publishCommand(nc, PC, body);
  for (const body of ids) await waitForResult(nc, body.request_id);
  const { page } = await openWindow(agent.dataDirectory);
  await goTo(page, 'Activity');
  const list = page.getByRole('list', { name: 'Tasks, newest first' });
  await expectPage(list.getByRole('button').first()).toContainText('task 39');
  await list.evaluate((rows) => rows.parentElement?.scrollTo(0, 440));
  const read = page.locator('[data-run]', { hasText: 'task 24' });
  await expectPage(read).toBeVisible();
  const before = await read.boundingBox();
  const late = command({ id: 'late-task', script: 'true' });
  await publishCommand(nc, PC, late);
  await waitForResult(nc, late.request_id);
  const news = page.getByRole('button', { name: '1 new task – Show' });
  await expectPage(news).toBeVisible();
  expect(await read.boundingBox()).toEqual(before);
  expect(await list.evaluate((rows) => rows.parentElement?.scrollTop)).toBe(440);
  await news.press('Enter');
  await expectPage(page.locator('[data-index="0"]')).toContainText('late task');
  // The button is gone; the focus is not.
  await expectPage(page.locator('#content:focus')).toHaveCount(1);
  await list.evaluate((rows) => rows.parentElement?.scrollTo(0, 0));
  await expectPage(page.locator('[data-index="0"]')).toContainText('late task');
});

test('an empty list fills by itself, and so does one of a filter that nothing fitted', async () => {
  const { nc, agent } = await pc();
  const { page } = await openWindow(agent.dataDirectory);
  await goTo(page, 'Activity');
  await expectPage(page.getByText('No tasks from IT are recorded on this PC.')).toBeVisible();
  await publishCommand(nc, PC, command({ id: 'first', script: 'true' }));
  await expectPage(page.locator('[data-run]')).toHaveCount(1);
  await page.getByLabel('Search').fill('second');
  await expectPage(page.locator('[data-run]')).toHaveCount(0);
  await publishCommand(nc, PC, command({ id: 'second', script: 'true' }));
  await expectPage(page.locator('[data-run]')).toHaveCount(1);
  await expectPage(page.locator('[data-run]')).toHaveAttribute('title', /^second – done/);
});

test('names and output that look like a page are text', async () => {
  const { nc, agent } = await pc('[ui]\nshow_output_to_users = 2');
  const evil = '<img src=x onerror="document.title=\'owned\'">\u202Eevil\u202C\u001B[31mred';
  await putKey(nc, 'jobs', 'evil', { id: 'evil', version: '1.0.0', description: evil });
  const script = `printf '%s\\n' '<script>document.title="owned"</script>' "$(printf '\\033[31mred\\033[0m')"; printf '\\342\\200\\256turned\\n'; head -c 1000000 /dev/zero | tr '\\0' 'x'; echo`;
  const body = command({ id: 'evil', script });
  await publishCommand(nc, PC, body);
  await waitForResult(nc, body.request_id);
  const { page } = await openWindow(agent.dataDirectory);
  await goTo(page, 'Activity');
  const row = page.locator('[data-run]').first();
  await expectPage(row).toContainText('<img src=x onerror=');
  await row.click();
  const output = page.getByRole('region', { name: 'Standard output' });
  await expectPage(output).toContainText('<script>document.title="owned"</script>');
  await expectPage(output).toContainText('red');
  await expectPage(output).not.toContainText('[31m');
  await expectPage(output).toContainText('\u2426turned');
  expect(await page.title()).toBe('Kanade Tray');
  expect(await page.locator('img').count()).toBe(0);
  // One line of a million characters goes on from row to row.
  await output.focus();
  await page.keyboard.press('End');
  await expectPage(output.locator('[data-row]').last()).toContainText('xxxxxx');
  expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
});
