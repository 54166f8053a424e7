/** The schedules of this PC as rows, for the local contract. */
import { type RunTitle, runTitle } from '../../shared/run-title.ts';
import type { ScheduleRow, ScheduleState, SchedulesSummary } from '../../shared/schedules-view.ts';
import type { ScheduleRun } from '../store/schedule-runs.ts';
import type { Store } from '../store/store.ts';
import type { Book, Entry } from './book.ts';
import { canFire } from './decide.ts';
import { notHereText } from './refusals.ts';
import type { Scheduler } from './scheduler.ts';
import type { Plan } from './types.ts';

export interface ViewParts {
  readonly book: Pick<Book, 'entries' | 'job' | 'isFrozen'>;
  readonly scheduler: Pick<Scheduler, 'plans' | 'skipped'>;
  readonly store: Pick<Store, 'scheduleRuns'>;
  readonly zone: () => string;
  readonly nowMs: () => number;
  readonly platform: NodeJS.Platform;
}

/** A row with everything that a helpdesk may see. */
export type FullScheduleRow = ScheduleRow & { readonly internals: NonNullable<ScheduleRow['internals']> };

/** Soonest first, then those without a time. */
export function scheduleRows(parts: ViewParts): FullScheduleRow[] {
  const ours = [...parts.book.entries.values()].filter((entry) => parts.scheduler.plans.isForThisPc(entry));
  return ours
    .map((entry) => rowOf(parts, entry))
    .toSorted(
      (a, b) => (a.nextAtMs ?? Infinity) - (b.nextAtMs ?? Infinity) || (a.internals.id < b.internals.id ? -1 : 1),
    );
}

export function schedulesSummary(parts: ViewParts): SchedulesSummary {
  const rows = scheduleRows(parts);
  return {
    count: rows.length,
    notUnderstood: rows.filter(({ state }) => state === 'not_understood').length,
    nextAtMs: rows[0]?.nextAtMs ?? null,
    frozen: parts.book.isFrozen(parts.nowMs(), parts.zone()),
  };
}

function rowOf(parts: ViewParts, { id, read }: Entry): FullScheduleRow {
  const last = parts.store.scheduleRuns.last(id) ?? null;
  const skipped = parts.scheduler.skipped(id);
  const shown = {
    last: last === null ? null : lastOf(last),
    skipped: skipped === null ? null : { why: skipped.why, atMs: skipped.atMs, count: skipped.count },
  };
  if (!read.ok) {
    const internals = { id, jobId: null, when: null, note: read.why };
    return { title: titleOf(parts, id, null), state: 'not_understood', nextAtMs: null, ...shown, internals };
  }
  const { plan } = read;
  const unsupported = parts.scheduler.plans.unsupported(plan);
  const fires = canFire(plan, unsupported);
  const nextAtMs = fires ? parts.scheduler.plans.nextMs(plan) : null;
  const isDeafTo = unsupported.gates.length + unsupported.triggers.length > 0;
  return {
    title: titleOf(parts, id, plan),
    state: fires ? stateOf(parts, plan, nextAtMs, last) : 'not_understood',
    nextAtMs,
    ...shown,
    internals: {
      id,
      jobId: plan.jobId,
      when: plan.text,
      note: isDeafTo ? notHereText(unsupported, parts.platform) : (skipped?.note ?? null),
    },
  };
}

function stateOf(parts: ViewParts, plan: Plan, nextAtMs: number | null, last: ScheduleRun | null): ScheduleState {
  if (last !== null && last.state !== 'finished') return 'running';
  if (nextAtMs !== null || plan.times === null) return 'waiting';
  return parts.scheduler.plans.lastSuccess(plan) === null ? 'over' : 'done';
}

function lastOf({ run, state, reason, exitCode, atMs }: ScheduleRun): ScheduleRow['last'] {
  return { run, state, reason, exitCode, atMs };
}

function titleOf({ book }: ViewParts, id: string, plan: Plan | null): RunTitle {
  const job = plan === null ? null : book.job(plan.jobId);
  return runTitle(plan?.jobId ?? id, job?.kind === 'known' ? job.job.description : null);
}
