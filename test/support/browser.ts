/**
 * A real Chromium for a test file: one browser, a fresh context for each page. Invariant: pages end with their test, the
 * browser with its file.
 */
import { type Browser, chromium, type Page } from '@playwright/test';
import { afterAll, onTestFinished } from 'vitest';
import { findBrowser } from '../../scripts/lib/browser.ts';

export interface PageOptions {
  /** `en-GB` by default. */
  readonly locale?: string;
  readonly width?: number;
  readonly height?: number;
  readonly colorScheme?: 'light' | 'dark';
  readonly forcedColors?: 'active' | 'none';
  readonly reducedMotion?: 'reduce' | 'no-preference';
}

let browser: Promise<Browser> | undefined;

afterAll(async () => {
  await (await browser)?.close();
  browser = undefined;
});

/** An empty page in a context of its own. */
export async function newPage(options: PageOptions = {}): Promise<Page> {
  browser ??= launch();
  const { locale = 'en-GB', width = 880, height = 600, ...look } = options;
  const context = await (await browser).newContext({ locale, viewport: { width, height }, ...look });
  onTestFinished(() => context.close());
  return context.newPage();
}

async function launch(): Promise<Browser> {
  const executablePath = await findBrowser();
  if (executablePath === undefined) throw new Error('there is no browser yet: "npm test" sets it up');
  // Chromium's sandbox does not work as root, and a container has no room in /dev/shm.
  const args = process.getuid?.() === 0 ? ['--no-sandbox', '--disable-dev-shm-usage'] : [];
  return chromium.launch({ executablePath, args });
}
