/**
 * The tray application in place of a bare agent: Electron, which hosts the agent itself. Invariant: the same from outside as
 * `AgentProcess`, and what it started ends with it.
 */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../bootstrap/paths.mjs';
import { ChildProgram } from './child-program.mjs';
import { ensureOwnElectron, ensureTestElectron } from './electron.mjs';

const STOP_MS = 60_000;

/**
 * @typedef {object} ShellOptions
 * @property {import('./electron.mjs').Electron} electron
 * @property {string} node Node 24, for an Electron that is too old to carry the agent
 * @property {string} config its agent.toml
 * @property {string} dataDir
 * @property {string} userDir of the window: preferences, log
 * @property {NodeJS.ProcessEnv} env
 */

/**
 * The Electron that shows the window here; null: a page in a browser does. `KANADE_TRAY_ELECTRON=test` takes the one for tests,
 * `=none` none.
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<import('./electron.mjs').Electron | null>}
 */
export async function electronForStart(env = process.env) {
  const asked = env.KANADE_TRAY_ELECTRON;
  const noScreen = process.platform === 'linux' && !env.DISPLAY && !env.WAYLAND_DISPLAY;
  if (asked === 'none' || noScreen) return null;
  const found = asked === 'test' ? await ensureTestElectron(env) : await ensureOwnElectron(env);
  return found.kind === 'none' ? null : found;
}

export class ShellProcess extends ChildProgram {
  #userDir;

  /** @param {ShellOptions} options */
  constructor({ electron, node, config, dataDir, userDir, env }) {
    const own = electron.kind === 'own';
    // Chromium has no sandbox for root; what runs here talks to the loopback only.
    const args = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
    const launch = () =>
      spawn(electron.executable, [...args, join(ROOT, 'dist', ...(own ? [] : ['test-main']))], {
        env: {
          ...env,
          KANADE_AGENT_DATA_DIR: dataDir,
          KANADE_TRAY_USER_DATA: userDir,
          KANADE_TRAY_AGENT_CONFIG: config,
          KANADE_TRAY_HOST: 'tray',
          ...(own ? {} : { KANADE_TRAY_NODE: node }),
        },
        stdio: ['ignore', 'pipe', 'pipe'],
        detached: true,
      });
    super(launch, STOP_MS);
    this.#userDir = userDir;
  }

  /**
   * Starts it; one that runs starts its agent again by itself.
   * @override
   */
  start() {
    if (!this.running) super.start();
  }

  /** Ends the agent as a crash would; the shell stays and starts another. */
  async kill() {
    const log = join(this.#userDir, 'logs', 'shell.log');
    const text = existsSync(log) ? readFileSync(log, 'utf8') : '';
    const pid = Number([...text.matchAll(/the agent is started, process (\d+)/g)].at(-1)?.[1]);
    if (Number.isInteger(pid)) process.kill(pid, 'SIGKILL');
  }
}
