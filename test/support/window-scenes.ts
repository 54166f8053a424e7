/**
 * The states of the window that a usual day does not show, each as a page that stands in it, in the language and look that are asked
 * for: for pictures of them, and for axe. Invariant: nothing of a scene is named by a word of one language.
 */
import type { Page } from '@playwright/test';
import { SETTING_KEYS } from '../../src/agent/config/settings.ts';
import { I18n } from '../../src/shared/i18n/i18n.ts';
import type { PageOptions } from './browser.ts';
import { expectPage } from './page-expect.ts';
import { burst, ended, fullHelpdesk, HARDWARE, started, stuck, troubles } from './scene-worlds.ts';
import { type Served, serve } from './served-status.ts';
import { endedRun } from './status.ts';
import { tempDir } from './temp.ts';
import { HELPDESK_CODE, openWindow } from './window.ts';

/** The navigation, by place. */
export const SCREEN = { status: 0, activity: 1, updates: 2, support: 3, about: 4 } as const;

export interface Scene {
  readonly name: string;
  /** What it is about, where that is further down; a selector. */
  readonly about: string | null;
  readonly play: (look: PageOptions) => Promise<Page>;
}

export const SCENES: readonly Scene[] = [
  scene('output-for-people', {
    about: '[role="tab"]',
    prepare: async (served) => {
      served.showOutput = 2;
      await ended(served, 'disk-check', 'FAILED');
    },
    show: (page) => openRun(page),
  }),
  scene('finishing-up', {
    prepare: async (served) => {
      await started(served, 'disk-clean-up');
      served.cells.agent.set({ state: 'draining', sinceMs: Date.now(), problems: [] });
    },
  }),
  scene('two-tasks-run', {
    prepare: async (served) => {
      for (const id of ['disk-clean-up', 'printer-fix']) await started(served, id);
    },
  }),
  scene('agent-is-gone', { show: goneFrom(SCREEN.status) }),
  scene('agent-is-gone-support', { show: goneFrom(SCREEN.support) }),
  scene('settings-are-broken', {
    prepare: async (served) => {
      served.cells.agent.set({ state: 'config_invalid', sinceMs: Date.now(), problems: [] });
    },
  }),
  scene('not-set-up', {
    prepare: async (served) => served.cells.agent.set({ state: 'not_set_up', sinceMs: Date.now(), problems: [] }),
  }),
  {
    name: 'no-agent-at-all',
    about: null,
    play: async (look) => {
      const { page } = await openWindow(tempDir(), look);
      await expectPage(page.locator('[data-mark="broken"]').first()).toBeVisible();
      return page;
    },
  },
  scene('window-is-lost', {
    prepare: (served) => started(served, 'slow'),
    lost: true,
    show: (page) => expectPage(page.locator('[data-mark="broken"]').first()).toBeVisible(),
  }),
  scene('settings-are-broken-activity', {
    prepare: async (served) => {
      await ended(served, 'disk-check', 'DONE');
      served.cells.agent.set({ state: 'config_invalid', sinceMs: Date.now(), problems: [] });
    },
    show: (page) => screen(page, SCREEN.activity),
  }),
  scene('update-undone', {
    prepare: async ({ cells }) => {
      const undone = { version: '1.5.0', why: 'did_not_start', atMs: Date.now() - 600_000 } as const;
      const update = { installed: '1.4.2', wanted: '1.5.0', reason: null, release: null };
      cells.update.set({ ...update, state: 'rolled_back', undone });
    },
    show: (page) => screen(page, SCREEN.updates),
  }),
  scene('refused', {
    prepare: async ({ cells }) =>
      cells.connection.set({ ...cells.connection.value, state: 'refused', sinceMs: Date.now() }),
  }),
  scene('offline-with-results', {
    prepare: async (served) => {
      const { cells, store } = served;
      await ended(served, 'disk-check', 'DONE');
      await store.outbox.put({ kind: 'event', id: 'e', subject: 'obs.x', body: Buffer.from('{}') }, Date.now());
      cells.connection.set({ ...cells.connection.value, state: 'unreachable', sinceMs: Date.now() - 3_600_000 });
    },
  }),
  scene('not-delivered', { prepare: stuck }),
  scene('disk-is-full', {
    prepare: async ({ cells }) => {
      cells.store.set({ state: 'full', readable: true });
      cells.disk.set({ ok: false, freeBytes: 24_000_000, neededBytes: 10_000_000 });
    },
  }),
  scene('troubles', { prepare: troubles }),
  scene('search-by-the-shown-name', {
    prepare: async (served) => {
      for (const id of ['office-repair', 'printer-fix', 'disk-check']) await ended(served, id, 'DONE');
    },
    show: async (page) => {
      await screen(page, SCREEN.activity);
      await page.getByRole('searchbox').fill('office repair');
      await expectPage(page.locator('[data-run]')).toHaveCount(1);
    },
  }),
  scene('no-tasks-yet', { show: (page) => screen(page, SCREEN.activity) }),
  scene('burst-folded', { prepare: burst, show: showBurst }),
  scene('burst-unfolded', {
    prepare: burst,
    show: async (page) => {
      await showBurst(page);
      await page.locator('[data-fold]').press('Enter');
      await expectPage(page.locator('[data-run]').nth(2)).toBeVisible();
    },
  }),
  scene('output-searched', {
    about: 'mark',
    prepare: async (served) => {
      served.showOutput = 2;
      const text = Array.from({ length: 5_000 }, (_, at) => `line ${at}`).join('\n');
      await ended(served, 'long-talk', 'FAILED', { text, totalBytes: text.length, cut: false });
    },
    show: async (page) => {
      await openRun(page);
      await page.getByRole('searchbox').fill('line 42');
      await expectPage(page.locator('mark').first()).toBeVisible();
    },
  }),
  scene('about-nothing-is-known', {
    prepare: async (served) => {
      Object.assign(served.ports, { about: () => null });
      served.cells.agent.set({ state: 'config_invalid', sinceMs: Date.now(), problems: [] });
    },
    show: (page) => screen(page, SCREEN.about),
  }),
  scene('waits-and-ran', {
    about: '[data-way]',
    prepare: async (served) => {
      const atMs = Date.now() - 600_000;
      await endedRun(served.store, 'waited', {
        arrival: { manifestId: 'office-repair', receivedAtMs: atMs },
        ending: { reason: 'FAILED', exitCode: 5, startedAtMs: atMs + 60_000, finishedAtMs: atMs + 240_000 },
      });
    },
    show: (page) => openRun(page),
  }),
  scene('code-is-wrong', {
    about: '[aria-invalid="true"]',
    show: async (page) => {
      await enterCode(page, 'wrong code');
      await expectPage(page.locator('[aria-invalid="true"]')).toBeVisible();
    },
  }),
  scene('helpdesk', { prepare: fullHelpdesk, show: showHelpdesk }),
  scene('helpdesk-strip', {
    prepare: fullHelpdesk,
    show: async (page) => {
      await showHelpdesk(page);
      await screen(page, SCREEN.status);
      await expectPage(page.getByRole('complementary')).toBeVisible();
    },
  }),
  scene('helpdesk-has-ended', {
    prepare: fullHelpdesk,
    show: async (page) => {
      await showHelpdesk(page);
      await page.locator('main button').first().click();
      await expectPage(page.locator('input[type="password"], [data-link-line]')).toHaveCount(0);
      await expectPage(page.getByRole('complementary')).toBeVisible();
    },
  }),
  scene('helpdesk-run', {
    prepare: fullHelpdesk,
    show: async (page) => {
      await showHelpdesk(page);
      await openRun(page);
      await expectPage(page.getByRole('tab').first()).toBeVisible();
    },
  }),
];

