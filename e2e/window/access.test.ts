/**
 * Usable by everybody: axe finds nothing, the keyboard is enough, small and enlarged windows lose nothing, and theme and
 * language switch while one looks. CI takes a fixed sample; `KANADE_TRAY_AXE=all` goes through all of it.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import { describe, expect, test } from 'vitest';
import { startAgent } from '../../test/support/agent.ts';
import type { PageOptions } from '../../test/support/browser.ts';
import { eventually } from '../../test/support/eventually.ts';
import { command, provisionedOperator, publishCommand, waitForResult } from '../../test/support/fleet.ts';
import { startNatsServer } from '../../test/support/nats-server.ts';
import { expectPage } from '../../test/support/page-expect.ts';
import { serve } from '../../test/support/served-status.ts';
import { endedRun } from '../../test/support/status.ts';
import { tempDir } from '../../test/support/temp.ts';
import { HELPDESK_CODE, openWindow, withHelpdesk } from '../../test/support/window.ts';
import { SCENES, SCREEN, screen } from '../../test/support/window-scenes.ts';

const SCREENS = Object.values(SCREEN);
const SUPPORT = SCREEN.support;
/** The first two are looked at in each run; the second is what is left of 880 px at a zoom of 200 %. */
const LOOKS = [
  { width: 880, height: 600, colorScheme: 'light' },
  { width: 440, height: 300, colorScheme: 'dark' },
  { width: 360, height: 600, colorScheme: 'light' },
  { width: 480, height: 600, forcedColors: 'active' },
] as const;
const SAMPLE = ['troubles', 'helpdesk-strip', 'helpdesk-run', 'not-delivered'];
const ALL = process.env.KANADE_TRAY_AXE === 'all';
const branded = (logo: string) =>
  [
    '[brand]',
    'name = "Contoso Helper"',
    `logo_path = ${JSON.stringify(logo)}`,
    '[support]',
    'phone = "03-1234-5678"',
    'mail = "it@contoso.example"',
    'url = "https://it.contoso.example/tickets"',
    'text = "Monday to Friday, 9 to 18."',
  ].join('\n');

async function pc(logo = join(import.meta.dirname, '..', '..', 'assets', 'app', '64x64.png')) {
  const server = await startNatsServer();
  const nc = await provisionedOperator(server);
  const agent = await startAgent({ server, nc, toml: await withHelpdesk(`${branded(logo)}\n`) });
  for (const script of ['true', 'exit 3', 'echo out; echo err >&2']) {
    const body = command({ id: `task ${script.slice(0, 4).trim()}`.replaceAll(' ', '-'), script });
    await publishCommand(nc, 'commands.pc.PC-OURS', body);
    await waitForResult(nc, body.request_id);
  }
  return { server, nc, agent };
}

