/** Each screen in each state in which there is little to show: a sentence that a person understands, and no dead end. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { describe, expect, test } from 'vitest';
import { startAgent } from '../../test/support/agent.ts';
import { AgentRun, settings } from '../../test/support/agent-run.ts';
import { command, provisionedOperator, publishCommand, waitForResult } from '../../test/support/fleet.ts';
import { startNatsServer } from '../../test/support/nats-server.ts';
import { expectPage } from '../../test/support/page-expect.ts';
import { arrival, ending, testStore } from '../../test/support/store.ts';
import { tempDir } from '../../test/support/temp.ts';
import { goTo, openWindow } from '../../test/support/window.ts';

const NOWHERE = { url: 'nats://127.0.0.1:1' };
const ENGLISH = ['Status', 'Activity', 'Updates', 'Support', 'About'];
const JAPANESE = ['状態', '実行履歴', '更新', 'サポート', 'この端末について'];

/** An agent as the service manager starts it, with these settings. */
function service(toml: string | null): AgentRun {
  const agent = new AgentRun({ toml, args: ['--service'] });
  agent.start();
  return agent;
}

async function title(page: Page, text: string): Promise<void> {
  await expectPage(page.getByRole('heading', { level: 1 })).toHaveText(text);
}

/** Every screen has a heading and something to read, and none shows what only machines understand. */
async function everyScreen(page: Page, names: readonly string[]): Promise<void> {
  for (const name of names) {
    await goTo(page, name);
    await expectPage(page.getByRole('heading', { level: 1 })).toBeVisible();
    // Its heading is there first; what it says is asked for.
    const main = page.getByRole('main');
    await expectPage(main, name).toHaveText(/.{10}/s);
    const text = await main.textContent();
    expect([name, text]).toEqual([
      name,
      expect.not.stringMatching(/undefined|NaN|\[object|\{\w+\}|[A-Z]{3,}_[A-Z]|Error:| {4}at /),
    ]);
  }
}

describe('without settings', () => {
  test('it is not set up yet, there is nothing to do, and it goes on by itself once it is', async () => {
    const agent = service(null);
    const { page } = await openWindow(agent.dataDirectory);
    await title(page, 'Not set up yet');
    await expectPage(page.getByText('IT still has to connect this PC. Nothing for you to do.')).toBeVisible();
    await everyScreen(page, ENGLISH);
    await goTo(page, 'Status');
    writeFileSync(agent.config, settings(NOWHERE));
    await title(page, 'Cannot reach the IT service');
  });

  test('in Japanese', async () => {
    const agent = service(null);
    const { page } = await openWindow(agent.dataDirectory, { locale: 'ja-JP' });
    await title(page, '未設定');
    await everyScreen(page, JAPANESE);
  });
});

test('with broken settings it says whom to tell, and names no file to a person who can’t change it', async () => {
  const agent = service(`${settings(NOWHERE)}\n[history]\ndays = "many"\n`);
  const { page } = await openWindow(agent.dataDirectory);
  await title(page, "Settings can't be read");
  await expectPage(page.getByText('No tasks are taken until they can be. Contact IT.')).toBeVisible();
  expect(await page.getByRole('main').textContent()).not.toContain('agent.toml');
  await everyScreen(page, ENGLISH);
});

test('an agent started by hand ends at once with broken settings, and its window says so until it starts', async () => {
  const agent = new AgentRun({ toml: `${settings(NOWHERE)}\n[history]\ndays = "many"\n` });
  const { page } = await openWindow(agent.dataDirectory);
  await title(page, 'Management service is not running');
  agent.start();
  expect(await agent.ended()).toMatchObject({ code: 1 });
  await title(page, "Settings can't be read");
  await everyScreen(page, ENGLISH);
  await goTo(page, 'Status');
  writeFileSync(agent.config, settings(NOWHERE));
  agent.start();
  await title(page, 'Cannot reach the IT service');
  await agent.end('SIGKILL');
  await title(page, 'Management service is not running');
});

test('with broken settings whom to call is still there, and so is the name that IT has given the program', async () => {
  const said = '[support]\nphone = "03-1234-5678"\n[brand]\nname = "ACME Helper"\n[history]\ndays = "many"\n';
  const agent = service(`${settings(NOWHERE)}\n${said}`);
  const { page } = await openWindow(agent.dataDirectory);
  await title(page, "Settings can't be read");
  await goTo(page, 'Support');
  await expectPage(page.getByText('03-1234-5678')).toBeVisible();
  await expectPage(page).toHaveTitle('ACME Helper');
});

test('settings that can not be read at all say nothing of contact lines, rights and times, and neither does the page', async () => {
  const agent = service('[support\nphone = "03-1234-5678"');
  const { page } = await openWindow(agent.dataDirectory);
  await goTo(page, 'Support');
  await expectPage(page.getByText('Contact lines are not known at present.')).toBeVisible();
  await expectPage(page.getByRole('region', { name: 'Connection' })).toHaveCount(0);
  await goTo(page, 'About');
  await expectPage(page.getByText("Not known at present: the settings of this PC can't be read.")).toBeVisible();
  expect(await page.getByRole('main').textContent()).not.toMatch(/0 days|0 bytes|switched off|In \./);
});

test('when the agent is gone, whom to call and which PC this is are still there, also for a page that is opened then', async () => {
  const more = '[support]\nphone = "03-1234-5678"\nmail = "desk@acme.example"\n[brand]\nname = "ACME Helper"\n';
  const agent = service(`${settings(NOWHERE)}\n${more}`);
  const { page, open } = await openWindow(agent.dataDirectory);
  await title(page, 'Cannot reach the IT service');
  // What nobody has been told yet can't be remembered.
  await goTo(page, 'Support');
  await expectPage(page.getByText('03-1234-5678')).toBeVisible();
  await goTo(page, 'Status');
  await agent.end('SIGKILL');
  await title(page, 'Management service is not running');
  for (const shown of [page, await open()]) {
    await goTo(shown, 'Support');
    await expectPage(shown.getByText('03-1234-5678')).toBeVisible();
    await expectPage(shown.getByText('desk@acme.example')).toBeVisible();
    await expectPage(shown.getByRole('region', { name: 'Tell them' })).toContainText('PC-OURS');
    await expectPage(shown).toHaveTitle('ACME Helper');
  }
});

test('without an agent it says so on every screen, and says where to look again', async () => {
  const { page } = await openWindow(tempDir());
  await title(page, 'Management service is not running');
  await everyScreen(page, ENGLISH);
  const japanese = await openWindow(tempDir(), { locale: 'ja-JP' });
  await title(japanese.page, '管理サービスが停止しています');
  await everyScreen(japanese.page, JAPANESE);
});

test('refused by the broker it says whom to ask', async () => {
  const server = await startNatsServer({ config: 'authorization { token: "s3cret" }' });
  const agent = new AgentRun({ toml: settings(server) });
  agent.start();
  const { page } = await openWindow(agent.dataDirectory);
  await title(page, 'The IT service refused the sign-in');
  await expectPage(page.getByText('The settings on this PC may be out of date. Contact IT.')).toBeVisible();
  await everyScreen(page, ENGLISH);
});

test('offline from the start, what is stored can be read, filtered and searched', async () => {
  const server = await startNatsServer();
  const nc = await provisionedOperator(server);
  const agent = await startAgent({ server, nc });
  for (const [id, script] of [
    ['disk-check', 'true'],
    ['printer-fix', 'exit 5'],
    ['disk-clean', 'true'],
  ]) {
    const body = command({ id, script });
    await publishCommand(nc, 'commands.pc.PC-OURS', body);
    await waitForResult(nc, body.request_id);
  }
  await agent.stop();
  await server.stop();
  agent.launch();
  const { page } = await openWindow(agent.dataDirectory);
  await title(page, 'Cannot reach the IT service');
  await page
    .getByRole('region', { name: 'Today' })
    .getByRole('button', { name: /failed/ })
    .click();
  await expectPage(page.getByText('1 of 3')).toBeVisible();
  await expectPage(page.locator('[data-run]')).toHaveCount(1);
  await expectPage(page.locator('[data-run]')).toHaveAttribute(
    'title',
    'printer fix – finished with an error (code 5)',
  );
  await page.getByRole('toolbar', { name: 'Show' }).getByRole('button', { name: /^all/i }).click();
  await page.getByRole('searchbox').fill('disk');
  await expectPage(page.locator('[data-run]')).toHaveCount(2);
  await page.getByRole('searchbox').fill('nothing like it');
  await expectPage(page.getByText('No task fits.')).toBeVisible();
  await page.getByRole('button', { name: 'Show all' }).press('Enter');
  await expectPage(page.locator('[data-run]')).toHaveCount(3);
  await expectPage(page.locator('#content:focus')).toHaveCount(1);
  await page
    .getByRole('toolbar', { name: 'Tasks by day' })
    .getByRole('button', { name: /^Yesterday/ })
    .click();
  await expectPage(page.getByText(/^No tasks are recorded of this day: Yesterday/)).toBeVisible();
});

test('the strip leads to what arrived on a day, in a history of a month', async () => {
  const DAY_MS = 24 * 3_600_000;
  const data = join(tempDir(), 'data');
  const store = testStore(join(data, 'kanade-tray'));
  const noonMs = new Date().setHours(12, 0, 0, 0);
  for (let day = 30; day >= 1; day--) {
    for (let task = 1; task <= 20; task++) {
      const receivedAtMs = noonMs - day * DAY_MS + task * 1_000;
      const admitted = await store.runs.admit(
        arrival(`r-${day}-${task}`, `command ${day} ${task}`, {
          manifestId: `task-${task}-of-day-${day}`,
          receivedAtMs,
        }),
      );
      if (admitted.kind !== 'admitted') throw new Error(admitted.kind);
      await store.runs.finish(admitted.run, ending(admitted.resultId, { outbox: null }));
    }
  }
  await store.close();
  const agent = new AgentRun({ toml: settings(NOWHERE), dataDirectory: data });
  agent.start();
  const { page } = await openWindow(data);
  await goTo(page, 'Activity');
  await expectPage(page.getByText('600 of 600')).toBeVisible();
  const day = new Intl.DateTimeFormat('en-GB', { weekday: 'long', day: 'numeric', month: 'long' });
  const wanted = day.format(noonMs - 17 * DAY_MS);
  await page.getByRole('button', { name: `${wanted}: 20 tasks – 20 done` }).click();
  await expectPage(page.getByText('20 of 600')).toBeVisible();
  const first = page.locator('[data-run]', { hasText: 'task 20 of day 17' });
  await expectPage(first).toBeInViewport();
  await expectPage(page.getByRole('heading', { level: 2, name: `${wanted} 20 tasks` })).toBeInViewport();
});
