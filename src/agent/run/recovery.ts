/**
 * Settles what an earlier process left behind, before anything is dispatched. It needs a store that can be read; what can't be
 * written for want of room is tried again until it is, and until then nothing new could be started either.
 */
import type { Clock } from '../../base/clock.ts';
import { errorText, type Logger } from '../../base/logger.ts';
import { untilDone } from '../../base/retry.ts';
import { interrupted } from '../results/ending.ts';
import type { OpenRun } from '../store/inbox.ts';
import type { Store } from '../store/store.ts';
import type { Dispatcher } from './dispatcher.ts';
import type { ScriptStarter } from './run-ports.ts';

const PAGE = 200;

export interface RecoveryOptions {
  readonly store: Store;
  readonly scripts: Pick<ScriptStarter, 'endLeftovers' | 'endShellsAhead'>;
  readonly dispatcher: Pick<Dispatcher, 'end' | 'has' | 'holdUpTo' | 'nudge'>;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * Whatever ran is ended and answered 121; what waited goes through the gates again. Rejects when aborted: then the next start
 * does the rest.
 */
export async function recover(options: RecoveryOptions, signal: AbortSignal): Promise<void> {
  const { store } = options;
  // First what is left of them, so that a full disk keeps no script alive.
  const running = store.inbox.inState('running', Number.MAX_SAFE_INTEGER);
  // One of them may have been given the script of a run before its process was noted.
  if (running.length > 0) await options.scripts.endShellsAhead();
  for (const run of running) await endLeftovers(options, store.inbox.get(run));
  await Promise.all(running.map((run) => endOne(options, store.inbox.get(run), signal)));
  while ((await written(options, () => store.waits.adopt(PAGE), signal)) > 0);
  while ((await written(options, () => store.inbox.requeue(PAGE), signal)) > 0);
}

/**
 * This store is an older copy up to a run: what is open of that may have run already, in a time that it knows nothing of. All of
 * it is answered 121, but for scripts that run here and now.
 */
export async function endOlderCopy(options: RecoveryOptions, upTo: number, signal: AbortSignal): Promise<void> {
  const { store, dispatcher } = options;
  await dispatcher.holdUpTo(upTo);
  for (let after = 0; ; ) {
    const found = store.inbox.open(PAGE, after).filter(({ run }) => run <= upTo);
    const page = found.filter(({ run }) => !dispatcher.has(run));
    // A scan of every process of the PC for each of very many rows would take minutes.
    const suspects = found.length < PAGE ? page : page.filter(({ state }) => state === 'running');
    for (const open of suspects) await endLeftovers(options, open);
    await Promise.all(page.map((open) => endOne(options, open, signal)));
    const last = found.at(-1);
    if (last === undefined) break;
    after = last.run;
  }
  await written(options, () => store.settleOldCopy(upTo), signal);
  dispatcher.nudge();
}

async function endLeftovers({ scripts, log }: RecoveryOptions, open: OpenRun | undefined): Promise<void> {
  if (open === undefined) return;
  log.warn('a run was interrupted', { request_id: open.requestId });
  await scripts.endLeftovers({ pid: open.pid, pidStart: open.pidStart, marker: open.resultId });
}

async function endOne(options: RecoveryOptions, open: OpenRun | undefined, signal: AbortSignal): Promise<void> {
  if (open === undefined) return;
  signal.throwIfAborted();
  await options.dispatcher.end(open, interrupted(open.startedAtMs, options.clock.nowMs()));
}

/** Waits for a store that takes it. */
function written<T>({ log }: RecoveryOptions, write: () => Promise<T>, signal: AbortSignal): Promise<T> {
  return untilDone(write, signal, (error) => {
    log.error('what an earlier process left could not be settled yet', { error: errorText(error) });
  });
}
