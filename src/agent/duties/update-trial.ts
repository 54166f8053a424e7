/**
 * A version that is on trial, from its first start to its place. Invariant: it counts for good only once it was on the air: its
 * heartbeat has reached the broker, and it could read what the next version would come from. Until then the starter takes it back
 * after three starts that failed (`packaging/linux/starter.sh`); no script is ended for that either.
 */
import { spreadMs } from '../../base/backoff.ts';
import type { CurrentVersion } from '../../base/current-version.ts';
import { drop } from '../../base/drop.ts';
import { errorText, type Logger } from '../../base/logger.ts';
import { removeLargeQuietly } from '../../base/remove-quietly.ts';
import { untilDone } from '../../base/retry.ts';
import { sleep } from '../../base/sleep.ts';
import { until } from '../../base/watched.ts';
import type { Binding, Bus } from '../bus/bus.ts';
import type { UpdateNotes } from '../store/update-notes.ts';
import type { Installation } from '../update/installation.ts';
import { RELEASES, releaseObjects, type Target } from '../update/release-names.ts';
import { type HeldCommands, HOLD_AGAIN_MS, holdUntilIdle } from './hold-commands.ts';

/**
 * Of time with a link, while the PC is awake. A version that can't get there is as bad as one that does not start. Without a link
 * that can't be told: the PC may be away for as long as it likes.
 */
const ON_THE_AIR_WITHIN_MS = 2 * 3_600_000;
const ASK_AGAIN_MS = 1_000;
/** From the connection to the heartbeat on it. */
const HEARTBEAT_GOES_MS = 50;

export interface UpdateTrialOptions {
  readonly installation: Installation;
  /** What its package was fetched into; it goes once nobody needs it. */
  readonly staging: string;
  readonly version: string;
  readonly target: Target;
  readonly bus: Pick<Bus, 'link' | 'objectsPresent'>;
  readonly notes: UpdateNotes;
  /** False: its store can't be used, so it is none that could stay. */
  readonly storeIsUsable: boolean;
  readonly nowMs: () => number;
  /** This version counts, from now on or from long ago. */
  readonly onSettled: () => void;
  readonly commands: HeldCommands;
  /** Ends this start, as one that failed. Nothing runs, and commands are held. */
  readonly onFailed: () => void;
  readonly log: Logger;
  /** For tests. */
  readonly onTheAirWithinMs?: number;
  readonly holdMs?: number;
}

/** Also notes what the starter has taken back. */
export function startUpdateTrial(options: UpdateTrialOptions): Binding {
  const ending = new AbortController();
  drop(follow(options, ending.signal), options.log, 'the trial of a version');
  return { close: () => ending.abort(new Error('closed')) };
}

async function follow(options: UpdateTrialOptions, signal: AbortSignal): Promise<void> {
  const { installation, version, onSettled, onFailed, log } = options;
  try {
    const { current } = installation;
    if (current?.trial === undefined) {
      if (current?.failed !== undefined) await noteFailed(options, current.failed, signal);
      // What a crash right after a trial has left.
      await installation.tidy(version);
      return onSettled();
    }
    log.info('this version is on trial', { version, before: current.trial.before });
    if (!(await getsOnTheAir(options, signal))) return onFailed();
    const { before } = current.trial;
    await untilDone(async () => installation.switchTo({ version }), signal, tellWhy(log));
    log.info('this version was on the air, and stays', { version });
    await installation.tidy(version, before);
    await removeLargeQuietly(options.staging);
    onSettled();
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

/** False: it does not, and the agent may end for that. */
async function getsOnTheAir(options: UpdateTrialOptions, signal: AbortSignal): Promise<boolean> {
  const { version, commands, holdMs, log } = options;
  let withinMs = options.onTheAirWithinMs ?? ON_THE_AIR_WITHIN_MS;
  for (;;) {
    if (await onTheAir(options, withinMs, signal)) return true;
    log.error('this version does not get on the air', { version });
    if ((await holdUntilIdle(commands, { mayGo: () => true, signal, holdMs })) === 'idle') return false;
    withinMs = spreadMs(HOLD_AGAIN_MS);
  }
}

/** False: not within so much time with a link. */
async function onTheAir(
  { bus, version, target, storeIsUsable }: UpdateTrialOptions,
  withinMs: number,
  signal: AbortSignal,
): Promise<boolean> {
  for (let linkedMs = 0; ; ) {
    const { sinceMs } = await until(bus.link, ({ state }) => state === 'connected', signal);
    const fromMs = performance.now();
    await sleep(HEARTBEAT_GOES_MS, signal);
    // An answer to a request that was sent after the heartbeat: so the broker has that one.
    const answer = await bus.objectsPresent(RELEASES, [releaseObjects(version, target).manifest]);
    if (answer !== null && storeIsUsable) return true;
    await sleep(ASK_AGAIN_MS, signal);
    const { value: link } = bus.link;
    if (link.state === 'connected' && link.sinceMs === sinceMs) linkedMs += performance.now() - fromMs;
    if (linkedMs > withinMs) return false;
  }
}

async function noteFailed(
  { installation, staging, version, notes, nowMs, log }: UpdateTrialOptions,
  failed: NonNullable<CurrentVersion['failed']>,
  signal: AbortSignal,
): Promise<void> {
  log.error('a version was taken back: it did not start', { version: failed.version, back: version });
  const undone = { ...failed, why: 'did_not_start', atMs: nowMs() } as const;
  // Until it is noted `current.json` goes on to say it.
  await untilDone(() => notes.noteUndone(undone), signal, tellWhy(log));
  await untilDone(async () => installation.switchTo({ version }), signal, tellWhy(log));
  if (installation.putBy === 'starter') await removeLargeQuietly(installation.directoryOf(failed.version));
  await removeLargeQuietly(staging);
}

function tellWhy(log: Logger): (error: unknown) => void {
  return (error) => log.warn('which version counts could not be written yet', { error: errorText(error) });
}
