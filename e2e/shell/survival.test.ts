/** What the shell survives: an agent that hangs, a page and a GPU process that crash. */
import { readFileSync } from 'node:fs';
import { expect as expectPage } from '@playwright/test';
import { describe, expect, onTestFinished, test } from 'vitest';
import { eventually } from '../support/bus.ts';
import { agentPid, inElectron, isAlive, noShell, shellRig, TITLE, WORKING } from '../support/shell-rig.ts';

describe.skipIf(noShell !== null)(`the shell${inElectron}`, () => {
  test('an agent that hangs is noticed within about 30 s, ended and started again', { timeout: 90_000 }, async () => {
    const { shell } = await shellRig();
    const title = (await shell.window()).getByRole('heading', TITLE);
    await expectPage(title).toHaveText(WORKING, { timeout: 15_000 });
    const before = agentPid(shell);
    process.kill(before, 'SIGSTOP');
    onTestFinished(() => {
      if (isAlive(before)) process.kill(before, 'SIGKILL');
    });
    await eventually(() => expect(isAlive(before)).toBe(false), 45_000);
    await expectPage(title).toHaveText(WORKING, { timeout: 15_000 });
    expect(readFileSync(shell.log, 'utf8')).toContain('the agent hangs');
    await shell.app.close();
  });

  test('a page that crashes is opened anew, a GPU process that crashes too, and the agent notices neither', async () => {
    const { shell } = await shellRig();
    await expectPage((await shell.window()).getByRole('heading', TITLE)).toHaveText(WORKING, { timeout: 15_000 });
    const agent = agentPid(shell);
    // A page that dies at once after its opening is not opened again and again.
    await new Promise((resolve) => setTimeout(resolve, 10_500));
    const opened = shell.app.waitForEvent('window');
    await shell.app.evaluate(({ BrowserWindow }) => {
      BrowserWindow.getAllWindows()[0]?.webContents.forcefullyCrashRenderer();
    });
    const page = await opened;
    await expectPage(page.getByRole('heading', TITLE)).toHaveText(WORKING, { timeout: 15_000 });
    const gpu = await shell.app.evaluate(({ app }) => app.getAppMetrics().find(({ type }) => type === 'GPU')?.pid);
    if (gpu !== undefined) process.kill(gpu, 'SIGKILL');
    await page.getByRole('navigation').getByRole('button', { name: 'Activity' }).click();
    await expectPage(page.getByText('No tasks from IT yet.')).toBeVisible();
    expect(agentPid(shell)).toBe(agent);
    expect(isAlive(agent)).toBe(true);
    await shell.app.close();
  });
});
