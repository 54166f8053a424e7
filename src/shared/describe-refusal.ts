/** Why the helpdesk's code was not taken, in words that stay true while somebody looks at them: a wait ends in front of the person. */
import type { Fault } from './faults.ts';
import type { I18n } from './i18n/i18n.ts';

export interface Refusal {
  readonly fault: Fault;
  /** Until then no code is looked at, on the scale of `performance.now()`; null: one is. */
  readonly untilMs: number | null;
}

export function refusalOf(fault: Fault, nowMs: number): Refusal {
  const { retryInMs } = fault.data;
  return { fault, untilMs: typeof retryInMs === 'number' && retryInMs > 0 ? nowMs + retryInMs : null };
}

/** null: there is nothing to say any more, a code can be tried. */
export function refusalText({ fault, untilMs }: Refusal, i18n: I18n, nowMs: number): string | null {
  if (untilMs !== null) {
    return untilMs <= nowMs
      ? null
      : i18n.t('support.helpdesk.wait', { t: i18n.duration(Math.max(1_000, untilMs - nowMs)) });
  }
  const { triesLeft } = fault.data;
  if (fault.name === 'wrong_code' && typeof triesLeft === 'number') {
    return i18n.t('support.helpdesk.wrong', { n: triesLeft });
  }
  return i18n.t('support.helpdesk.failed');
}
