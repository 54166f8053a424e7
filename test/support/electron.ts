/**
 * The built app shell in a real Electron: the project's own where it can be downloaded, else the older one for tests, with the agent on
 * Node 24 beside it. Invariant: it and everything that it started end with the test.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { _electron, type ElectronApplication, type Page } from '@playwright/test';
import { onTestFinished } from 'vitest';
import { findNode24 } from '../../scripts/bootstrap/node24.mjs';
import { agentToml, withoutKanade } from '../../scripts/lib/agent-process.ts';
import { findTestElectron } from '../../scripts/lib/electron.ts';
import type { Display } from './display.ts';
import { tempDir } from './temp.ts';

const DIST = join(import.meta.dirname, '..', '..', 'dist');
const found = findTestElectron();

/** Why there can be no test with Electron here; null: there can. */
export const noElectron: string | null = found.kind === 'none' ? found.why : null;

/** Whether it is only the older one that stands in for the project's own. */
export const isTestRuntime = found.kind === 'test_runtime';

export interface AppShellOptions {
  readonly display: Display;
  readonly natsUrl: string;
  readonly toml?: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** One of its own by default: in tray mode two agents of one PC wait for each other. */
  readonly pcId?: string;
  /** Settings, data and user data of an app shell that was there before. */
  readonly directory?: string;
}

export interface TestAppShell {
  readonly app: ElectronApplication;
  readonly directory: string;
  readonly dataDirectory: string;
  readonly pcId: string;
  /** The file of what the app shell has logged. */
  readonly log: string;
  window(): Promise<Page>;
}

/** How the app shell is started, for a test that starts it by itself. */
export function appShellCommand(options: AppShellOptions & { readonly directory: string }) {
  if (found.kind === 'none') throw new Error(found.why);
  const { display, directory, args = [], natsUrl, toml = '' } = options;
  const dataDirectory = join(directory, 'data');
  mkdirSync(dataDirectory, { recursive: true });
  const config = join(directory, 'agent.toml');
  const pcId = options.pcId ?? `PC-${basename(directory).slice(-6)}`;
  const settings = agentToml({ id: pcId, natsUrl, logFile: join(directory, 'logs', 'agent.log') });
  writeFileSync(config, `${settings}\n[run]\ngrace = "2s"\n${toml}\n`);
  const own = found.kind === 'own';
  const env: Record<string, string> = {
    ...(withoutKanade(process.env) as Record<string, string>),
    ...display.env,
    LANG: 'en_GB.UTF-8',
    LANGUAGE: 'en',
    KANADE_TRAY_USER_DATA: join(directory, 'user'),
    KANADE_AGENT_DATA_DIR: dataDirectory,
    KANADE_TRAY_AGENT_CONFIG: config,
    // An older Electron's Node can't carry the agent.
    ...(own ? {} : { KANADE_TRAY_NODE: findNode24() }),
    ...options.env,
  };
  const rootArgs = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  return {
    executablePath: found.executable,
    args: [...rootArgs, own ? DIST : join(DIST, 'test-main'), ...args],
    env,
    dataDirectory,
    pcId,
  };
}

function readIfThere(file: string): string {
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}

export async function startAppShell(options: AppShellOptions): Promise<TestAppShell> {
  const directory = options.directory ?? tempDir();
  const { dataDirectory, pcId, ...command } = appShellCommand({ ...options, directory });
  const app = await _electron.launch({ ...command, timeout: 30_000 });
  const child = app.process();
  const log = join(directory, 'user', 'logs', 'shell.log');
  const said: Buffer[] = [];
  child.stderr?.on('data', (bytes: Buffer) => said.push(bytes));
  onTestFinished(({ task }) => {
    const end = child.exitCode ?? child.signalCode ?? 'none yet';
    child.kill('SIGKILL');
    if (task.result?.state !== 'fail') return;
    console.error(`app shell ${child.pid}, end: ${end}\n${Buffer.concat(said).toString()}\n${readIfThere(log)}`);
  });
  // Well below a test's own time, so that a step that hangs is named.
  app.context().setDefaultTimeout(10_000);
  return {
    app,
    directory,
    dataDirectory,
    pcId,
    log,
    window: () => app.firstWindow(),
  };
}
