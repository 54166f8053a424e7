/**
 * Which tasks have ended since the last time, told once: what comes close together is one sentence. Invariant: what was there
 * at first is not new, and nothing is told twice.
 */
import { describeRun, taskName } from '../../shared/describe-run.ts';
import type { I18n } from '../../shared/i18n/i18n.ts';
import { OUTCOME_GROUPS } from '../../shared/outcome-group-names.ts';
import { outcomeGroup } from '../../shared/outcome-groups.ts';
import type { RunRow } from '../../shared/run-view.ts';

/** More of them are counted. */
const NAMED = 3;

export class AnnouncedOutcomes {
  /** null: nothing was taken yet. */
  #known: ReadonlySet<number> | null = null;
  #oldest = 0;
  #untold: RunRow[] = [];

  /** The newest runs as they are now. True: there is something to tell. */
  take(rows: readonly RunRow[]): boolean {
    const ended = rows.filter((row) => row.reason !== null);
    const before = this.#known;
    // Those that ended before stay known while they are among the newest, and older ones are no news.
    this.#known = new Set(ended.map((row) => row.run));
    if (before !== null) {
      const fresh = ended.filter((row) => !before.has(row.run) && row.run >= this.#oldest);
      this.#untold = [...this.#untold, ...fresh.filter((row) => this.#untold.every(({ run }) => run !== row.run))];
    }
    this.#oldest = Math.max(this.#oldest, rows.at(-1)?.run ?? 0);
    return this.#untold.length > 0;
  }

  /** What there is to tell, in words; empty: nothing. */
  tell(i18n: I18n, nowMs: number): string {
    const told = this.#untold;
    this.#untold = [];
    if (told.length <= NAMED) {
      return told.map((row) => `${taskName(row, i18n)}: ${describeRun(row, i18n, nowMs).line}`).join('. ');
    }
    const ended = i18n.t('news.ended', { n: told.length });
    const what = OUTCOME_GROUPS.filter((group) => group !== 'done').flatMap((group) => {
      const n = told.filter(({ reason }) => reason !== null && outcomeGroup(reason) === group).length;
      return n === 0 ? [] : [i18n.t('status.today.count', { n, group: i18n.t(`group.${group}`) })];
    });
    return what.length === 0 ? ended : i18n.t('news.what', { ended, what: i18n.list(what) });
  }
}
