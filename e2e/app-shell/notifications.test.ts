/** Notifications on a real desktop bus: what needs to be said is said once, and a click leads to the task. */
import { describe, expect, test } from 'vitest';
import { appShellRig, inElectron, noAppShell, ONCE_MORE, TITLE, WORKING } from '../../test/support/app-shell-rig.ts';
import { eventually } from '../../test/support/eventually.ts';
import { command, publishCommand, waitForResult } from '../../test/support/fleet.ts';
import { type NotificationDaemon, startNotificationDaemon } from '../../test/support/notification-daemon.ts';
import { expectPage } from '../../test/support/page-expect.ts';

describe.skipIf(noAppShell !== null)(`notifications${inElectron}`, ONCE_MORE, () => {
  test('a task of the person’s that fails is told once, a success is not, and a click opens the task', async () => {
    let daemon: NotificationDaemon | undefined;
    const { shell, nc } = await appShellRig({
      before: async ({ busAddress }) => {
        daemon = await startNotificationDaemon(busAddress);
      },
    });
    const page = await shell.window();
    await expectPage(page.getByRole('heading', TITLE)).toHaveText(WORKING);
    const run = async (id: string, script: string) => {
      const body = command({ id, script });
      await publishCommand(nc, `commands.pc.${shell.pcId}`, body);
      await waitForResult(nc, body.request_id);
    };
    await run('vpn-profile', 'true');
    await run('office-repair', 'exit 5');
    await eventually(() => expect(daemon?.shown).toHaveLength(1));
    await run('printer-fix', 'exit 6');
    expect(daemon?.shown[0]).toMatchObject({ title: 'A task of yours ended with an error', body: 'office repair' });
    daemon?.click(1);
    await expectPage(page.getByRole('heading', TITLE)).toHaveText('office repair');
    await expectPage(page.getByRole('heading', { level: 2 }).first()).toHaveText('Finished with an error');
    // The second one comes within ten minutes of the first: not yet.
    expect(daemon?.shown).toHaveLength(1);
    await shell.app.close();
  });
});
