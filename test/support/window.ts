/**
 * The built window in a real Chromium, served as `npm start` serves it, beside a real agent. Invariant: page, server and
 * agent go with the test, and an error on the page fails it.
 */
import type { Page } from '@playwright/test';
import { onTestFinished } from 'vitest';
import { findNode24 } from '../../scripts/bootstrap/node24.mjs';
import { withoutKanade } from '../../scripts/lib/agent-process.ts';
import { serveWindowPage } from '../../scripts/lib/window-page.ts';
import { hashHelpdeskCode } from '../../src/agent/config/helpdesk-code.ts';
import { newPage, type PageOptions } from './browser.ts';
import { expectPage } from './page-expect.ts';

export const HELPDESK_CODE = 'open sesame';
/** Made once in a file of tests: it takes a second, on purpose. */
let hashing: ReturnType<typeof hashHelpdeskCode> | undefined;

/** Settings with a helpdesk code, on top of what `toml` says. */
export async function withHelpdesk(toml = ''): Promise<string> {
  hashing ??= hashHelpdeskCode(HELPDESK_CODE);
  const hashed = await hashing;
  if (!hashed.ok) throw new Error(hashed.error);
  return `[helpdesk]\ncode_hash = ${JSON.stringify(hashed.hash)}\n${toml}`;
}

export interface TestWindow {
  readonly page: Page;
  /** One more page on the same server, in a browser context of its own. */
  readonly open: (options?: PageOptions) => Promise<Page>;
  /** The server goes: no page hears anything any more. */
  readonly stop: () => Promise<void>;
}

/** The window of the agent on `dataDirectory`, in the language and look of `options`. */
export async function openWindow(dataDirectory: string, options: PageOptions = {}): Promise<TestWindow> {
  let address = '';
  const served = await serveWindowPage({
    node: findNode24(),
    dataDir: dataDirectory,
    env: withoutKanade(process.env),
    onAddress: (next) => {
      address = next;
    },
  });
  onTestFinished(() => served.stop());
  address = served.address;
  const open = async (more: PageOptions = {}) => {
    const page = await newPage(more);
    const errors: string[] = [];
    page.on('pageerror', (error) => errors.push(error.stack ?? error.message));
    page.on('console', (message) => {
      // A style or a script that the policy refuses is an error on the page as well.
      if (message.type() === 'error') errors.push(message.text());
    });
    onTestFinished(() => {
      if (errors.length > 0) throw new Error(`the page says:\n${errors.join('\n')}`);
    });
    const used = address;
    await page.goto(used);
    await expectPage.poll(() => address).not.toBe(used);
    return page;
  };
  return { page: await open(options), open, stop: () => served.stop() };
}

/** Goes to a screen by its name in the navigation. */
export async function goTo(page: Page, name: string): Promise<void> {
  await page.getByRole('navigation').getByRole('button', { name, exact: true }).click();
}

/** Opens the helpdesk's view as a person does. */
export async function unlock(page: Page, code = HELPDESK_CODE): Promise<void> {
  await goTo(page, 'Support');
  await page.getByLabel('Code').fill(code);
  await page.getByRole('button', { name: 'Open helpdesk view' }).click();
}
