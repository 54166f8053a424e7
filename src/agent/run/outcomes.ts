/** The outcomes that a run can have, one function each (architecture §3). */
import { type FixedReason, OUTCOMES } from '../../shared/outcomes.ts';
import type { Refusal } from '../gates/decide.ts';
import { type Outcome, withNote, withoutRun } from '../results/ending.ts';
import type { Command } from '../wire/command.ts';
import {
  agentStoppedText,
  killedText,
  retriesPastDeadlineText,
  retriesText,
  spawnFailedText,
  timeoutText,
} from '../wire/result-texts.ts';
import type { Attempted } from './attempts.ts';
import type { Finished } from './script-runner.ts';

export function refused(refusal: Refusal, nowMs: number, facts: string): Outcome {
  return withoutRun(refusal.reason, refusal.stderr, { nowMs, facts });
}

export function killedWaiting(execId: string, nowMs: number): Outcome {
  return withoutRun('KILLED_WAITING', killedText(execId), { nowMs });
}

/** Our own stop came between the note of its start and the start itself. */
export function stoppedBeforeStart(nowMs: number): Outcome {
  return withoutRun('AGENT_STOPPED', agentStoppedText(), { nowMs });
}

/** As {@link ran}, and what is to be said of the attempts before the last. */
export function attempted(command: Command, { finished, retries, isPastDeadline }: Attempted): Outcome {
  const outcome = ran(command, finished);
  if (retries === 0 && !isPastDeadline) return outcome;
  const note = isPastDeadline ? retriesPastDeadlineText(retries) : retriesText(outcome.reason, retries);
  return note === null ? outcome : { ...outcome, stderr: withNote(outcome.stderr, note) };
}

/** The script was started, or at least tried. */
export function ran(command: Command, finished: Finished): Outcome {
  const { outcome, stdout, startedAtMs, finishedAtMs } = finished;
  const base = { stdout, startedAtMs, finishedAtMs, facts: null, detail: null };
  const noted = (reason: FixedReason, note: string): Outcome => ({
    ...base,
    reason,
    exitCode: OUTCOMES[reason].exitCode,
    stderr: withNote(finished.stderr, note),
  });
  switch (outcome.kind) {
    case 'exited':
      return {
        ...base,
        reason: outcome.code === 0 ? 'DONE' : 'FAILED',
        exitCode: outcome.code,
        stderr: finished.stderr,
      };
    case 'signalled':
      return { ...base, reason: 'FAILED', exitCode: -1, stderr: finished.stderr, detail: outcome.signal };
    case 'killed':
      return noted('KILLED', killedText(command.execId ?? ''));
    case 'timeout':
      return noted('TIMEOUT', timeoutText(command.timeoutSecs));
    case 'stopped':
      return noted('AGENT_STOPPED', agentStoppedText());
    case 'spawn-failed':
      return { ...noted('START_FAILED', spawnFailedText(outcome.why)), detail: outcome.why };
    case 'unsupported':
      return noted('UNSUPPORTED', outcome.why);
  }
}
