/** The command line of the headless agent, and how it ends (design §4). */
import { text } from 'node:stream/consumers';
import { parseArgs } from 'node:util';
import packageJson from '../../package.json' with { type: 'json' };
import { systemClock } from './base/clock.ts';
import { type OpenLog, openLog } from './base/log-file.ts';
import { errorText } from './base/logger.ts';
import type { BootConfig } from './config/boot-config.ts';
import { formatEffective } from './config/effective.ts';
import { formatWarnings } from './config/fault.ts';
import { hashHelpdeskCode } from './config/helpdesk-code.ts';
import { type Loaded, loadBootConfig } from './config/load.ts';
import { EXIT } from './exit-codes.ts';
import { bootId } from './os/boot-id.ts';
import { originalRuns } from './os/original-agent.ts';
import { startWatchdog } from './os/watchdog.ts';
import { startRuntime } from './runtime.ts';
import { followServiceHost, onStopRequest } from './stop-requests.ts';
import { openStore } from './store/open.ts';
import { Store, type StoreOptions } from './store/store.ts';
import { type Turn, waitForTurn } from './turn.ts';

const VERSION: string = packageJson.version;

const USAGE = `usage: agent [--config FILE] [--service [--control] | --tray] [--check-config] [--hash-code] [--version]

  --config FILE    the settings; else $KANADE_AGENT_CONFIG, else agent.toml in the configuration directory
  --service        started by the service manager: missing or faulty settings are shown, not the end
  --control        what the Windows service manager says comes on standard input
  --tray           started by the tray application of the signed-in user
  --hash-code      reads a helpdesk code from standard input and prints what belongs into [helpdesk] code_hash
  --check-config   prints the effective settings and ends, 0 if they are usable, else 1
`;
/** Given by the process that starts us; taken out of the environment at once. */
const HOST_SECRET_VARIABLE = 'KANADE_TRAY_HOST_SECRET';

interface Options {
  readonly config?: string | undefined;
  readonly service?: boolean | undefined;
  readonly control?: boolean | undefined;
  readonly tray?: boolean | undefined;
  readonly 'check-config'?: boolean | undefined;
  readonly 'hash-code'?: boolean | undefined;
  readonly version?: boolean | undefined;
  readonly help?: boolean | undefined;
}

/** How often an agent that has to wait for another one looks again (design §4). */
const LOOK_FOR_TURN_MS = 15_000;

/** Runs until it is stopped; resolves to the exit code of the process. */
export async function run(argv: readonly string[], lookForTurnMs = LOOK_FOR_TURN_MS): Promise<number> {
  const options = parseOptions(argv);
  if (typeof options === 'string') return fault(`${options}\n\n${USAGE}`);
  if (options.help) return print(USAGE);
  if (options.version) return print(`${VERSION}\n`);
  if (options['hash-code']) return hashCode();
  const loaded = load(options);
  if (options['check-config']) return checkConfig(loaded);
  if (options.control) followServiceHost(process.stdin);
  if (options.service) startWatchdog({ env: process.env, platform: process.platform });
  const hostSecret = takeHostSecret();
  if (loaded.ok) return start(loaded, hostSecret, lookForTurnMs);
  if (!options.service && !options.tray) return fault(`${loaded.message}\n`);
  const { waitForSettings } = await import('./not-set-up.ts');
  const startedAs = options.service ? 'service' : 'tray';
  const reload = () => load(options);
  const usable = await waitForSettings({ loaded, startedAs, hostSecret, reload, version: VERSION });
  return typeof usable === 'number' ? usable : start(usable, hostSecret, lookForTurnMs);
}

function parseOptions(argv: readonly string[]): Options | string {
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: {
        config: { type: 'string' },
        service: { type: 'boolean' },
        control: { type: 'boolean' },
        tray: { type: 'boolean' },
        'check-config': { type: 'boolean' },
        'hash-code': { type: 'boolean' },
        version: { type: 'boolean' },
        help: { type: 'boolean' },
      },
    });
    return values;
  } catch (error) {
    return errorText(error);
  }
}

function load(options: Options): Loaded {
  return loadBootConfig({
    ...(options.config === undefined ? {} : { configPath: options.config }),
    env: process.env,
    platform: process.platform,
    cwd: process.cwd(),
    startedAs: options.service ? 'service' : options.tray ? 'tray' : 'headless',
  });
}

function checkConfig(loaded: Loaded): number {
  if (loaded.ok) return print(formatEffective(loaded.config, loaded.warnings));
  return fault(`${[loaded.message, formatWarnings(loaded.warnings)].filter((text) => text !== '').join('\n')}\n`);
}

