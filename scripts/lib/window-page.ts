/**
 * The window as a page in a browser: the server of the page beside the agent, and a desktop browser on it where there is one.
 * Invariant: the server never outlives us.
 */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { CliError } from '../bootstrap/say.mjs';
import { WEB_MAIN } from './building.ts';
import { ManagedProcess } from './managed-process.ts';

const STARTS_WITHIN_MS = 15_000;
const STOP_MS = 10_000;

export interface WindowPage {
  /** Good for one visit */
  readonly address: string;
  readonly stop: () => Promise<void>;
}

/** @param options `onAddress` gets the address for the next visit each time one was used */
export async function serveWindowPage({
  node,
  dataDir,
  env,
  onAddress,
}: {
  node: string;
  dataDir: string;
  env: NodeJS.ProcessEnv;
  onAddress: (address: string) => void;
}): Promise<WindowPage> {
  const launch = () =>
    spawn(node, [WEB_MAIN], {
      env: { ...env, KANADE_AGENT_DATA_DIR: dataDir },
      stdio: ['ignore', 'pipe', 'pipe'],
      windowsHide: true,
      // A Ctrl-C at the terminal reaches us alone.
      detached: true,
    });
  const server = new ManagedProcess(launch, { stopMs: STOP_MS });
  const stop = () => server.stop();
  const { stdout } = server.start();
  let late: NodeJS.Timeout | undefined;
  const address = new Promise<string>((resolve, reject) => {
    late = setTimeout(() => reject(new CliError('The window was not served in time.')), STARTS_WITHIN_MS);
    createInterface({ input: stdout as Readable }).on('line', (line) => {
      const [, what, where = ''] = /^(window|again): (\S+)$/.exec(line) ?? [];
      if (what === 'window') resolve(where);
      if (what === 'again') onAddress(where);
    });
    void server.died.then(() => reject(new CliError(`The window can not be served:\n${server.log.trim()}`)));
  }).finally(() => clearTimeout(late));
  try {
    return { address: await address, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/**
 * Opens the address where there is a desktop; `BROWSER=none` keeps it shut.
 * @returns whether a browser was asked to
 */
export function openInBrowser(address: string, env: NodeJS.ProcessEnv = process.env): boolean {
  const command = browserCommand(env);
  if (command === null) return false;
  const [program = '', ...args] = command;
  const child = spawn(program, [...args, address], { stdio: 'ignore', detached: true, windowsHide: true });
  // No such program: the address is printed in any case.
  child.on('error', () => {});
  child.unref();
  return true;
}

/** The program that opens a page, with its arguments before the address; null: there is no desktop, or it is not wanted. */
export function browserCommand(env: NodeJS.ProcessEnv, platform: NodeJS.Platform = process.platform): string[] | null {
  const { BROWSER: asked = '' } = env;
  if (asked === 'none') return null;
  if (asked !== '') return [asked];
  if (platform === 'win32') return ['rundll32.exe', 'url.dll,FileProtocolHandler'];
  if (platform === 'darwin') return ['open'];
  return env.DISPLAY || env.WAYLAND_DISPLAY ? ['xdg-open'] : null;
}
