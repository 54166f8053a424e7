/** The app shell in a real Electron: how fast the window is there, what it leaves behind, and what it costs while it is closed. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { _electron, type ElectronApplication } from '@playwright/test';
import { findNode24 } from '../../scripts/bootstrap/node24.mjs';
import { agentToml, withoutKanade } from '../../scripts/lib/agent-process.ts';
import { findTestElectron } from '../../scripts/lib/electron.ts';
import { until } from '../../scripts/lib/waiting.ts';
import { cpuMsBetween, readCpu, readMemory } from '../process-figures.ts';
import { atMost, type Figure, median, reported } from './figures.ts';

const CLOSES_WITHIN_MS = 30_000;
const DIST = join(import.meta.dirname, '..', '..', 'dist');

export interface AppShellSizes {
  readonly opens: number;
  readonly idleMs: number;
}

export async function appShellFigures(directory: string, natsUrl: string, sizes: AppShellSizes): Promise<Figure[]> {
  const electron = findTestElectron();
  if (electron.kind === 'none') return [reported('the app shell', `not measured: ${electron.why}`)];
  const screen = spawn('Xvfb', ['-displayfd', '3', '-screen', '0', '1280x900x24', '-nolisten', 'tcp'], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  });
  const [number] = (await once(createInterface({ input: screen.stdio[3] as Readable }), 'line')) as [string];
  mkdirSync(join(directory, 'data'), { recursive: true });
  const config = join(directory, 'agent.toml');
  writeFileSync(config, agentToml({ id: 'BENCH-APP-SHELL', natsUrl, logFile: join(directory, 'agent.log') }));
  const own = electron.kind === 'own';
  const app = await _electron.launch({
    executablePath: electron.executable,
    args: [...(process.getuid?.() === 0 ? ['--no-sandbox'] : []), own ? DIST : join(DIST, 'test-main')],
    env: {
      ...(withoutKanade(process.env) as Record<string, string>),
      DISPLAY: `:${number}`,
      LANG: 'en_GB.UTF-8',
      KANADE_TRAY_USER_DATA: join(directory, 'user'),
      KANADE_AGENT_DATA_DIR: join(directory, 'data'),
      KANADE_TRAY_AGENT_CONFIG: config,
      ...(own ? {} : { KANADE_TRAY_NODE: findNode24() }),
    },
  });
  try {
    return await measure(app, join(directory, 'user', 'logs', 'shell.log'), `Electron ${electron.version}`, sizes);
  } finally {
    await app.close();
    screen.kill('SIGKILL');
  }
}

async function measure(
  app: ElectronApplication,
  log: string,
  version: string,
  { opens, idleMs }: AppShellSizes,
): Promise<Figure[]> {
  // The first window is opened by the start itself, which takes longer; so it is closed, and the next is the first of its own.
  await (await app.firstWindow()).getByRole('heading', { name: 'Everything is working' }).waitFor();
  await close(app);
  const first = await open(app);
  await close(app);
  const times: number[] = [];
  const pid = app.process().pid ?? 0;
  for (let warm = 0; warm < 5; warm++) {
    await open(app);
    await close(app);
  }
  const before = await settledMb(app, pid);
  for (let time = 0; time < opens; time++) {
    times.push(await open(app));
    await close(app);
  }
  const after = await settledMb(app, pid);
  const agent = Number([...readFileSync(log, 'utf8').matchAll(/the agent is started, process (\d+)/g)].at(-1)?.[1]);
  await delay(5_000);
  const [main, ours] = [readCpu(pid), readCpu(agent)];
  await delay(idleMs);
  const busyMs = cpuMsBetween(main, readCpu(pid)) + cpuMsBetween(ours, readCpu(agent));
  const renderers = await app.evaluate(
    ({ app: electron }) => electron.getAppMetrics().filter(({ type }) => type === 'Tab').length,
  );
  return [
    reported('the app shell was measured in', `${version}, drawn in software`),
    atMost('click → usable window, first', first, 1_500, 'ms'),
    atMost('click → usable window, later ones', median(times), 500, 'ms'),
    atMost(`${opens} times open and close: more memory in the main process`, Math.max(0, after - before), 10, 'MB'),
    atMost(
      `main process and agent, window closed, over ${idleMs / 60_000} min: of one core`,
      (100 * busyMs) / idleMs,
      0.2,
      '%',
    ),
    atMost('… page processes meanwhile', renderers, 0, ''),
  ];
}

/** As a click on the icon does; until the page shows the state of the agent. */
async function open(app: ElectronApplication): Promise<number> {
  const opened = app.waitForEvent('window');
  const startMs = performance.now();
  await app.evaluate(({ app: electron }) => void electron.emit('second-instance', {}, []));
  await (await opened).getByRole('heading', { name: 'Everything is working' }).waitFor();
  return performance.now() - startMs;
}

async function close(app: ElectronApplication): Promise<void> {
  await app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.close());
  await until('the end of the window', () => app.windows().length === 0, { timeoutMs: CLOSES_WITHIN_MS, everyMs: 5 });
}

async function settledMb(app: ElectronApplication, pid: number): Promise<number> {
  await delay(1_000);
  await app.evaluate(() => (globalThis as { gc?: () => void }).gc?.());
  return readMemory(pid).rssMb;
}
