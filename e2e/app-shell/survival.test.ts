/** What the app shell survives: an agent that hangs, a page and a GPU process that crash. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { globSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import {
  agentPid,
  appShellRig,
  inElectron,
  noAppShell,
  ONCE_MORE,
  TITLE,
  WORKING,
} from '../../test/support/app-shell-rig.ts';
import { startDisplay } from '../../test/support/display.ts';
import { appShellCommand } from '../../test/support/electron.ts';
import { eventually } from '../../test/support/eventually.ts';
import { expectPage } from '../../test/support/page-expect.ts';
import { isAlive } from '../../test/support/running-scripts.ts';
import { tempDir } from '../../test/support/temp.ts';

/** The page processes below this one; Chromium may keep a spare one. */
function renderersOf(pid: number): number[] {
  return descendants(pid).filter((child) => commandLine(child).includes('--type=renderer') && isAlive(child));
}

function descendants(pid: number): number[] {
  const children = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((child) => parentOf(child) === pid);
  return children.flatMap((child) => [child, ...descendants(child)]);
}

function parentOf(pid: number): number {
  try {
    return Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
  } catch {
    return 0;
  }
}

function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1');
  } catch {
    return '';
  }
}

interface Rig {
  readonly log: string;
  readonly ipc: string;
}

describe.skipIf(noAppShell !== null)(`the app shell${inElectron}`, ONCE_MORE, () => {
  test.each([
    ['once it is attached', ({ log }: Rig) => expect(readFileSync(log, 'utf8')).toContain('the agent is attached')],
    ['as soon as it can be', ({ ipc }: Rig) => expect(globSync(join(ipc, '*', 'endpoint.json'))).toHaveLength(1)],
  ])(
    'an agent that hangs %s is noticed within about 30 s, ended and started again',
    { timeout: 90_000 },
    async (_when, isSoFar) => {
      const { shell, options } = await appShellRig();
      const ipc = join(options.directory, 'data', 'kanade-tray', 'ipc');
      await eventually(() => isSoFar({ log: shell.log, ipc }), 20_000, 1);
      const before = agentPid(shell);
      process.kill(before, 'SIGSTOP');
      const title = (await shell.window()).getByRole('heading', TITLE);
      onTestFinished(() => {
        if (isAlive(before)) process.kill(before, 'SIGKILL');
      });
      await eventually(() => expect(isAlive(before)).toBe(false), 45_000);
      await expectPage(title).toHaveText(WORKING);
      expect(readFileSync(shell.log, 'utf8')).toContain('the agent hangs');
      await shell.app.close();
    },
  );

  test('a page that hangs is opened again within about 30 s, and the agent notices nothing', {
    timeout: 90_000,
  }, async () => {
    const display = await startDisplay();
    const directory = tempDir();
    // Without Playwright, which waits for each of its pages.
    const { executablePath, args, env } = appShellCommand({ display, directory, natsUrl: 'nats://127.0.0.1:1' });
    const shell = spawn(executablePath, args, { env, stdio: 'ignore' });
    onTestFinished(() => void shell.kill('SIGKILL'));
    const log = join(directory, 'user', 'logs', 'shell.log');
    const pages = () => renderersOf(shell.pid ?? 0);
    await eventually(() => expect(pages().length).toBeGreaterThan(0));
    // The page has to be there before it can hang.
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    const stopped = pages();
    for (const page of stopped) process.kill(page, 'SIGSTOP');
    onTestFinished(() => {
      for (const page of stopped) if (isAlive(page)) process.kill(page, 'SIGKILL');
    });
    await eventually(
      () => expect(readFileSync(log, 'utf8')).toContain('the window is opened anew: it does not answer'),
      60_000,
    );
    await eventually(() => expect(pages().some((page) => !stopped.includes(page))).toBe(true));
    expect(readFileSync(log, 'utf8').match(/the agent is started/g)).toHaveLength(1);
    expect(isAlive(agentPid({ log }))).toBe(true);
    const ended = once(shell, 'exit');
    shell.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
  });

  test('a page that crashes is opened again, a GPU process that crashes too, and the agent notices neither', async () => {
    const { shell } = await appShellRig();
    await expectPage((await shell.window()).getByRole('heading', TITLE)).toHaveText(WORKING);
    const agent = agentPid(shell);
    // A page that dies at once after its opening is not opened again and again.
    await new Promise((resolve) => setTimeout(resolve, 10_500));
    const opened = shell.app.waitForEvent('window');
    await shell.app.evaluate(({ BrowserWindow }) => {
      BrowserWindow.getAllWindows()[0]?.webContents.forcefullyCrashRenderer();
    });
    const page = await opened;
    await expectPage(page.getByRole('heading', TITLE)).toHaveText(WORKING);
    const gpu = await shell.app.evaluate(({ app }) => app.getAppMetrics().find(({ type }) => type === 'GPU')?.pid);
    if (gpu !== undefined) process.kill(gpu, 'SIGKILL');
    await page.getByRole('navigation').getByRole('button', { name: 'Activity' }).click();
    await expectPage(page.getByText('No tasks from IT are recorded on this PC.')).toBeVisible();
    expect(agentPid(shell)).toBe(agent);
    expect(isAlive(agent)).toBe(true);
    await shell.app.close();
  });
});
