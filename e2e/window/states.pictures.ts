/**
 * Each state that a usual day does not show, as pictures in the directory that KANADE_TRAY_PICTURES names; `npm run pictures` runs it.
 * Not a test: what it says is checked.
 */
import { join } from 'node:path';
import { describe, test } from 'vitest';
import { SCENES } from '../../test/support/window-scenes.ts';

const DIRECTORY = process.env.KANADE_TRAY_PICTURES ?? join(import.meta.dirname, '..', '..', 'dist', 'pictures');
/** The last one: what is left of 880 px at a zoom of 200 %. */
const LOOKS = [
  { name: 'light-880', width: 880, height: 600, colorScheme: 'light' },
  { name: 'dark-480', width: 480, height: 600, colorScheme: 'dark' },
  { name: 'light-360', width: 360, height: 600, colorScheme: 'light' },
  { name: 'dark-200', width: 440, height: 300, colorScheme: 'dark' },
] as const;

describe.each(['en', 'ja'])('in %s', (language) => {
  test.each(SCENES)('$name', async ({ name, about, play }) => {
    const page = await play({ locale: language === 'ja' ? 'ja-JP' : 'en-GB' });
    for (const { name: look, width, height, colorScheme } of LOOKS) {
      await page.setViewportSize({ width, height });
      await page.emulateMedia({ colorScheme });
      if (about !== null) await page.locator(about).first().scrollIntoViewIfNeeded();
      // What fades from one look to the next has arrived.
      await page.screenshot({ path: join(DIRECTORY, `${language}-${look}-${name}.png`), animations: 'disabled' });
    }
  });
});
