/** The app shell in a real Electron, with a real agent and a real broker: how it begins and how it ends. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { startAgent } from '../../test/support/agent.ts';
import {
  agentPid,
  appShellRig,
  inElectron,
  noAppShell,
  ONCE_MORE,
  TITLE,
  WORKING,
} from '../../test/support/app-shell-rig.ts';
import { appShellCommand, startAppShell } from '../../test/support/electron.ts';
import { eventually } from '../../test/support/eventually.ts';
import { command, countStored, publishCommand, waitForResult } from '../../test/support/fleet.ts';
import { expectPage } from '../../test/support/page-expect.ts';
import { isAlive } from '../../test/support/running-scripts.ts';
import { unlock, withHelpdesk } from '../../test/support/window.ts';

describe.skipIf(noAppShell !== null)(`the app shell${inElectron}`, ONCE_MORE, () => {
  test('hosts the agent, shows it in a sandboxed page, and ends with it', async () => {
    const { shell } = await appShellRig();
    const page = await shell.window();
    await expectPage(page.getByRole('heading', TITLE)).toHaveText(WORKING);
    expect(await page.evaluate('location.href')).toBe('app://ui/');
    expect(
      await page.evaluate('[typeof process, typeof require, Object.keys(window.kanadeLink).sort().join()]'),
    ).toEqual(['undefined', 'undefined', 'onClose,onMessage,send']);
    await shell.app.evaluate(({ BrowserWindow }) => {
      const contents = BrowserWindow.getAllWindows()[0]?.webContents;
      contents?.sendInputEvent({ type: 'keyDown', keyCode: '=', modifiers: ['control'] });
    });
    const zoom = () =>
      shell.app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.webContents.getZoomLevel());
    await eventually(async () => expect(await zoom()).toBe(0.5));
    const agent = agentPid(shell);
    expect(isAlive(agent)).toBe(true);
    await shell.app.close();
    expect(isAlive(agent)).toBe(false);
    expect(readFileSync(shell.log, 'utf8')).toContain('the agent has ended, exit 0');
  });

  test('a window that is closed is gone with its process; a second start opens it again in the first', async () => {
    const { shell, options } = await appShellRig();
    await shell.window();
    const renderers = () =>
      shell.app.evaluate(({ app }) => app.getAppMetrics().filter(({ type }) => type === 'Tab').length);
    await eventually(async () => expect(await renderers()).toBe(1));
    await shell.app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.close());
    await eventually(async () => expect(await renderers()).toBe(0));
    expect(isAlive(agentPid(shell))).toBe(true);

    const opened = shell.app.waitForEvent('window');
    const { executablePath, args, env } = appShellCommand(options);
    const second = spawn(executablePath, args, { env, stdio: 'ignore' });
    const [code] = (await once(second, 'exit')) as [number];
    expect(code).toBe(0);
    await expectPage((await opened).getByRole('heading', TITLE)).toHaveText(WORKING);
    expect(readFileSync(shell.log, 'utf8').match(/the agent is started/g)).toHaveLength(1);
    await shell.app.close();
  });

  test('started with the session it shows no window where there is a place for icons, else it opens one', async () => {
    const { shell } = await appShellRig({ args: ['--hidden'] });
    // This bus has no watcher.
    await expectPage((await shell.window()).getByRole('heading', TITLE)).toHaveText(WORKING);
    await shell.app.close();
  });

  test('an agent that is killed comes back by itself, and the window says so meanwhile', async () => {
    const { shell, nc } = await appShellRig();
    const page = await shell.window();
    const title = page.getByRole('heading', TITLE);
    await expectPage(title).toHaveText(WORKING);
    const before = agentPid(shell);
    process.kill(before, 'SIGKILL');
    await expectPage(title).toHaveText('Management service is not running');
    await expectPage(page.getByText(/It restarts in (less than )?\d sec\./)).toBeVisible();
    await expectPage(title).toHaveText(WORKING);
    expect(agentPid(shell)).not.toBe(before);
    const body = command({ script: 'echo back' });
    await publishCommand(nc, `commands.pc.${shell.pcId}`, body);
    expect((await waitForResult(nc, body.request_id)).exit_code).toBe(0);
    await shell.app.close();
  });

  test('killed itself, it takes the agent along, and the next start says what became of the task', async () => {
    const { shell, nc, options } = await appShellRig();
    await expectPage((await shell.window()).getByRole('heading', TITLE)).toHaveText(WORKING);
    const body = command({ id: 'long-task', exec_id: 'e-1', script: 'sleep 60' });
    await publishCommand(nc, `commands.pc.${shell.pcId}`, body);
    const page = await shell.window();
    await expectPage(page.getByRole('region', { name: 'Now' })).toContainText('long task');
    const agent = agentPid(shell);
    shell.app.process().kill('SIGKILL');
    await eventually(() => expect(isAlive(agent)).toBe(false));
    const next = await startAppShell(options);
    expect((await waitForResult(nc, body.request_id)).exit_code).toBe(121);
    await (await next.window()).getByRole('navigation').getByRole('button', { name: 'Activity' }).click();
    await expectPage((await next.window()).locator('[data-run]').first()).toHaveAttribute(
      'title',
      'long task – result unknown – restarted while it ran',
    );
    await next.app.close();
  });

  test('a second session on the same PC says so, and takes over when the first one leaves', {
    timeout: 60_000,
  }, async () => {
    const { server, nc, display, shell } = await appShellRig();
    await expectPage((await shell.window()).getByRole('heading', TITLE)).toHaveText(WORKING);
    const other = await startAppShell({ display, natsUrl: server.url, pcId: shell.pcId });
    const title = (await other.window()).getByRole('heading', TITLE);
    await expectPage(title).toHaveText('Managed from another session');
    const body = command({ script: 'echo once' });
    await publishCommand(nc, `commands.pc.${shell.pcId}`, body);
    await waitForResult(nc, body.request_id);
    await shell.app.close();
    await expectPage(title).toHaveText(WORKING, { timeout: 30_000 });
    const later = command({ script: 'echo later' });
    await publishCommand(nc, `commands.pc.${shell.pcId}`, later);
    await waitForResult(nc, later.request_id);
    expect(await countStored(nc, 'RESULTS', 'results.>')).toBe(2);
    await other.app.close();
  });

  test('as a service the agent belongs to the system: the app shell attaches, attaches again, and starts none', async () => {
    const { shell, server, nc } = await appShellRig({ env: { KANADE_TRAY_HOST: 'service' } });
    const title = (await shell.window()).getByRole('heading', TITLE);
    await expectPage(title).toHaveText('Starting');
    const agent = await startAgent({ server, nc, pcId: shell.pcId, dataDirectory: shell.dataDirectory });
    await expectPage(title).toHaveText(WORKING);
    await agent.kill();
    await expectPage(title).toHaveText('Management service is not running');
    await agent.start();
    await expectPage(title).toHaveText(WORKING);
    await shell.app.close();
    // It ends without the agent.
    const body = command({ script: 'echo still here' });
    await publishCommand(nc, `commands.pc.${shell.pcId}`, body);
    expect((await waitForResult(nc, body.request_id)).exit_code).toBe(0);
    expect(existsSync(shell.log) ? readFileSync(shell.log, 'utf8') : '').not.toContain('the agent is started');
  });

  test('the helpdesk’s view ends with the window in which it was opened', async () => {
    const { shell, nc } = await appShellRig({ toml: await withHelpdesk() });
    const body = command({ script: 'echo hello' });
    const page = await shell.window();
    await expectPage(page.getByRole('heading', TITLE)).toHaveText(WORKING);
    await publishCommand(nc, `commands.pc.${shell.pcId}`, body);
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
