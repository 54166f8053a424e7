/**
 * What is said of several tasks at once: the one place that decides it, for the line of today and for the other runs of a task.
 * Invariant: "none with an error" is said only where each one was done, or was left out as it should be.
 */
import type { I18n } from './i18n/i18n.ts';
import { outcomeRow, REASONS, type Reason } from './outcomes.ts';

/** What has to be said of a task among others, in this order; `open`: it is not finished. */
const SAID = ['failed', 'unknown', 'stopped', 'refused', 'open'] as const;
type Said = (typeof SAID)[number];

type SumCounts = Readonly<Partial<Record<Reason | 'open', number>>>;

/** null: it went well, or a check left it out as it should, which calls nobody. */
function saidOf(reason: Reason): Exclude<Said, 'open'> | null {
  const { group, skipped } = outcomeRow(reason);
  switch (group) {
    case 'done':
      return null;
    case 'skipped':
      return skipped ? null : 'refused';
    case 'failed':
    case 'unknown':
    case 'stopped':
      return group;
  }
}

/** The outcomes of tasks that were to run and did not run to a good end: each of them is reported to IT. */
export const TOLD_REASONS: readonly Reason[] = REASONS.filter((reason) => {
  const said = saidOf(reason);
  return said !== null && said !== 'refused';
});

interface Sum {
  readonly n: number;
  /** "2 with an error, 1 stopped"; null: there is nothing to say but how many there are, and that none had an error. */
  readonly what: string | null;
}

/** @param kinds which of them to name; what is left out is still counted in `n` */
export function describeSum(counts: SumCounts, i18n: I18n, kinds: readonly Said[] = SAID): Sum {
  const numbers = { failed: 0, unknown: 0, stopped: 0, refused: 0, open: counts.open ?? 0 };
  let n = numbers.open;
  for (const reason of REASONS) {
    const count = counts[reason] ?? 0;
    const said = saidOf(reason);
    n += count;
    if (said !== null) numbers[said] += count;
  }
  const parts = SAID.filter((each) => kinds.includes(each) && numbers[each] > 0).map((each) =>
    n === 1 ? i18n.t(`sum.only.${each}`) : i18n.t(`sum.${each}`, { n: numbers[each] }),
  );
  return { n, what: parts.length === 0 ? null : i18n.list(parts) };
}

/** What became of the other runs of a task. */
export function describeSame(same: readonly { readonly reason: Reason | null }[], i18n: I18n): string {
  const counts: Partial<Record<Reason | 'open', number>> = {};
  for (const { reason } of same) counts[reason ?? 'open'] = (counts[reason ?? 'open'] ?? 0) + 1;
  const { n, what } = describeSum(counts, i18n);
  if (n === 0) return i18n.t('run.same.none');
  return what === null ? i18n.t('run.same.fine', { n }) : i18n.t('run.same.what', { n, what });
}
