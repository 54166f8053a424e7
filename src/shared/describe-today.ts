/** The day in one line: how many tasks, how many went wrong, and whether IT knows of those. Invariant: "told" is said of what was acknowledged. */
import { claimsOf } from './claims.ts';
import type { PcSnapshot } from './describe.ts';
import type { I18n } from './i18n/i18n.ts';
import { outcomeGroup } from './outcome-groups.ts';
import type { Reason } from './outcomes.ts';

/** null: nothing is known of the day, or none of its tasks has ended. */
export function describeToday(snapshot: PcSnapshot, i18n: I18n): string | null {
  const { status } = snapshot;
  const { today } = claimsOf(snapshot);
  if (status === null) return null;
  if (today === 'none') return i18n.join(i18n.t('status.today.none'), i18n.t('status.now.none'));
  if (today !== 'some') return null;
  const counts = Object.entries(status.today) as [Reason, number][];
  const sum = (of: typeof counts) => of.reduce((before, [, n]) => before + n, 0);
  const n = sum(counts);
  const failed = sum(counts.filter(([reason]) => outcomeGroup(reason) === 'failed'));
  // Some of those that are not over yet may be of today too.
  const over = status.now.running.length + status.now.waitingCount === 0;
  if (failed === 0) return i18n.t(over ? 'status.line.fine' : 'status.line.endedFine', { n });
  const told = i18n.t(status.todayUntold === 0 ? 'told.it' : 'told.notYet');
  return i18n.t(over ? 'status.line.failed' : 'status.line.endedFailed', { n, failed, told });
}
