/** The day in one line: how many tasks, what went wrong, and whether IT knows of it. Invariant: "told" is said of what was acknowledged. */
import { claimsOf } from './claims.ts';
import type { PcSnapshot } from './describe.ts';
import { describeSum } from './describe-sum.ts';
import type { I18n } from './i18n/i18n.ts';

/** null: nothing is known of the day, or none of its tasks has ended. */
export function describeToday(snapshot: PcSnapshot, i18n: I18n): string | null {
  const { status } = snapshot;
  const { today } = claimsOf(snapshot);
  if (status === null) return null;
  if (today === 'none') return i18n.join(i18n.t('status.today.none'), i18n.t('status.now.none'));
  if (today !== 'some') return null;
  // Some of those that are not over yet may be of today too.
  const over = status.now.running.length + status.now.waitingCount === 0;
  const line = over ? 'line' : 'ended';
  const bad = describeSum(status.today, i18n, ['failed', 'unknown', 'stopped']);
  if (bad.what !== null) {
    const told = i18n.t(status.todayUntold === 0 ? 'told.it' : 'told.notYet');
    return i18n.t(`status.${line}.told`, { n: bad.n, what: bad.what, told });
  }
  // Some of what was refused is reported to nobody, so nothing is said of who knows of it.
  const { n, what } = describeSum(status.today, i18n, ['refused']);
  return what === null ? i18n.t(`status.${line}.fine`, { n }) : i18n.t(`status.${line}.what`, { n, what });
}
