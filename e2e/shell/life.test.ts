/** The shell in a real Electron, with a real agent and a real broker: its life, and what it survives. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { expect as expectPage } from '@playwright/test';
import { describe, expect, onTestFinished, test } from 'vitest';
import { eventually } from '../support/bus.ts';
import { noDisplay, startDisplay } from '../support/display.ts';
import { noElectron, shellCommand, startShell, type TestShell } from '../support/electron.ts';
import { command, provisionedOperator, publishCommand, waitForResult } from '../support/fleet.ts';
import { startNatsServer } from '../support/nats-server.ts';
import { tempDir } from '../support/temp.ts';
import { unlock, withHelpdesk } from '../support/window.ts';

const why = noElectron ?? noDisplay;
const TITLE = { level: 1 } as const;
const WORKING = 'Everything is working';

async function rig({ args = [], toml = '' }: { args?: readonly string[]; toml?: string } = {}) {
  const [server, display] = [await startNatsServer(), await startDisplay()];
  const nc = await provisionedOperator(server);
  const directory = tempDir();
  const options = { display, natsUrl: server.url, args, toml, directory };
  return { server, nc, display, options, shell: await startShell(options) };
}

/** The newest agent that the shell has started. */
function agentPid({ log }: Pick<TestShell, 'log'>): number {
  const pids = [...readFileSync(log, 'utf8').matchAll(/the agent is started, process (\d+)/g)];
  return Number(pids.at(-1)?.[1]);
}

function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

describe.skipIf(why !== null)(`the shell${why === null ? '' : ` (${why})`}`, () => {
  test('hosts the agent, shows it in a sandboxed page, and ends with it', async () => {
    const { shell } = await rig();
    const page = await shell.window();
    await expectPage(page.getByRole('heading', TITLE)).toHaveText(WORKING, { timeout: 15_000 });
    expect(await page.evaluate('location.href')).toBe('app://ui/');
    expect(
      await page.evaluate('[typeof process, typeof require, Object.keys(window.kanadeLink).sort().join()]'),
    ).toEqual(['undefined', 'undefined', 'onClose,onMessage,send']);
    const agent = agentPid(shell);
    expect(isAlive(agent)).toBe(true);
    await shell.app.close();
    expect(isAlive(agent)).toBe(false);
    expect(readFileSync(shell.log, 'utf8')).toContain('the agent has ended, exit 0');
  });

  test('a window that is closed is gone with its process; a second start opens it again in the first', async () => {
    const { shell, options } = await rig();
    await shell.window();
    const renderers = () =>
      shell.app.evaluate(({ app }) => app.getAppMetrics().filter(({ type }) => type === 'Tab').length);
    await eventually(async () => expect(await renderers()).toBe(1));
    await shell.app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.close());
    await eventually(async () => expect(await renderers()).toBe(0));
    expect(isAlive(agentPid(shell))).toBe(true);

    const opened = shell.app.waitForEvent('window');
    const { executablePath, args, env } = shellCommand(options);
    const second = spawn(executablePath, args, { env, stdio: 'ignore' });
    const [code] = (await once(second, 'exit')) as [number];
    expect(code).toBe(0);
    await expectPage((await opened).getByRole('heading', TITLE)).toHaveText(WORKING);
    expect(readFileSync(shell.log, 'utf8').match(/the agent is started/g)).toHaveLength(1);
    await shell.app.close();
  });

  test('started with the session it shows no window where there is a place for icons, else it opens one', async () => {
    const { shell } = await rig({ args: ['--hidden'] });
    // This bus has no watcher.
    await expectPage((await shell.window()).getByRole('heading', TITLE)).toHaveText(WORKING, { timeout: 15_000 });
    await shell.app.close();
  });

  test('an agent that is killed comes back by itself, and the window says so meanwhile', async () => {
    const { shell, nc } = await rig();
    const page = await shell.window();
    const title = page.getByRole('heading', TITLE);
    await expectPage(title).toHaveText(WORKING, { timeout: 15_000 });
    const before = agentPid(shell);
    process.kill(before, 'SIGKILL');
    await expectPage(title).toHaveText('Management service is not running');
    await expectPage(page.getByText(/It restarts in (less than )?\d sec\./)).toBeVisible();
    await expectPage(title).toHaveText(WORKING, { timeout: 15_000 });
    expect(agentPid(shell)).not.toBe(before);
    const body = command({ script: 'echo back' });
    await publishCommand(nc, 'commands.pc.PC-OURS', body);
    expect((await waitForResult(nc, body.request_id)).exit_code).toBe(0);
    await shell.app.close();
  });

  test('an agent that hangs is noticed within about 30 s, ended and started again', { timeout: 90_000 }, async () => {
    const { shell } = await rig();
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
    const { shell } = await rig();
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

  test('killed itself, it takes the agent along, and the next start says what became of the task', async () => {
    const { shell, nc, options } = await rig();
    await expectPage((await shell.window()).getByRole('heading', TITLE)).toHaveText(WORKING, { timeout: 15_000 });
    const body = command({ id: 'long-task', exec_id: 'e-1', script: 'sleep 60' });
    await publishCommand(nc, 'commands.pc.PC-OURS', body);
    const page = await shell.window();
    await expectPage(page.getByRole('region', { name: 'Now' })).toContainText('long task');
    const agent = agentPid(shell);
    shell.app.process().kill('SIGKILL');
    await eventually(() => expect(isAlive(agent)).toBe(false));
    const next = await startShell(options);
    expect((await waitForResult(nc, body.request_id)).exit_code).toBe(121);
    await (await next.window()).getByRole('navigation').getByRole('button', { name: 'Activity' }).click();
    await expectPage((await next.window()).locator('[data-run]').first()).toHaveAttribute(
      'title',
      'long task – result unknown – restarted while it ran',
    );
    await next.app.close();
  });

  test('the helpdesk’s view ends with the window in which it was opened', async () => {
    const { shell, nc } = await rig({ toml: await withHelpdesk() });
    const body = command({ script: 'echo hello' });
    const page = await shell.window();
    await expectPage(page.getByRole('heading', TITLE)).toHaveText(WORKING, { timeout: 15_000 });
    await publishCommand(nc, 'commands.pc.PC-OURS', body);
    await waitForResult(nc, body.request_id);
    await unlock(page);
    await expectPage(page.getByText('Helpdesk view is open.')).toBeVisible();
    const opened = shell.app.waitForEvent('window');
    await shell.app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.close());
    await shell.app.evaluate(({ app }) => app.emit('second-instance', {}, []));
    const again = await opened;
    await again.getByRole('navigation').getByRole('button', { name: 'Support' }).click();
    await expectPage(again.getByLabel('Code')).toBeVisible();
    await shell.app.close();
  });
});