async function findings(page: Page): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page })
    // Fluent's own: they hand the focus on and are never where it stays.
    .exclude('[data-tabster-dummy]')
    .analyze();
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 200)}\n${failureSummary ?? ''}`),
  );
}

/** What fades from one look to the next has arrived. */
async function settled(page: Page): Promise<void> {
  await page.evaluate(`(async () => {
    const moving = () => document.getAnimations().filter(({ playState }) => playState === 'running');
    do {
      // The other theme is drawn after the frame that tells of it, and moves only then.
      for (let frames = 0; frames < 3; frames++) await new Promise(requestAnimationFrame);
      await Promise.allSettled(moving().map(({ finished }) => finished));
    } while (moving().length > 0);
  })()`);
}

/** What goes beyond the window on its right. */
function wide(page: Page): Promise<string[]> {
  return page.evaluate(`[...document.querySelectorAll('body *')]
    .filter((each) => each.getBoundingClientRect().right > innerWidth + 1 && getComputedStyle(each).position !== 'absolute')
    .map((each) => each.outerHTML.slice(0, 120))`);
}

/** Every screen, a detail, and with the helpdesk's view open what it adds. */
async function auditAll(page: Page): Promise<void> {
  for (const index of SCREENS) {
    await screen(page, index);
    expect([index, await findings(page)]).toEqual([index, []]);
  }
  await screen(page, 1);
  await page.locator('[data-run]').first().click();
  await expectPage(page.getByRole('heading', { level: 2 }).first()).toBeVisible();
  expect(await findings(page)).toEqual([]);
  await screen(page, SUPPORT);
  await page.locator('input[type="password"]').fill(HELPDESK_CODE);
  await page.locator('input[type="password"]').press('Enter');
  await expectPage(page.locator('input[type="password"]')).toHaveCount(0);
  await expectPage(page.getByRole('region')).not.toHaveCount(0);
  expect(await findings(page)).toEqual([]);
  await screen(page, SUPPORT);
  await expectPage(page.getByRole('complementary')).toBeVisible();
  expect(await findings(page)).toEqual([]);
  await screen(page, 1);
  await page.locator('[data-run]').first().click();
  await expectPage(page.getByRole('tab').first()).toBeVisible();
  expect(await findings(page)).toEqual([]);
}

describe('axe finds nothing', () => {
  const looks: readonly (readonly [string, PageOptions])[] = [
    ['English, light', {}],
    ['Japanese, dark', { locale: 'ja-JP', colorScheme: 'dark' }],
    ...(ALL
      ? ([
          ['English, dark', { colorScheme: 'dark' }],
          ['Japanese, light', { locale: 'ja-JP' }],
          ['English, high contrast', { forcedColors: 'active' }],
          ['Japanese, high contrast', { locale: 'ja-JP', forcedColors: 'active' }],
          ['English, narrow', { width: 480 }],
          ['Japanese, narrow', { locale: 'ja-JP', width: 480 }],
          ['English, 360 px', { width: 360 }],
          ['Japanese, 360 px, dark', { locale: 'ja-JP', width: 360, colorScheme: 'dark' }],
        ] as const)
      : []),
  ];

  test.each(looks)('%s', { timeout: 120_000 }, async (_name, look) => {
    const { agent } = await pc();
    const { page } = await openWindow(agent.dataDirectory, look);
    await expectPage(page.getByRole('navigation').getByRole('button').first()).toBeVisible();
    await auditAll(page);
  });

  test.each(ALL ? looks : looks.slice(-1))(
    'with bursts folded and unfolded, and on a day without tasks: %s',
    async (_name, look) => {
      const served = await serve();
      const receivedAtMs = new Date().setHours(12, 0, 0, 0);
      for (let at = 0; at < 9; at++) await endedRun(served.store, `r${at}`, { arrival: { receivedAtMs } });
      await endedRun(served.store, 'other', {
        arrival: { manifestId: 'other', receivedAtMs },
        ending: { reason: 'FAILED' },
      });
      const { page } = await openWindow(served.dataDirectory, look);
      await screen(page, 1);
      await expectPage(page.locator('[data-fold]')).toBeVisible();
      await expectPage(page.locator('[role="toolbar"] svg[data-mark]').first()).toBeVisible();
      expect(await findings(page)).toEqual([]);
      await page.locator('[data-fold]').press('Enter');
      await expectPage(page.locator('[data-run]').nth(3)).toBeVisible();
      expect(await findings(page)).toEqual([]);
      const days = page.getByRole('toolbar').first().getByRole('button');
      await days.nth(3).press('Enter');
      await expectPage(page.locator('[data-line]')).toHaveCount(0);
      expect(await findings(page)).toEqual([]);
    },
  );

  const languages = [
    ['English', 'en-GB'],
    ['Japanese', 'ja-JP'],
  ] as const;
  const scenes = SCENES.flatMap((scene) => languages.map(([language, locale]) => ({ ...scene, language, locale })));
  const sample = scenes.filter(
    ({ name, language }) => SAMPLE.includes(name) || (language === 'Japanese' && name === 'helpdesk'),
  );

  test.each(ALL ? scenes : sample)(
    'and no part is wider than the window, in the state "$name" ($language)',
    { timeout: 120_000 },
    async ({ play, locale }) => {
      const page = await play({ locale });
      for (const { width, height, ...look } of ALL ? LOOKS : LOOKS.slice(0, 2)) {
        await page.setViewportSize({ width, height });
        await page.emulateMedia({ reducedMotion: 'reduce', forcedColors: 'none', ...look });
        await settled(page);
        expect([width, look, await findings(page), await wide(page)]).toEqual([width, look, [], []]);
      }
    },
  );

  test('where there is no agent', async () => {
    const { page } = await openWindow(tempDir());
    for (const index of SCREENS) {
      await screen(page, index);
      expect([index, await findings(page)]).toEqual([index, []]);
    }
  });
});

test('the keyboard is enough: along the navigation, down the list, into a task and back, with a focus that shows', async () => {
  const { agent } = await pc();
  const { page } = await openWindow(agent.dataDirectory);
  await expectPage(page.getByRole('heading', { level: 1 })).toHaveText('Everything is working');
  const focused = () => page.evaluate('document.activeElement?.textContent ?? ""');
  await page.keyboard.press('Tab');
  expect(await focused()).toBe('Skip to the content');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Tab');
  expect(await focused()).toBe('Activity');
  await page.keyboard.press('Enter');
  await expectPage(page.locator('[data-run]')).toHaveCount(3);
  // The focus is at the beginning of the new screen.
  expect(await page.evaluate('document.activeElement?.id')).toBe('content');
  for (let step = 0; step < 12; step++) {
    await page.keyboard.press('Tab');
    if (await page.evaluate('document.activeElement?.matches("[data-run]")')) break;
  }
  const outline = 'getComputedStyle(document.activeElement).outlineStyle';
  expect(await page.evaluate(outline)).not.toBe('none');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowDown');
  await expectPage.poll(() => page.evaluate('document.activeElement?.dataset.index')).toBe('2');
  await page.keyboard.press('Home');
  await expectPage.poll(() => page.evaluate('document.activeElement?.dataset.index')).toBe('0');
  await page.keyboard.press('Enter');
  await expectPage(page.getByRole('heading', { level: 2, name: 'Done' })).toBeVisible();
  await page.keyboard.press('Tab');
  expect(await focused()).toBe('← Back to Activity');
  await page.keyboard.press('Enter');
  await expectPage(page.locator('[data-run]')).toHaveCount(3);
});

test.each([
  ['480 px', { width: 480, height: 420 }],
  ['480 px in Japanese', { width: 480, height: 420, locale: 'ja-JP' }],
  // What is left of 880 px at a zoom of 200 %.
  ['200 %', { width: 440, height: 300 }],
  ['200 % in Japanese', { width: 440, height: 300, locale: 'ja-JP' }],
  ['360 px', { width: 360, height: 600 }],
  ['360 px in Japanese', { width: 360, height: 600, locale: 'ja-JP' }],
])('at %s nothing is lost: no screen has to be scrolled sideways, and no text is cut off', async (_name, look) => {
  const { agent } = await pc();
  const { page } = await openWindow(agent.dataDirectory, look);
  for (const index of SCREENS) {
    await screen(page, index);
    expect([index, await wide(page)]).toEqual([index, []]);
  }
  await screen(page, 1);
  await page.locator('[data-run]').first().click();
  expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
  // A choice is one line, and the language costs the header no row of its own.
  await screen(page, SCREEN.about);
  const broken = `[...document.querySelectorAll('[role="radiogroup"] label')]
    .filter((each) => each.getBoundingClientRect().height > 40).map((each) => each.textContent)`;
  await expectPage(page.locator('[role="radiogroup"] label')).toHaveCount(6);
  expect(await page.evaluate(broken)).toEqual([]);
  const below = `document.querySelector('header select').getBoundingClientRect().top >
    document.querySelector('header nav').getBoundingClientRect().bottom`;
  expect(await page.evaluate(below)).toBe(false);
});

test.each([
  ['480 × 420', { width: 480, height: 420 }],
  ['480 × 420 in Japanese', { width: 480, height: 420, locale: 'ja-JP' }],
  ['200 %', { width: 440, height: 300 }],
  ['200 % in Japanese', { width: 440, height: 300, locale: 'ja-JP' }],
])('at %s two thirds of the height are content, and the header goes when one reads on', async (_name, look) => {
  const { agent } = await pc();
  const { page } = await openWindow(agent.dataDirectory, look);
  const header = page.locator('header');
  await expectPage(page.getByRole('heading', { level: 1 })).toBeVisible();
  expect((await header.boundingBox())?.height).toBeLessThanOrEqual(look.height / 3);
  await screen(page, SUPPORT);
  // The page grows while its parts arrive, so one reads on until its end is the end.
  await eventually(async () => {
    await page.getByRole('region').last().scrollIntoViewIfNeeded();
    await expectPage(header).not.toBeInViewport({ timeout: 200 });
  });
  // Another screen begins at its beginning again, and a task is to be seen there.
  await page.keyboard.press('Control+f');
  await expectPage(page.locator('[data-run]')).toHaveCount(3);
  await expectPage(page.locator('[data-run]').first()).toBeInViewport({ ratio: 1 });
  const list = page.getByRole('list', { name: /newest first|新しい順/ });
  await list.scrollIntoViewIfNeeded();
  const box = await list.locator('..').boundingBox();
  expect(box?.height ?? 0).toBeGreaterThan(100);
});

test('header and content end at one edge, and values stand below one another from card to card, in both languages', async () => {
  const { agent } = await pc();
  const { open } = await openWindow(agent.dataDirectory);
  for (const locale of ['en-GB', 'ja-JP']) {
    const page = await open({ locale });
    await screen(page, SUPPORT);
    await expectPage(page.getByRole('region')).not.toHaveCount(0);
    // The cards come with what they say.
    await expectPage(page.locator('dd').nth(4)).toBeVisible();
    const edges = await page.evaluate<
      number[]
    >(`[document.querySelector('header select'), ...document.querySelectorAll('section')]
      .map((each) => Math.round((each.closest('header') ? each.parentElement : each).getBoundingClientRect().right))`);
    expect([locale, new Set(edges).size]).toEqual([locale, 1]);
    const columns = await page.evaluate<number[]>(
      `[...document.querySelectorAll('dd')].map((each) => Math.round(each.getBoundingClientRect().left))`,
    );
    expect([locale, columns.length > 4, new Set(columns).size]).toEqual([locale, true, 1]);
  }
});

test('in forced colours no mark has one of its own, and a link is told by more than its colour', async () => {
  const { agent } = await pc();
  const { page } = await openWindow(agent.dataDirectory, { forcedColors: 'active' });
  await screen(page, 1);
  await expectPage(page.locator('[data-run]')).toHaveCount(3);
  const colours =
    'new Set([...document.querySelectorAll("svg[data-mark]")].map((each) => getComputedStyle(each).color)).size';
  expect(await page.evaluate(colours)).toBe(1);
  await page.locator('[data-run]').first().click();
  await expectPage(page.getByRole('button', { name: /Back to Activity/ })).toHaveCSS(
    'text-decoration-line',
    'underline',
  );
});

test('in forced colours the way of a task is drawn in the system’s', async () => {
  const served = await serve();
  const atMs = Date.now() - 600_000;
  await endedRun(served.store, 'waited', {
    arrival: { receivedAtMs: atMs },
    ending: { startedAtMs: atMs + 60_000, finishedAtMs: atMs + 90_000 },
  });
  const { page } = await openWindow(served.dataDirectory, { forcedColors: 'active' });
  await screen(page, SCREEN.activity);
  await page.locator('[data-run]').click();
  const waited = page.locator('[data-way] [data-part="waited"]');
  await expectPage(waited).toBeVisible();
  const ink = String(await page.evaluate('getComputedStyle(document.querySelector("svg[data-mark]")).color'));
  await expectPage(waited).toHaveCSS('border-top-color', ink);
  await expectPage(waited).toHaveCSS('background-image', new RegExp(ink.replaceAll(/[()]/g, '\\$&')));
});

test('theme and language follow the system and the person, at once', async () => {
  const { agent } = await pc();
  const { page } = await openWindow(agent.dataDirectory);
  const title = page.getByRole('heading', { level: 1 });
  await expectPage(title).toHaveText('Everything is working');
  const background = () => page.evaluate('getComputedStyle(document.querySelector("header")).backgroundColor');
  const light = await background();
  await page.emulateMedia({ colorScheme: 'dark' });
  await expectPage.poll(background).not.toBe(light);
  await page.getByRole('combobox', { name: 'Language' }).selectOption('ja');
  await expectPage(title).toHaveText('すべて正常です');
  expect(await page.evaluate('document.documentElement.lang')).toBe('ja');
  await page.getByRole('navigation').getByRole('button').nth(4).click();
  await page.getByRole('radio', { name: 'ライト' }).click();
  await expectPage.poll(background).toBe(light);
});

test('IT’s name, contact lines and logo are shown, and a logo that can’t be used is left out', async () => {
  const { agent } = await pc();
  const { page } = await openWindow(agent.dataDirectory);
  await expectPage.poll(() => page.title()).toBe('Contoso Helper');
  await screen(page, SUPPORT);
  const desk = page.getByRole('region', { name: 'Contact IT' });
  await expectPage(desk).toContainText('Monday to Friday, 9 to 18.');
  await expectPage(desk.getByRole('link', { name: 'Call' })).toHaveAttribute('href', 'tel:0312345678');
  await expectPage(desk.getByRole('link', { name: 'Write' })).toHaveAttribute('href', 'mailto:it@contoso.example');
  await expectPage(desk.getByRole('link', { name: 'Open ticket page' })).toHaveAttribute(
    'href',
    'https://it.contoso.example/tickets',
  );
  const logo = page.getByRole('img', { name: 'Logo of Contoso Helper' });
  await expectPage(logo).toBeVisible();
  expect(await logo.evaluate((image: { naturalWidth: number }) => image.naturalWidth)).toBe(64);
  const broken = await pc('/no/such/logo.png');
  const other = await openWindow(broken.agent.dataDirectory);
  await expectPage.poll(() => other.page.title()).toBe('Contoso Helper');
  expect(await other.page.locator('img').count()).toBe(0);
  const logs = join(dirname(broken.agent.dataDirectory), 'logs');
  const lines = readdirSync(logs).map((name) => readFileSync(join(logs, name), 'utf8'));
  expect(lines.join('\n')).toMatch(/the logo can not be used.*\/no\/such\/logo\.png/);
});
