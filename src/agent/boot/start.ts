/** From usable settings to the end of the agent: opens log and store, waits for its turn, runs, and stops (architecture §4). */
import { untilItAnswers } from '../../base/answers.ts';
import { atEnd } from '../../base/at-end.ts';
import type { CurrentVersion } from '../../base/current-version.ts';
import { type OpenLog, openLog } from '../../base/log-file.ts';
import { errorText, type Logger } from '../../base/logger.ts';
import { isStraySocketError } from '../../base/stray-socket-error.ts';
import { until } from '../../base/watched.ts';
import { endNow } from '../../platform/end-process.ts';
import { originalRuns } from '../../platform/original-agent.ts';
import type { BootConfig } from '../config/boot-config.ts';
import type { Loaded } from '../config/load.ts';
import { pathsOf } from '../config/paths.ts';
import { distrustedData } from '../config/trust.ts';
import { EXIT } from '../runtime/exit-codes.ts';
import { startRuntime } from '../runtime/runtime.ts';
import { onStopRequest } from '../runtime/stop-requests.ts';
import { REOPEN_MS } from '../store/open.ts';
import { findInstallation, type Installed } from '../update/installation.ts';
import { acquireInstanceLock, type InstanceLock } from './instance-lock.ts';
import { type OpenedStore, openTheStore, openUsable } from './opened-store.ts';
import { forgetStartFailure } from './start-failure.ts';

export interface StartOptions {
  readonly loaded: Extract<Loaded, { ok: true }>;
  readonly hostSecret: Uint8Array | null;
  readonly version: string;
  /** The directory of our program, and with what it was started. */
  readonly program: string;
  readonly args: readonly string[];
  /** How often an agent that has to wait for another one checks again. */
  readonly lockRetryMs: number;
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
    // A share that has answered only now; where it could be checked before, the state was shown.
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
  using _ = atEnd(onStopRequest(() => stopping.abort(new Error('stopping'))));
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
  }
}

interface Started extends Omit<StartOptions, 'loaded'> {
  readonly config: BootConfig;
  readonly log: OpenLog;
}

/** Runs when it is our turn; once more from the start when a store that could not be used has become usable. */
async function runUntilStopped(options: Started): Promise<number> {
  const { config, log, hostSecret, version, lockRetryMs, args } = options;
  const installed = findInstallation(options.program, version, {
    platform: process.platform,
    startedAs: config.startedAs,
  });
  let failedSwitches = 0;
  let lock: InstanceLock | null = null;
  let found: OpenedStore | null = null;
  let kills: readonly string[] = [];
  for (;;) {
    const opened = found ?? openTheStore(config, log.logger);
    found = null;
    if (opened === 'in_use') {
      process.stderr.write(`the data directory ${config.directories.data} is in use by another agent\n`);
      return EXIT.inUse;
    }
    lock ??= await acquireInstanceLock({
      config,
      hostSecret,
      version,
      log: log.logger,
      originalRuns: () => originalRuns(config.directories),
      pollEveryMs: lockRetryMs,
    });
    if (lock === null) {
      await opened.store.close();
      return EXIT.stopped;
    }
    forgetStartFailure(config.directories.agentDir);
    const program = { installed, args, failedSwitches };
    const runtime = await startRuntime({ config, ...opened, kills, version, program, log, hostSecret });
    const retry = opened.usable ? undefined : setInterval(() => reopen(), REOPEN_MS);
    const reopen = () => {
      found ??= openUsable(config, log.logger);
      if (found !== null) runtime.restart();
    };
    // A damaged store is set aside by the next opening, and what it tells goes on in a new one.
    void until(opened.store.damage, (what) => what !== null).then(() => runtime.restart(config.run.graceMs));
    const end = await runtime.stopped;
    clearInterval(retry);
    kills = runtime.unrecordedKills();
    if (end === 'restart') continue;
    if (end === 'update' && !switches(installed, runtime.next, log.logger)) {
      failedSwitches += 1;
      continue;
    }
    await (found as OpenedStore | null)?.store.close();
    await lock.release();
    log.logger.info('stopped');
    return end === 'update' ? EXIT.update : EXIT.stopped;
  }
}

/** What counts from the next start on. False: that could not be written, and we go on as before. */
function switches(installed: Installed, next: CurrentVersion | null, log: Logger): boolean {
  if (next === null || installed.by !== 'us') return true;
  try {
    installed.installation.switchTo(next);
    log.info('another version counts', { version: next.version });
    return true;
  } catch (error) {
    log.error('another version could not be made the one that counts', { error: errorText(error) });
    return false;
  }
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
