/**
 * Scenes of updates: IT releases two versions for its server, which has no desktop and brings itself up to date (docs/updates.md).
 * What signs and publishes is `npm run release`; what takes and takes back are starter and agent of an installation of its own.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { create } from 'tar';
import packageJson from '../../package.json' with { type: 'json' };
import { AgentConnection } from '../../src/client/agent-connection.ts';
import type { UpdateDetail } from '../../src/shared/agent-status.ts';
import { findNode24 } from '../bootstrap/node24.mjs';
import { ROOT } from '../bootstrap/paths.mjs';
import { quiet } from '../bootstrap/processes.mjs';
import { agentToml, withoutKanade } from './agent-process.ts';
import type { Outcome, Scene } from './demo-scene.ts';
import { putKey } from './fleet.ts';
import type { LocalFleet } from './local-fleet.ts';
import { ManagedProcess } from './managed-process.ts';
import { layOutInstallation, makeVersion, starterOf } from './own-installation.ts';
import { until } from './waiting.ts';

const SERVER = 'server-1';
const TITLES = ['Update of the server', 'Update that does not start'] as const;
const INSTALLED = packageJson.version;
const GOOD = patched(1);
const BAD = patched(2);
const STOP_MS = 45_000;
const START_AGAIN_MS = 100;
/** A machine may have much to do besides. */
const WITHIN_MS = 90_000;
/** Beyond the rate that a client is allowed this would be refused. */
const POLL_EVERY_MS = 250;
/** Its self-test passes, and no start does. */
const DOES_NOT_START = `if (!process.argv.includes('--self-test')) process.exit(70);\nrequire('./real.js');\n`;

/** None where the agent does not replace itself by a starter (docs/updates.md). */
export const UPDATES: readonly Scene[] =
  process.platform === 'linux' && process.arch === 'x64' ? [{ title: TITLES[0], run: updates }] : [];

async function updates(fleet: LocalFleet, signal: AbortSignal): Promise<readonly Outcome[]> {
  const directory = join(fleet.directory, SERVER);
  mkdirSync(directory);
  const desk = new ReleaseDesk(join(directory, 'release'), fleet);
  await desk.run('keys', '--recovery', join(directory, 'safe'), '--name', 'IT department');
  const server = new Server(directory, fleet, desk.pin);
  server.start();
  try {
    await desk.release(GOOD);
    const taken = await server.seen(GOOD, ({ installed, state }) => installed === GOOD && state === 'none', signal);
    await desk.release(BAD, doesNotStart);
    const back = await server.seen(BAD, ({ state }) => state === 'rolled_back', signal);
    const { undone } = back;
    return [
      {
        title: TITLES[0],
        ok: taken.installed === GOOD,
        words: `done: ${SERVER} has gone from ${INSTALLED} to ${taken.installed} by itself`,
      },
      {
        title: TITLES[1],
        ok: back.installed === GOOD && undone?.version === BAD && undone.why === 'did_not_start',
        words: `taken back: ${undone?.version} did not start, ${back.installed} runs again`,
      },
    ];
  } finally {
    await server.stop();
  }
}

/** What IT does with releases. */
class ReleaseDesk {
  readonly #dir: string;
  readonly #fleet: LocalFleet;

  constructor(dir: string, fleet: LocalFleet) {
    this.#dir = dir;
    this.#fleet = fleet;
  }

  get pin(): string {
    return join(this.#dir, 'keys.1.json');
  }

  /** `npm run release -- …` */
  async run(...args: string[]): Promise<void> {
    const { ok, output } = await quiet(findNode24(), [
      join(ROOT, 'scripts', 'release.ts'),
      ...args,
      '--dir',
      this.#dir,
    ]);
    if (!ok) throw new Error(`npm run release -- ${args[0]}: ${output.trim()}`);
  }

  /** Packs, signs and publishes a version of the agent. */
  async release(version: string, change: (tree: string) => void = () => {}): Promise<void> {
    const tree = join(this.#dir, version);
    makeVersion(tree, version, findNode24());
    change(tree);
    const file = `${tree}.tar.gz`;
    await create({ file, cwd: tree, gzip: { level: 1 }, portable: true }, ['agent', 'node']);
    await this.run('sign', '--file', file, '--version', version, '--platform', 'linux', '--arch', 'x86_64');
    await this.run('publish', '--file', file, '--server', this.#fleet.broker.url);
  }
}

/** The server, and what a service manager does for it. */
class Server {
  readonly #fleet: LocalFleet;
  readonly #process: ManagedProcess;
  readonly #agent: AgentConnection;
  #runs = false;

  constructor(directory: string, fleet: LocalFleet, pin: string) {
    this.#fleet = fleet;
    const [root, data, config] = ['installation', 'data', 'agent.toml'].map((name) => join(directory, name)) as [
      string,
      string,
      string,
    ];
    layOutInstallation(root, INSTALLED, findNode24());
    const logFile = join(directory, 'agent.log');
    const settings = agentToml({ id: SERVER, natsUrl: fleet.broker.url, logFile, grace: '2s' });
    writeFileSync(config, `${settings}\n[update]\nkeys_file = ${JSON.stringify(pin)}\n`, { mode: 0o600 });
    mkdirSync(data);
    const env = { ...withoutKanade(process.env), KANADE_AGENT_DATA_DIR: data };
    const launch = () =>
      spawn(starterOf(root), ['--config', config], { env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    this.#process = new ManagedProcess(launch, { stopMs: STOP_MS });
    const account = String(process.getuid?.() ?? 0);
    const startingUntilMs = performance.now() + WITHIN_MS;
    this.#agent = new AgentConnection({
      agentDir: join(data, 'kanade-tray'),
      account,
      client: 'cli',
      startingUntilMs,
    });
  }

  /** Whenever it ends it is started again. */
  start(): void {
    this.#runs = true;
    this.#process.start();
    void this.#process.ended.then(() => setTimeout(() => this.#runs && this.start(), START_AGAIN_MS));
  }

  async stop(): Promise<void> {
    this.#runs = false;
    this.#agent.close();
    await this.#process.stop();
  }

  /** IT wants `version` there; what the server's agent says of it once `isEnough`. */
  async seen(version: string, isEnough: (update: UpdateDetail) => boolean, signal: AbortSignal): Promise<UpdateDetail> {
    await putKey(this.#fleet.nc, 'agent_config', `pcs.${SERVER}`, { target_version: version });
    const read = async () => {
      // Between two of its versions nobody answers.
      const update = await this.#agent.agent?.call('update.get', {}).catch(() => undefined);
      return update !== undefined && isEnough(update) ? update : undefined;
    };
    const what = `${SERVER} comes to version ${version}`;
    try {
      return await until(what, read, { timeoutMs: WITHIN_MS, everyMs: POLL_EVERY_MS, signal });
    } catch (error) {
      signal.throwIfAborted();
      throw new Error(`${String(error)}; its agent said: ${this.#process.log.slice(-1_000)}`);
    }
  }
}

function doesNotStart(tree: string): void {
  const main = join(tree, 'agent', 'main.js');
  renameSync(main, join(tree, 'agent', 'real.js'));
  writeFileSync(main, DOES_NOT_START);
}

/** The version that is built, so many patches later. */
function patched(by: number): string {
  const [major, minor, patch = ''] = INSTALLED.split('.');
  return [major, minor, Number.parseInt(patch, 10) + by].join('.');
}