interface Steps {
  readonly about?: string;
  /** What is so before the page is opened. */
  readonly prepare?: (served: Served) => Promise<unknown>;
  /** Its server goes. */
  readonly lost?: true;
  readonly show?: (page: Page, served: Served) => Promise<unknown>;
}

function scene(name: string, steps: Steps): Scene {
  const play = async (look: PageOptions) => {
    const served = await serve();
    served.clock.atMs = Date.now();
    served.code = HELPDESK_CODE;
    served.cells.connection.set({ ...served.cells.connection.value, lastGoodAtMs: Date.now() - 4_000 });
    const lines = { phone: '03-1234-5678', mail: 'desk@acme.example', url: 'https://acme.example/tickets', text: null };
    Object.assign(served.ports, { support: () => ({ ...lines, hardware: HARDWARE }) });
    await steps.prepare?.(served);
    const { page, stop } = await openWindow(served.dataDirectory, look);
    const starting = new I18n(look.locale?.startsWith('ja') ? 'ja' : 'en').t('health.starting.title');
    await expectPage(page.getByRole('heading', { level: 1 })).toBeVisible();
    await expectPage(page.getByRole('heading', { level: 1 })).not.toHaveText(starting);
    if (steps.lost) await stop();
    await steps.show?.(page, served);
    return page;
  };
  return { name, about: steps.about ?? null, play };
}

export async function screen(page: Page, place: number): Promise<void> {
  await page.getByRole('navigation').getByRole('button').nth(place).click();
  await expectPage(page.getByRole('heading', { level: 1 })).toBeVisible();
}

/** The agent goes after it has said whom to call. */
function goneFrom(place: number) {
  return async (page: Page, served: Served) => {
    await screen(page, SCREEN.support);
    await expectPage(page.getByText('03-1234-5678')).toBeVisible();
    await served.server.close();
    await screen(page, SCREEN.status);
    await expectPage(page.locator('[data-mark="broken"]').first()).toBeVisible();
    await screen(page, place);
  };
}

async function openRun(page: Page): Promise<void> {
  await screen(page, SCREEN.activity);
  await page.locator('[data-run]').first().click();
  await expectPage(page.getByRole('heading', { level: 2 }).first()).toBeVisible();
}

async function showBurst(page: Page): Promise<void> {
  await screen(page, SCREEN.activity);
  await expectPage(page.locator('[data-fold]')).toBeVisible();
  await expectPage(page.locator('[role="toolbar"] svg[data-mark]').first()).toBeVisible();
}

async function enterCode(page: Page, code: string): Promise<void> {
  await screen(page, SCREEN.support);
  const field = page.locator('input[type="password"]');
  await field.fill(code);
  await field.press('Enter');
}

async function showHelpdesk(page: Page): Promise<void> {
  await enterCode(page, HELPDESK_CODE);
  await expectPage(page.locator('[data-link-line]')).toBeVisible();
  await expectPage(page.locator('[data-setting]')).toHaveCount(SETTING_KEYS.length);
  await expectPage(page.locator('pre')).toBeVisible();
}
