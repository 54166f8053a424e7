/** From usable settings to the end of the agent: opens log and store, waits for its turn, runs, and stops (design §4). */
import { untilItAnswers } from './base/answers.ts';
import { systemClock } from './base/clock.ts';
import { type OpenLog, openLog } from './base/log-file.ts';
import { errorText, type Logger } from './base/logger.ts';
import { isStraySocketError } from './base/stray-socket-error.ts';
import { until } from './base/watched.ts';
import type { BootConfig } from './config/boot-config.ts';
import type { Loaded } from './config/load.ts';
import { pathsOf } from './config/paths.ts';
import { distrustedData } from './config/trust.ts';
import { EXIT } from './exit-codes.ts';
import { bootId } from './os/boot-id.ts';
import { endNow } from './os/end-process.ts';
import { originalRuns } from './os/original-agent.ts';
import { stillAlive } from './os/watchdog.ts';
import { startRuntime } from './runtime.ts';
import { onStopRequest } from './stop-requests.ts';
import { noteDamage } from './store/aside.ts';
import { type OpenResult, openStore } from './store/open.ts';
import { isCorrupt, isOfNow, isUnreadable } from './store/sqlite-errors.ts';
import { Store, type StoreOptions } from './store/store.ts';
import { type Turn, waitForTurn } from './turn.ts';

export interface StartOptions {
  readonly loaded: Extract<Loaded, { ok: true }>;
  readonly hostSecret: Uint8Array | null;
  readonly version: string;
  /** How often an agent that has to wait for another one looks again. */
  readonly lookForTurnMs: number;
}

/** Runs until it is stopped; resolves to the exit code, once the log is closed. */
export async function start({ loaded, ...options }: StartOptions): Promise<number> {
  const { config, warnings } = loaded;
  const log = await openLog({
    pathTemplate: config.log.path,
    level: config.log.level,
    keepDays: config.log.keepDays,
    format: config.log.format,
    stdout: process.stdout,
    rustLog: process.env.RUST_LOG,
  });
  log.logger.info('starting', { version: options.version, pc_id: config.agent.id, node: process.versions.node });
  for (const { file, line, key, message } of warnings) log.logger.warn(`${key}: ${message}`, { file, line });
  endOnBugs(log);
  try {
    if (!(await pathsAnswer(config, log.logger))) return EXIT.stopped;
    // A share that has answered only now; where it could be looked at before, the state was shown.
    const distrusted = distrustedData(config.directories);
    if (distrusted !== null) {
      log.logger.error(`settings not trusted: ${distrusted.path}: ${distrusted.why}`);
      return EXIT.bug;
    }
    return await runUntilStopped({ config, log, ...options });
  } finally {
    const left = process.getActiveResourcesInfo();
    if (left.length > 0) log.logger.debug('what is left ends with the process', { left });
    log.close();
  }
}

/** Waits for paths on a share that is away, one after the other: each takes a thread of the pool. False: asked to stop. */
async function pathsAnswer(config: BootConfig, log: Logger): Promise<boolean> {
  const stopping = new AbortController();
  const listening = onStopRequest(() => stopping.abort(new Error('stopping')));
  try {
    for (const { what, path } of pathsOf(config)) {
      const onSilence = () => log.error(`waiting for ${what}, which does not answer`, { path });
      await untilItAnswers(path, { signal: stopping.signal, onSilence });
    }
    return true;
  } catch (error) {
    if (!stopping.signal.aborted) throw error;
    log.info('stopped');
    return false;
  } finally {
    listening();
  }
}

interface Started extends Omit<StartOptions, 'loaded'> {
  readonly config: BootConfig;
  readonly log: OpenLog;
}

/** Runs when it is our turn; once more from the start when a store that could not be used has become usable. */
async function runUntilStopped({ config, log, hostSecret, version, lookForTurnMs }: Started): Promise<number> {
  let turn: Turn | null = null;
  let found: OpenResult | null = null;
  let kills: readonly string[] = [];
  for (;;) {
    const opened = openTheStore(config, log, found ?? openFile(config, log));
    found = null;
    if (opened === 'in_use') {
      process.stderr.write(`the data directory ${config.directories.data} is in use by another agent\n`);
      return EXIT.inUse;
    }
    turn ??= await waitForTurn({
      config,
      hostSecret,
      version,
      log: log.logger,
      originalRuns: () => originalRuns(config.directories),
      lookEveryMs: lookForTurnMs,
    });
    if (turn === null) {
      await opened.store.close();
      return EXIT.stopped;
    }
    const runtime = await startRuntime({ config, ...opened, kills, version, log, hostSecret });
    const retry = opened.usable ? undefined : setInterval(() => lookAgain(), RETRY_STORE_MS);
    const lookAgain = () => {
      found ??= openUsable(config, log);
      if (found !== null) runtime.restart();
    };
    // A damaged store is set aside by the next opening, and what it tells goes on in a new one.
    void until(opened.store.damage, (what) => what !== null).then(() => runtime.restart(config.run.graceMs));
    const end = await runtime.stopped;
    clearInterval(retry);
    kills = runtime.unrecordedKills();
    if (end === 'restart') continue;
    if (found !== null) await closed(openTheStore(config, log, found));
    await turn.release();
    log.logger.info('stopped');
    return EXIT.stopped;
  }
}

const RETRY_STORE_MS = 4_000;

async function closed(opened: OpenedStore | 'in_use'): Promise<void> {
  if (opened !== 'in_use') await opened.store.close();
}

/** An exception that reaches this far is a bug: said, and the end; the host starts us again and the store is as it was. */
function endOnBugs(log: OpenLog): void {
  const end = (error: unknown) => {
    if (isStraySocketError(error)) {
      log.logger.warn('a socket that nobody listened to any more failed', { error: error.message });
      return;
    }
    log.logger.error('ended by a bug', {
      error: error instanceof Error ? (error.stack ?? error.message) : String(error),
    });
    log.close();
    endNow(EXIT.bug);
  };
  process.on('uncaughtException', end);
  process.on('unhandledRejection', end);
}

function openFile(config: BootConfig, log: OpenLog): OpenResult {
  const { directories, results } = config;
  const options = { publishPinSkips: results.publishPinSkips };
  return openStore(directories.own, log.logger.child('store'), stillAlive, options);
}

/** The store, where it can be used by now. */
function openUsable(config: BootConfig, log: OpenLog): OpenResult | null {
  try {
    const opened = openFile(config, log);
    return opened.kind === 'open' ? opened : null;
  } catch {
    // Out of file descriptors, for one: the next look may tell.
    return null;
  }
}

interface OpenedStore {
  readonly store: Store;
  readonly oldCopy: boolean;
  readonly unclean: boolean;
  readonly usable: boolean;
}

/** A store that can't be used is a state that is shown, not the end: the agent stays up and says so (design §6). */
function openTheStore(config: BootConfig, log: OpenLog, opened: OpenResult): OpenedStore | 'in_use' {
  const directory = config.directories.own;
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
      try {
        const store = new Store(opened.db, { ...options, full, quarantined: quarantined !== null });
        return { store, oldCopy, unclean, usable: true };
      } catch (error) {
        opened.db.close();
        // Something that it reads at once; found here, and not by the check at the opening.
        if (isUnreadable(error) || isOfNow(error)) {
          log.logger.error('the store can not be read', { why: errorText(error) });
          return { store: Store.unusable(options, 'read_only'), oldCopy: false, unclean: false, usable: false };
        }
        if (!isCorrupt(error) || !noteDamage(directory, errorText(error))) throw error;
        return openTheStore(config, log, openFile(config, log));
      }
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
