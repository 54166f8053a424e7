/** The window in a real Chromium on a history of 100,000 tasks: lists, search, scrolling, and a burst beside it. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { NatsConnection } from '@nats-io/transport-node';
import { chromium, type Page } from '@playwright/test';
import { findBrowser } from '../../scripts/lib/browser.ts';
import { command, publishCommand, waitForResult } from '../../scripts/lib/fleet.ts';
import { atMost, type Figure, median, reported } from './figures.ts';

const DIST = join(import.meta.dirname, '..', '..', 'dist', 'renderer');
const TIMES = 7;

export interface PageWork {
  readonly nc: NatsConnection;
  readonly subject: string;
  /** Tasks in the history. */
  readonly rows: number;
  /** Tasks at once. */
  readonly burst: number;
}

export async function pageFigures(address: string, { nc, subject, rows, burst }: PageWork): Promise<Figure[]> {
  const browser = await chromium.launch({
    ...((await findBrowser()) === undefined ? {} : { executablePath: String(await findBrowser()) }),
    args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
  });
  try {
    const page = await (await browser.newContext({ viewport: { width: 880, height: 600 }, locale: 'en' })).newPage();
    await page.goto(address);
    await page.getByRole('heading', { level: 1 }).waitFor();
    return [
      scriptSize(),
      await firstPage(page),
      await jump(page, rows),
      await search(page),
      ...(await scrolling(page)),
      await besideBurst(page, nc, subject, burst),
    ];
  } finally {
    await browser.close();
  }
}

function scriptSize(): Figure {
  const scripts = readdirSync(join(DIST, 'assets')).filter((name) => name.endsWith('.js'));
  const bytes = scripts.reduce((sum, name) => sum + gzipSync(readFileSync(join(DIST, 'assets', name))).length, 0);
  return atMost('script of the window, gzipped, with the texts of the licences', bytes / 1_000, 300, 'kB');
}

/** From the click to the first row on the screen, in the page's own time. */
async function firstPage(page: Page): Promise<Figure> {
  const times: number[] = [];
  for (let time = 0; time < TIMES; time++) {
    await page.getByRole('navigation').getByRole('button').nth(0).click();
    // Only Status has cards.
    await page.getByRole('region').first().waitFor();
    times.push(
      Number(
        await page.evaluate(`new Promise((resolve) => {
      const startMs = performance.now();
      document.querySelectorAll('nav button')[1].click();
      const check = () => document.querySelector('[data-run]') ? resolve(performance.now() - startMs) : requestAnimationFrame(check);
      check();
    })`),
      ),
    );
  }
  return atMost('Activity with 100,000 tasks: click → first rows', median(times), 200, 'ms');
}

/** To the middle of the list and back, by the scroll position: the rows there have to be read first. */
async function jump(page: Page, rows: number): Promise<Figure> {
  const times: number[] = [];
  for (let time = 0; time < TIMES; time++) {
    const index = Math.floor(rows * (0.4 + time / 20));
    times.push(
      Number(
        await page.evaluate(`new Promise((resolve) => {
      const list = document.querySelector('main ul').parentElement;
      const startMs = performance.now();
      list.scrollTop = ${index} * 44;
      const check = () => document.querySelector('[data-index="${index + 2}"]') ? resolve(performance.now() - startMs) : requestAnimationFrame(check);
      check();
    })`),
      ),
    );
  }
  return atMost('… a jump to a place that was not read yet', median(times), 200, 'ms');
}

async function search(page: Page): Promise<Figure> {
  await page.evaluate(`document.querySelector('main ul').parentElement.scrollTop = 0`);
  const times: number[] = [];
  for (const text of ['nothing like this', 'bench']) {
    const box = page.getByRole('searchbox');
    await box.fill('');
    await page.locator('[data-run]').first().waitFor();
    const startMs = performance.now();
    await box.fill(text);
    await (text === 'bench' ? page.locator('[data-run]').first() : page.getByText('No task fits.')).waitFor();
    times.push(performance.now() - startMs);
  }
  await page.getByRole('searchbox').fill('');
  await page.locator('[data-run]').first().waitFor();
  return atMost('… search by name, from the last letter to the result', Math.max(...times), 100, 'ms');
}

/** A wheel that is turned for some seconds. */
async function scrolling(page: Page): Promise<Figure[]> {
  await page.evaluate(`{
    window.long = []; window.frames = 0;
    new PerformanceObserver((list) => window.long.push(...list.getEntries().map((entry) => entry.duration))).observe({ type: 'longtask' });
    const count = () => { window.frames += 1; window.counting = requestAnimationFrame(count); };
    count();
  }`);
  const box = await page.getByRole('list').last().boundingBox();
  await page.mouse.move((box?.x ?? 0) + 100, 300);
  const startMs = performance.now();
  while (performance.now() - startMs < 5_000) {
    await page.mouse.wheel(0, 700);
    await page.waitForTimeout(16);
  }
  const seconds = (performance.now() - startMs) / 1_000;
  const { long, frames } = (await page.evaluate('({ long: window.long, frames: window.frames })')) as {
    long: number[];
    frames: number;
  };
  return [
    atMost('… scrolling: the longest task of the main thread', Math.max(0, ...long), 50, 'ms'),
    reported('… scrolling: frames', `${(frames / seconds).toFixed(0)}/s, drawn in software`),
  ];
}

/** While many tasks run, the way to another screen and back. */
async function besideBurst(page: Page, nc: NatsConnection, subject: string, count: number): Promise<Figure> {
  const bodies = Array.from({ length: count }, () => command({ script: 'true' }));
  for (const body of bodies) await publishCommand(nc, subject, body);
  const times: number[] = [];
  const last = bodies.at(-1);
  let ended = false;
  const end =
    last === undefined ? Promise.resolve() : waitForResult(nc, last.request_id, { timeoutMs: 60_000 }).then(() => {});
  void end.then(() => {
    ended = true;
  });
  while (!ended) {
    for (const index of [0, 3]) {
      times.push(
        Number(
          await page.evaluate(`new Promise((resolve) => {
        const startMs = performance.now();
        document.querySelectorAll('nav button')[${index}].click();
        requestAnimationFrame(() => setTimeout(() => resolve(performance.now() - startMs)));
      })`),
        ),
      );
    }
    await page.waitForTimeout(50);
  }
  await end;
  return atMost(
    `during ${count.toLocaleString('en')} commands at once: click → drawn, the slowest`,
    Math.max(...times),
    100,
    'ms',
  );
}
