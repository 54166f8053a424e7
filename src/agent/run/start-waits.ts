/** What a run waits for before it may start: its jitter, and somebody who signs in. What is said here is for the run to note in its row. */
import { NS_PER_MS } from '../../shared/time-units.ts';
import { type Outcome, withoutRun } from '../results/ending.ts';
import type { OpenRun } from '../store/inbox.ts';
import type { Wait, Waits } from '../store/waits.ts';
import type { Command } from '../wire/command.ts';
import { noUserText } from '../wire/result-texts.ts';
import { drawJitterSecs } from './jitter.ts';
import type { ScriptStarter } from './run-ports.ts';

/** A deadline is a moment of a clock that people set: it is checked again at least so often. */
const DEADLINE_RECHECK_MS = 15 * 60_000;
/** Ten years: what a column and a sum with the time since the start of the system hold. */
const MAX_WAIT_MS = 10 * 365 * 86_400_000;

type Noted = Pick<Waits, 'leftMs'>;

/** Spreads the starts of a fleet. How long is drawn once, and kept over restarts (invariant 4). `noted`: it goes on. */
export function jitterWait(
  { run, notBeforeMs }: OpenRun,
  { jitterSecs }: Command,
  waits: Noted,
  nowMs: number,
): Wait | 'noted' | 'over' {
  // It was over before its script was asked for.
  if (waits.leftMs(run, 'retry') !== null) return 'over';
  const leftMs = waits.leftMs(run, 'jitter');
  if (leftMs !== null && leftMs > 0) return 'noted';
  // Over; its wait goes when the run has come further than that.
  if (leftMs !== null || notBeforeMs !== null) return 'over';
  const askedMs = jitterSecs === null || jitterSecs <= 0 ? 0 : drawJitterSecs(jitterSecs) * 1000;
  return askedMs === 0 ? 'over' : { kind: 'jitter', askedMs, notBeforeMs: nowMs + askedMs };
}

/** `run_as: user` waits for somebody to sign in, until the deadline, else for as long as the script may take. */
export function userWait(
  { run }: OpenRun,
  { deadlineAtNs, timeoutSecs }: Command,
  available: ReturnType<ScriptStarter['availability']>,
  waits: Noted,
  nowMs: number,
): Wait | Outcome | 'ready' {
  if (available.kind === 'ready') return 'ready';
  if (available.kind === 'unsupported') return withoutRun('UNSUPPORTED', available.why, { nowMs });
  const noUser = () => withoutRun('NO_USER', noUserText(), { nowMs });
  if (deadlineAtNs !== null) {
    const untilDeadlineMs = Number(deadlineAtNs / NS_PER_MS) - nowMs;
    if (untilDeadlineMs <= 0) return noUser();
    return { kind: 'user', askedMs: Math.min(untilDeadlineMs, DEADLINE_RECHECK_MS), restart: true };
  }
  const leftMs = waits.leftMs(run, 'user');
  // Counted from the first wait on, also by a PC that is started again more often than that.
  if (leftMs !== null && leftMs <= 0) return noUser();
  return { kind: 'user', askedMs: Math.round(Math.min(Math.max(1, Number(timeoutSecs)) * 1000, MAX_WAIT_MS)) };
}
