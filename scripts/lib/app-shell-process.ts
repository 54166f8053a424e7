/**
 * The tray application in place of a bare agent: Electron, which hosts the agent itself. Invariant: the same from outside as
 * `AgentProcess`, and what it started ends with it.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../bootstrap/paths.mjs';
import { type Electron, ensureOwnElectron, ensureTestElectron } from './electron.ts';
import { ManagedProcess } from './managed-process.ts';

const STOP_MS = 60_000;

interface AppShellOptions {
  readonly electron: Electron;
  /** Node 24, for an Electron that is too old to carry the agent */
  readonly node: string;
  /** Its agent.toml */
  readonly config: string;
  readonly dataDir: string;
  /** Of the window: preferences, log */
  readonly userDir: string;
  readonly env: NodeJS.ProcessEnv;
}

/**
 * The Electron that shows the window here; null: a page in a browser does. `KANADE_TRAY_ELECTRON=test` takes the one for tests,
 * `=none` none.
 */
export async function electronForStart(env: NodeJS.ProcessEnv = process.env): Promise<Electron | null> {
  const asked = env.KANADE_TRAY_ELECTRON;
  const noScreen = process.platform === 'linux' && !env.DISPLAY && !env.WAYLAND_DISPLAY;
  if (asked === 'none' || noScreen) return null;
  const found = asked === 'test' ? await ensureTestElectron(env) : await ensureOwnElectron(env);
  return found.kind === 'none' ? null : found;
}

export class AppShellProcess extends ManagedProcess {
  #userDir;

  constructor({ electron, node, config, dataDir, userDir, env }: AppShellOptions) {
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
    super(launch, { stopMs: STOP_MS });
    this.#userDir = userDir;
  }

  /** Starts it; one that runs starts its agent again by itself. */
  override start(): ChildProcess {
    return this.child ?? super.start();
  }

  /** Ends the agent as a crash would; the app shell stays and starts another. */
  override async kill() {
    const log = join(this.#userDir, 'logs', 'shell.log');
    const text = existsSync(log) ? readFileSync(log, 'utf8') : '';
    const pid = Number([...text.matchAll(/the agent is started, process (\d+)/g)].at(-1)?.[1]);
    if (Number.isInteger(pid)) process.kill(pid, 'SIGKILL');
  }
}
