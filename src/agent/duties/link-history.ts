/**
 * Keeps how the link was: a row in the store for each change of its state, and each minute until when it has lasted. Invariant: only
 * what this process has seen is claimed. While the PC slept or the agent was off nobody watched, so nothing is said of that time.
 */
import type { Clock } from '../../base/clock.ts';
import { errorText, type Logger } from '../../base/logger.ts';
import type { Binding, Bus } from '../bus/bus.ts';
import type { LinkSpan, LinkStates } from '../store/link-states.ts';

/** What a process that is killed loses of it. */
export const NOTE_EVERY_MS = 60_000;
/** Not watched for that long by the wall clock: the PC slept, or its clock was set. */
const GAP_MS = 3 * NOTE_EVERY_MS;

export interface LinkHistory extends Binding {
  /** Newest first, the present one included; those that lasted until `fromMs` or longer. */
  spans(fromMs: number, limit: number): LinkSpan[];
}

export interface LinkHistoryOptions {
  readonly link: Bus['link'];
  readonly states: LinkStates;
  readonly clock: Clock;
  readonly log: Logger;
}

export function startLinkHistory({ link, states, clock, log }: LinkHistoryOptions): LinkHistory {
  let span = spanFrom(clock.nowMs());
  write(states.begin(span));
  const stopLink = link.watch(() => note(false));
  const timer = setInterval(() => note(true), NOTE_EVERY_MS);
  timer.unref();
  return {
    spans(fromMs, limit) {
      note(false);
      const earlier = states.list(fromMs, limit).filter((each) => each.fromMs < span.fromMs);
      return [span, ...earlier].slice(0, limit);
    },
    close() {
      clearInterval(timer);
      stopLink();
      note(true);
    },
  };

  /** A try that fails for another reason than the last is no change: it comes with the next note. */
  function note(isTimeToNote: boolean): void {
    const { state, why } = link.value;
    const nowMs = clock.nowMs();
    const sinceMs = nowMs - span.untilMs;
    const wasAway = sinceMs > GAP_MS || sinceMs < 0;
    if (state === span.state && !wasAway) {
      span = { ...span, why, untilMs: nowMs };
      if (isTimeToNote) write(states.extend(span));
      return;
    }
    write(states.extend(wasAway ? span : { ...span, untilMs: nowMs }));
    span = spanFrom(nowMs);
    write(states.begin(span));
  }

  function spanFrom(nowMs: number): LinkSpan {
    const { state, why } = link.value;
    return { state, why, fromMs: nowMs, untilMs: nowMs };
  }

  function write(written: Promise<void>): void {
    written.catch((error: unknown) => {
      log.debug('the state of the link could not be noted', { error: errorText(error) });
    });
  }
}
