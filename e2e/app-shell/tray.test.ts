/** The icon on a real desktop bus: each state has its own picture and tooltip, and every entry of the menu does what it says. */
import { describe, expect, test } from 'vitest';
import { agentPid, appShellRig, inElectron, noAppShell, ONCE_MORE } from '../../test/support/app-shell-rig.ts';
import { startAppShell } from '../../test/support/electron.ts';
import { eventually } from '../../test/support/eventually.ts';
import { api, command, killExec, publishCommand, STREAMS, waitForResult } from '../../test/support/fleet.ts';
import { expectPage } from '../../test/support/page-expect.ts';
import { startTrayWatcher, type TrayWatcher } from '../../test/support/tray-watcher.ts';

async function rig({ args = ['--hidden'], toml = '' }: { args?: string[]; toml?: string } = {}) {
  let watcher: TrayWatcher | undefined;
  const made = await appShellRig({
    args,
    toml,
    before: async ({ busAddress }) => {
      watcher = await startTrayWatcher(busAddress);
    },
  });
  if (watcher === undefined) throw new Error('there is no watcher');
  return { ...made, watcher };
}

describe.skipIf(noAppShell !== null)(`the icon${inElectron}`, ONCE_MORE, () => {
  test('tells five states apart by its picture, and says each in words', { timeout: 90_000 }, async () => {
    const { server, nc, watcher, shell } = await rig();
    const tooltip = async (expected: string | RegExp) => {
      await eventually(async () => expect((await watcher.icon()).tooltip).toMatch(expected));
      return (await watcher.icon()).picture;
    };
    const pictures = new Map<string, string>();
    pictures.set('idle', await tooltip(/^Kanade Tray – connected$/));
    const running = command({ id: 'office-repair', exec_id: 'e-1', script: 'sleep 60' });
    await publishCommand(nc, `commands.pc.${shell.pcId}`, running);
    pictures.set('running', await tooltip(/^Running: office repair \((less than )?\d+ sec\)$/));
    expect((await watcher.menu()).map(({ label }) => label)[1]).toMatch(/^Running: office repair …/);
    await killExec(nc, 'e-1');
    await tooltip(/^Kanade Tray – connected$/);
    await server.stop();
    pictures.set('offline', await tooltip(/^Offline – work continues, results will be sent later$/));
    await server.start();
    await tooltip(/^Kanade Tray – connected$/);
    const results = STREAMS.find(({ name }) => name === 'RESULTS');
    await api(nc, 'STREAM.UPDATE.RESULTS', { ...results, max_msg_size: 10 });
    await publishCommand(nc, `commands.pc.${shell.pcId}`, command({ script: 'echo hello' }));
    pictures.set('attention', await tooltip(/^1 item to look at$/));
    process.kill(agentPid(shell), 'SIGKILL');
    pictures.set('broken', await tooltip(/^Management service is not running$/));
    expect(pictures.size).toBe(5);
    expect(new Set(pictures.values()).size).toBe(5);
    expect(await watcher.items()).toHaveLength(1);
    await shell.app.close();
    await eventually(async () => expect(await watcher.items()).toHaveLength(0));
  });

  test('opens the window where each entry says, and counts what is new', async () => {
    const { nc, watcher, shell } = await rig();
    await eventually(async () => expect((await watcher.icon()).tooltip).toBe('Kanade Tray – connected'));
    expect(
      (await watcher.menu()).map(({ label, enabled, separator }) =>
        separator ? '—' : `${label}${enabled ? '' : ' (a line)'}`,
      ),
    ).toEqual([
      `Connected · ${shell.pcId} (a line)`,
      '—',
      'Open',
      'Activity',
      '—',
      'Get help',
      'Copy PC details',
      'What IT can do on this PC',
      'Quit icon (does not stop management)',
    ]);
    const body = command({ id: 'printer-fix', script: 'true' });
    await publishCommand(nc, `commands.pc.${shell.pcId}`, body);
    await waitForResult(nc, body.request_id);
    // The menu is another one once more when the task has ended: a click on the one before would be lost.
    await eventually(async () => {
      const labels = (await watcher.menu()).map(({ label }) => label);
      expect(labels).toContain('Activity (1 new)');
      expect(labels.filter((label) => label.startsWith('Running'))).toEqual([]);
    });

    const opened = shell.app.waitForEvent('window');
    await watcher.click('Activity (1 new)');
    const page = await opened;
    await expectPage(page.getByRole('heading', { level: 1 })).toHaveText('Activity');
    await expectPage(page.locator('[data-run]')).toHaveCount(1);
    await eventually(async () => expect((await watcher.menu()).map(({ label }) => label)).toContain('Activity'));
    await watcher.click('Get help');
    await expectPage(page.getByRole('heading', { level: 1 })).toHaveText('Support');
    await watcher.click('What IT can do on this PC');
    await expectPage(page.getByRole('heading', { level: 1 })).toHaveText('What IT can do on this PC');
    await watcher.click('Open');
    await expectPage(page.getByRole('heading', { level: 1 })).toHaveText('Everything is working');
    await watcher.click('Copy PC details');
    await eventually(async () =>
      expect(await shell.app.evaluate(({ clipboard }) => clipboard.readText())).toContain(`PC: ${shell.pcId}`),
    );
    await page.getByRole('button', { name: 'Copy details' }).click();
    await expectPage(page.getByRole('button', { name: 'Copied.' })).toBeVisible();
    await shell.app.close();
  });

  test('a click on the icon opens the window; quitting the icon leaves the agent, and a second start brings it back', async () => {
    const { nc, watcher, shell } = await rig();
    await eventually(async () => expect((await watcher.icon()).tooltip).toBe('Kanade Tray – connected'));
    const opened = shell.app.waitForEvent('window');
    await watcher.activate();
    await opened;
    await watcher.click('Quit icon (does not stop management)');
    await eventually(async () => expect(await watcher.items()).toHaveLength(0));
    await eventually(() => expect(shell.app.windows()).toHaveLength(0));
    const body = command({ script: 'echo still here' });
    await publishCommand(nc, `commands.pc.${shell.pcId}`, body);
    expect((await waitForResult(nc, body.request_id)).stdout).toBe('still here\n');
    await shell.app.evaluate(({ app }) => void app.emit('second-instance', {}, []));
    await eventually(async () => expect(await watcher.items()).toHaveLength(1));
    await shell.app.close();
  });

  test('is not shown where IT hides it, and can’t be quitted where IT forbids it', async () => {
    const { watcher, shell } = await rig({ args: [], toml: '[ui]\nshow_tray = false\nallow_quit_tray = false' });
    const page = await shell.window();
    await expectPage(page.getByRole('heading', { level: 1 })).toHaveText('Everything is working');
    await eventually(async () => expect(await watcher.items()).toHaveLength(0));
    await page.getByRole('navigation').getByRole('button', { name: 'About' }).click();
    await expectPage(page.getByText('Show notifications')).toBeVisible();
    await expectPage(page.getByRole('button', { name: 'Quit icon' })).toHaveCount(0);
    await shell.app.close();
  });

  test('there is one, also after the panel of the desktop has started again', async () => {
    const { watcher, display, shell } = await rig();
    await eventually(async () => expect((await watcher.icon()).tooltip).toBe('Kanade Tray – connected'));
    watcher.stop();
    const panel = await startTrayWatcher(display.busAddress);
    await eventually(async () => expect((await panel.icon()).tooltip).toBe('Kanade Tray – connected'));
    expect(await panel.items()).toHaveLength(1);
    await shell.app.close();
  });

  test('one icon after 20 crashes of the app shell', { timeout: 120_000 }, async () => {
    const { watcher, shell, options } = await rig();
    let current = shell;
    for (let crash = 0; crash < 20; crash++) {
      await eventually(async () => expect(await watcher.items()).toHaveLength(1));
      current.app.process().kill('SIGKILL');
      await eventually(async () => expect(await watcher.items()).toHaveLength(0));
      current = await startAppShell(options);
    }
    await eventually(async () => expect((await watcher.icon()).tooltip).toBe('Kanade Tray – connected'));
    expect(await watcher.items()).toHaveLength(1);
    await current.app.close();
  });
});
