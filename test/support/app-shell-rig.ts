/** A broker, a desktop and the app shell on it, for the tests in a real Electron. */
import { readFileSync } from 'node:fs';
import { type Display, noDisplay, startDisplay } from './display.ts';
import { type AppShellOptions, isTestRuntime, noElectron, startAppShell, type TestAppShell } from './electron.ts';
import { provisionedOperator } from './fleet.ts';
import { type NatsServer, startNatsServer } from './nats-server.ts';
import { tempDir } from './temp.ts';

/** Why the app shell can't be tested here; null: it can. */
export const noAppShell = noElectron ?? noDisplay;
/** For the name of a group of tests. */
export const inElectron = noAppShell === null ? '' : ` (${noAppShell})`;
/**
 * An Electron of two years ago, here on a screen in memory, was gone without a word once in some 300 starts. Such an app shell is
 * started once more; what it said the first time is printed. The project's own Electron gets no second try.
 */
export const ONCE_MORE = { retry: isTestRuntime ? 1 : 0 } as const;
export const TITLE = { level: 1 } as const;
export const WORKING = 'Everything is working';

export interface AppShellRig {
  readonly server: NatsServer;
  readonly nc: Awaited<ReturnType<typeof provisionedOperator>>;
  readonly display: Display;
  /** To start it again, or a second one. */
  readonly options: AppShellOptions & { readonly directory: string };
  readonly shell: TestAppShell;
}

export interface RigOptions {
  readonly args?: readonly string[];
  readonly toml?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Something that has to be on the desktop first. */
  readonly before?: (display: Display) => Promise<void>;
}

export async function appShellRig({ args = [], toml = '', env = {}, before }: RigOptions = {}): Promise<AppShellRig> {
  const [server, display] = [await startNatsServer(), await startDisplay()];
  await before?.(display);
  const nc = await provisionedOperator(server);
  const options = { display, natsUrl: server.url, args, toml, env, directory: tempDir() };
  return { server, nc, display, options, shell: await startAppShell(options) };
}

/** The newest agent that the app shell has started. */
export function agentPid({ log }: Pick<TestAppShell, 'log'>): number {
  const pids = [...readFileSync(log, 'utf8').matchAll(/the agent is started, process (\d+)/g)];
  return Number(pids.at(-1)?.[1]);
}