/** Opens log and store, runs, and waits for the end. */
async function start(
  loaded: Extract<Loaded, { ok: true }>,
  hostSecret: Uint8Array | null,
  lookForTurnMs: number,
): Promise<number> {
  const { config, warnings } = loaded;
  const log = openLog({
    pathTemplate: config.log.path,
    level: config.log.level,
    keepDays: config.log.keepDays,
    format: config.log.format,
    stdout: process.stdout,
    rustLog: process.env.RUST_LOG,
  });
  log.logger.info('starting', { version: VERSION, pc_id: config.agent.id, node: process.versions.node });
  for (const { file, line, key, message } of warnings) log.logger.warn(`${key}: ${message}`, { file, line });
  endOnBugs(log);
  try {
    return await runUntilStopped({ config, log, hostSecret, lookForTurnMs });
  } finally {
    log.close();
  }
}

interface Started {
  readonly config: BootConfig;
  readonly log: OpenLog;
  readonly hostSecret: Uint8Array | null;
  readonly lookForTurnMs: number;
}

/** Runs when it is our turn; once more from the start when a store that could not be used has become usable. */
async function runUntilStopped({ config, log, hostSecret, lookForTurnMs }: Started): Promise<number> {
  let turn: Turn | null = null;
  for (;;) {
    const opened = openTheStore(config, log);
    if (opened === 'in_use') {
      return fault(`the data directory ${config.directories.data} is in use by another agent\n`, EXIT.inUse);
    }
    turn ??= await waitForTurn({
      config,
      hostSecret,
      version: VERSION,
      log: log.logger,
      originalRuns: () => originalRuns(config.directories),
      lookEveryMs: lookForTurnMs,
    });
    if (turn === null) {
      await opened.store.close();
      return EXIT.stopped;
    }
    const runtime = await startRuntime({ config, ...opened, version: VERSION, log, hostSecret });
    const listening = onStopRequest((graceMs) => void runtime.stop(Math.min(config.run.graceMs, graceMs ?? Infinity)));
    const retry = opened.usable
      ? undefined
      : setInterval(() => void (isUsable(config) && runtime.restart()), RETRY_STORE_MS);
    const end = await runtime.stopped;
    clearInterval(retry);
    listening();
    if (end === 'restart') continue;
    await turn.release();
    log.logger.info('stopped');
    return EXIT.stopped;
  }
}

const RETRY_STORE_MS = 10_000;

/** An exception that reaches this far is a bug: said, and the end; the host starts us again and the store is as it was. */
function endOnBugs(log: OpenLog): void {
  const end = (error: unknown) => {
    log.logger.error('ended by a bug', {
      error: error instanceof Error ? (error.stack ?? error.message) : String(error),
    });
    log.close();
    process.exit(EXIT.bug);
  };
  process.on('uncaughtException', end);
  process.on('unhandledRejection', end);
}

/** Whether the store can be opened by now. */
function isUsable(config: BootConfig): boolean {
  const opened = openStore(config.directories.own);
  if (opened.kind === 'open') opened.db.close();
  return opened.kind === 'open';
}

interface OpenedStore {
  readonly store: Store;
  readonly oldCopy: boolean;
  readonly unclean: boolean;
  readonly usable: boolean;
}

/** A store that can't be used is a state that is shown, not the end: the agent stays up and says so (design §6). */
function openTheStore(config: BootConfig, log: OpenLog): OpenedStore | 'in_use' {
  const directory = config.directories.own;
  const opened = openStore(directory, log.logger.child('store'));
  const options: StoreOptions = {
    directory,
    retention: { historyDays: config.history.days, historyMaxBytes: config.history.maxBytes },
    boot: bootId(),
    clock: systemClock,
    log: log.logger.child('store'),
  };
  switch (opened.kind) {
    case 'in_use':
      return 'in_use';
    case 'open': {
      const { quarantined, oldCopy, unclean, full } = opened.notes;
      if (quarantined !== null) log.logger.error('the store was damaged; a new one is begun', { kept_as: quarantined });
      if (oldCopy) log.logger.error('an old copy of the store was put back; nothing that is open in it is run');
      const store = new Store(opened.db, { ...options, full, quarantined: quarantined !== null });
      return { store, oldCopy, unclean, usable: true };
    }
    case 'future':
      log.logger.error('the store was written by a newer release', { have: opened.have, supported: opened.supported });
      return { store: Store.unusable(options, 'future'), oldCopy: false, unclean: false, usable: false };
    case 'read_only':
    case 'full':
      log.logger.error('the store can not be written', { state: opened.kind, why: opened.why });
      return { store: Store.unusable(options, opened.kind), oldCopy: false, unclean: false, usable: false };
  }
}

function takeHostSecret(): Uint8Array | null {
  const text = process.env[HOST_SECRET_VARIABLE];
  delete process.env[HOST_SECRET_VARIABLE];
  return text === undefined || !/^[0-9a-f]{64}$/.test(text) ? null : Buffer.from(text, 'hex');
}

async function hashCode(): Promise<number> {
  const code = (await text(process.stdin)).trim();
  const hashed = await hashHelpdeskCode(code);
  return hashed.ok ? print(`${hashed.hash}\n`) : fault(`${hashed.error}\n`);
}

function print(text: string): number {
  process.stdout.write(text);
  return EXIT.stopped;
}

function fault(text: string, code: number = EXIT.fault): number {
  process.stderr.write(text);
  return code;
}
