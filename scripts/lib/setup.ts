/**
 * The whole set-up of a fresh machine (git, Node ≥ 20, npm, and Go or Python). Invariant: what is there is found without
 * starting an installer, so a second start sets up nothing and loses no time.
 */
import { findNode24 } from '../bootstrap/node24.mjs';
import { ensureBrowser } from './browser.ts';
import { ensureDesktop } from './desktop.ts';
import { ensureTestElectron } from './electron.ts';
import { ensureInteropTools } from './interop-tools.ts';
import { ensureNatsServer } from './nats-server.ts';

/**
 * Node 24 and a broker; the packages are there (`scripts/run.mjs`).
 * @returns the paths of Node 24 and of nats-server
 * @throws a `CliError` with a sentence that says what to install
 */
export async function setUp(): Promise<{ node: string; natsServer: string }> {
  const node = findNode24();
  const natsServer = await ensureNatsServer();
  return { node, natsServer };
}

/** {@link setUp}, and what only tests need. */
export async function setUpTests(): Promise<{ node: string; natsServer: string; browser: string }> {
  const tools = await setUp();
  const browser = await ensureBrowser();
  await ensureDesktop();
  // Where there is none, the tests of the app shell are skipped and say why.
  await ensureTestElectron();
  return { ...tools, browser };
}

/**
 * {@link setUp}, and the original fleet software.
 * @returns `kanadeBin`: the directory of its programs
 */
export async function setUpInterop(): Promise<{ node: string; natsServer: string; kanadeBin: string }> {
  const tools = await setUp();
  return { ...tools, kanadeBin: await ensureInteropTools() };
}

/** The environment for what runs on the set-up: it finds the same broker and browser without looking again. */
export function withTools(
  { natsServer, browser }: { natsServer: string; browser?: string },
  env: NodeJS.ProcessEnv = process.env,
) {
  return { ...env, KANADE_TRAY_NATS_SERVER: natsServer, ...(browser ? { KANADE_TRAY_BROWSER: browser } : {}) };
}
