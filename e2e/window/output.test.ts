/** A long output: its end first where something went wrong, all of it searched, all of it saved. */
import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { startAgent } from '../../test/support/agent.ts';
import { command, provisionedOperator, publishCommand, waitForResult } from '../../test/support/fleet.ts';
import { startNatsServer } from '../../test/support/nats-server.ts';
import { expectPage } from '../../test/support/page-expect.ts';
import { serve } from '../../test/support/served-status.ts';
import { endedRun } from '../../test/support/status.ts';
import { goTo, openWindow } from '../../test/support/window.ts';

const LINES = 600_000;

async function pageOf(script: string) {
  const server = await startNatsServer();
  const nc = await provisionedOperator(server);
  const agent = await startAgent({ server, nc, toml: '[ui]\nshow_output_to_users = 2' });
  const body = command({ id: 'long-talk', script });
  await publishCommand(nc, 'commands.pc.PC-OURS', body);
  await waitForResult(nc, body.request_id);
  const { page } = await openWindow(agent.dataDirectory);
  await goTo(page, 'Activity');
  await page.locator('[data-run]').click();
  const output = page.getByRole('region', { name: 'Standard output' });
  await output.scrollIntoViewIfNeeded();
  return { page, output };
}

test('megabytes of it: a failure opens at its end, a search finds what was never loaded, a file holds all', async () => {
  const { page, output } = await pageOf(`echo the needle; seq 1 ${LINES}; exit 3`);
  await expectPage(output.getByText(String(LINES), { exact: true })).toBeInViewport();
  await expectPage(output.getByText('the needle')).toHaveCount(0);
  const search = page.getByRole('searchbox', { name: 'Search the output' });
  await search.fill('NEEDLE');
  await expectPage(page.getByText('1 of 1', { exact: true })).toBeVisible();
  await expectPage(output.locator('mark')).toHaveText('needle');
  await expectPage(output.locator('mark')).toBeInViewport();
  await search.fill('59999');
  await expectPage(page.getByText('1 of 16', { exact: true })).toBeVisible();
  await page.getByRole('button', { name: 'Previous match' }).click();
  await expectPage(output.locator('[data-current]').locator('..').locator('..')).toHaveText('599999');
  await search.fill('no such text');
  await expectPage(page.getByText('No match')).toBeVisible();

  const downloading = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Save to a file' }).click();
  const download = await downloading;
  expect(download.suggestedFilename()).toMatch(/^task-\d+-stdout\.txt$/);
  const saved = await readFile(await download.path(), 'utf8');
  const numbers = Array.from({ length: LINES }, (_each, at) => `${at + 1}\n`).join('');
  expect(saved === `the needle\n${numbers}`).toBe(true);
});

test('where all went well it opens at its beginning', async () => {
  const { output } = await pageOf(`seq 1 ${LINES}`);
  await expectPage(output.getByText('1', { exact: true })).toBeInViewport();
});

test('of a task whose output went with the agent nobody says that there was none', async () => {
  const served = await serve();
  served.showOutput = 2;
  const stdout = { text: '', totalBytes: 0, cut: false };
  await endedRun(served.store, 'quiet', { arrival: { manifestId: 'quiet' }, ending: { stdout } });
  const cutOff = { reason: 'INTERRUPTED', exitCode: 121, stdout } as const;
  await endedRun(served.store, 'cut-off', { arrival: { manifestId: 'cut-off' }, ending: cutOff });
  const { page } = await openWindow(served.dataDirectory);
  const openOutput = async (name: string) => {
    await goTo(page, 'Activity');
    await page.locator('[data-run]', { hasText: name }).click();
    await page.getByRole('tab', { name: 'Standard output' }).click();
    return page.getByRole('tabpanel');
  };
  await expectPage(await openOutput('cut off')).toHaveText('What it wrote is not known.');
  await expectPage(await openOutput('quiet')).toHaveText('Nothing was written.');
});
