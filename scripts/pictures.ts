/**
 * `npm run pictures [-- DIRECTORY]`: every screen after the demo, a burst of tasks too, and each state that the demo does not
 * show (`test/support/window-scenes.ts`), in both languages, light and dark, wide and narrow, and at a zoom of 200 %; in `dist/pictures` by
 * default. `--readme` also puts those that README and pages show into `docs`.
 */
import { cpSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { chromium, type Page } from '@playwright/test';
import { ROOT } from './bootstrap/paths.mjs';
import { main, say } from './bootstrap/say.mjs';
import { ensureBrowser } from './lib/browser.ts';
import { ensureBuilt } from './lib/building.ts';
import { playDemo } from './lib/demo.ts';
import { command, publishCommand, waitForResult } from './lib/fleet.ts';
import { type LocalFleet, startLocalFleet } from './lib/local-fleet.ts';
import { setUp } from './lib/setup.ts';
import { runVitest } from './lib/vitest-run.ts';
import { serveWindowPage } from './lib/window-page.ts';

const SCREENS = ['status', 'activity', 'updates', 'support', 'about'];
/** `200`: a window of 880 × 600 at a zoom of 200 %. */
const LOOKS = [
  ...[880, 480, 360].map((width) => ({ name: String(width), viewport: { width, height: 600 }, deviceScaleFactor: 1 })),
  { name: '200', viewport: { width: 440, height: 300 }, deviceScaleFactor: 2 },
];
const BURST = 50;
const UNFOLDED_SHOWN = 3;
const IN_README = ['en-light-880-status', 'en-light-880-activity', 'ja-dark-880-run', 'en-light-880-about'];
const IN_PAGES = [
  'ja-light-880-status',
  'en-dark-880-activity',
  'en-light-880-helpdesk',
  'ja-dark-480-helpdesk',
  'en-light-880-not-delivered',
  'ja-dark-480-settings-are-broken',
];

await main(async () => {
  const args = process.argv.slice(2);
  const target = args.find((arg) => !arg.startsWith('-')) ?? join(ROOT, 'dist', 'pictures');
  const tools = await setUp();
  await ensureBuilt(tools.node);
  const { signal } = new AbortController();
  const fleet = await startLocalFleet(tools, 'PC-0142', signal);
  const browser = await chromium.launch({ executablePath: await ensureBrowser(), args: sandboxArgs() });
  try {
    await burst(fleet);
    await playDemo(fleet, signal);
    let address = '';
    const page = await serveWindowPage({
      node: tools.node,
      dataDir: join(fleet.directory, 'data'),
      env: process.env,
      onAddress: (next) => {
        address = next;
      },
    });
    address = page.address;
    mkdirSync(target, { recursive: true });
    for (const locale of ['en', 'ja']) {
      for (const colorScheme of ['light', 'dark'] as const) {
        for (const { name: look, viewport, deviceScaleFactor } of LOOKS) {
          const context = await browser.newContext({ locale, colorScheme, viewport, deviceScaleFactor });
          await picturesOf(await context.newPage(), address, (name) =>
            join(target, `${locale}-${colorScheme}-${look}-${name}.png`),
          );
          await context.close();
        }
      }
    }
    await page.stop();
  } finally {
    await browser.close();
    await fleet.stop();
  }
  process.env.KANADE_TRAY_PICTURES = target;
  const { code } = await runVitest(tools, ['--config', 'vitest.pictures.config.ts']);
  if (code !== 0) return code;
  if (args.includes('--readme')) {
    for (const name of [...IN_README, ...IN_PAGES])
      cpSync(join(target, `${name}.png`), join(ROOT, 'docs', 'pictures', `${name}.png`));
  }
  say(`The pictures are in ${target}.`);
  return 0;
});

/** One task many times, which Activity folds. */
async function burst({ nc, pcId }: LocalFleet): Promise<void> {
  const bodies = Array.from({ length: BURST }, () => command({ id: 'certificate-check', script: 'echo valid' }));
  for (const body of bodies) await publishCommand(nc, `commands.pc.${pcId}`, body);
  await Promise.all(bodies.map((body) => waitForResult(nc, body.request_id)));
}

async function picturesOf(page: Page, address: string, file: (name: string) => string) {
  await page.goto(address);
  const shoot = async (name: string) => {
    // Neither what is under the mouse nor what fades from where it was.
    await page.mouse.move(0, 0);
    await page.screenshot({ path: file(name), animations: 'disabled' });
  };
  for (const [index, name] of SCREENS.entries()) {
    await page.getByRole('navigation').getByRole('button').nth(index).click();
    await page.getByRole('heading', { level: 1 }).waitFor();
    await page.waitForLoadState('networkidle');
    // What these two show is asked for after they are there.
    if (name === 'status') await page.locator('main section svg[data-mark]').first().waitFor();
    if (name === 'activity') {
      await page.locator('[data-run]').first().waitFor();
      await page.locator('[role="toolbar"] svg[data-mark="failed"]').first().waitFor();
    }
    await shoot(name);
  }
  await page.getByRole('navigation').getByRole('button').nth(1).click();
  await page.locator('[data-line]').first().focus();
  await page.keyboard.press('End');
  const folded = page.locator('[data-fold]:focus');
  await folded.waitFor();
  await shoot('burst');
  await folded.press('Enter');
  for (let step = 0; step < UNFOLDED_SHOWN; step++) {
    await page.keyboard.press('ArrowDown');
    await page.locator('[data-run]:focus').waitFor();
  }
  await shoot('burst-unfolded');
  // A long list keeps in the page only what is on the screen.
  await page.getByRole('searchbox').fill('Printer fix');
  await page.locator('[data-run]', { hasText: 'Printer fix' }).click();
  await page.getByRole('heading', { level: 2 }).first().waitFor();
  await shoot('run');
}

function sandboxArgs() {
  return process.getuid?.() === 0 ? ['--no-sandbox'] : [];
}
