/** The shell in a real Electron, with a real agent and a real broker. */
import { expect as expectPage } from '@playwright/test';
import { describe, expect, test } from 'vitest';
import { noDisplay, startDisplay } from '../support/display.ts';
import { noElectron, startShell } from '../support/electron.ts';
import { provisionedOperator } from '../support/fleet.ts';
import { startNatsServer } from '../support/nats-server.ts';

const why = noElectron ?? noDisplay;

describe.skipIf(why !== null)(`the shell${why === null ? '' : ` (${why})`}`, () => {
  async function rig(args: readonly string[] = []) {
    const [server, display] = [await startNatsServer(), await startDisplay()];
    const nc = await provisionedOperator(server);
    const shell = await startShell({ display, natsUrl: server.url, args });
    return { server, nc, display, shell };
  }

  test('hosts the agent and shows that everything is working', async () => {
    const { shell } = await rig();
    const page = await shell.window();
    await expectPage(page.getByRole('heading', { level: 1 })).toHaveText('Everything is working', { timeout: 15_000 });
    expect(await page.evaluate('location.href')).toBe('app://ui/');
    await shell.app.close();
  });
});
