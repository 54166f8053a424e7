/**
 * Lists of runs, and what they are made of, as the caller may see them. Each read of a long history takes some ms; between
 * them others have their turn.
 */
import type { Parsed, Result } from '../../shared/contract.ts';
import { Fault } from '../../shared/faults.ts';
import { type GroupCounts, NO_COUNTS } from '../../shared/group-counts.ts';
import { outcomeGroup } from '../../shared/outcome-groups.ts';
import type { ReasonCount } from '../store/history.ts';
import { HistorySteps } from '../store/history-steps.ts';
import type { Caller } from './client-deps.ts';
import { Outline } from './outline.ts';
import type { RunFilter } from './ports.ts';
import { conditionsOf, maySearchOutput, rowOf, type Visibility, visibleTo } from './views.ts';

export function visibilityOf({ deps, principal }: Caller): Visibility {
  return deps.projection.visibilityOf(principal);
}

export async function listRuns(query: Parsed<'runs.list'>, caller: Caller): Promise<Result<'runs.list'> | Fault> {
  const steps = stepsOf(caller);
  const visibility = visibilityOf(caller);
  const conditions = await wanted(query, caller);
  const { beforeRun, startAtMs, limit, skip } = query;
  if (startAtMs !== undefined && skip > 0) return new Fault('invalid_params', 'skip: not together with startAtMs');
  const before = beforeRun ?? Number.POSITIVE_INFINITY;
  const first = startAtMs === undefined ? before : ((await steps.newestAt(conditions, before, startAtMs)) ?? 0) + 1;
  const newer = startAtMs === undefined ? 0 : await steps.count(from(conditions, first), before);
  const records = await steps.list(conditions, first, limit, skip);
  const last = records.at(-1);
  const more = last !== undefined && records.length === limit ? last.run : null;
  return {
    rows: records.map((record) => rowOf(record, visibility)),
    nextBeforeRun: more,
    firstIndex: newer + skip,
    total: beforeRun === undefined ? await totals() : null,
  };

  async function totals(): Promise<Result<'runs.list'>['total']> {
    const isShort = last === undefined && skip > 0;
    // Where the page was read there is nothing to count a second time.
    const matching = isShort
      ? await steps.count(conditions)
      : newer + skip + records.length + (more === null ? 0 : await steps.count(conditions, more));
    return { matching, all: await steps.count(visibleTo(visibility)) };
  }
}

/** Those of the runs that have this number, or a higher one. */
function from(conditions: RunFilter, run: number): RunFilter {
  return { ...conditions, afterRun: Math.max(conditions.afterRun ?? 0, run - 1) };
}

export async function outlineRuns(query: Parsed<'runs.outline'>, caller: Caller): Promise<Result<'runs.outline'>> {
  const steps = stepsOf(caller);
  const visibility = visibilityOf(caller);
  const conditions = await wanted(query, caller);
  // Under a hidden name nobody is told which tasks are one.
  const outline = new Outline(query.startsMs, !visibility.nameless);
  await steps.shapes(conditions, query.beforeRun ?? Number.POSITIVE_INFINITY, (shape) => outline.add(shape));
  return { ...outline.ended(), all: await steps.count(visibleTo(visibility)) };
}

export async function countRuns(query: Parsed<'runs.counts'>, caller: Caller): Promise<Result<'runs.counts'>> {
  return countsOf(await stepsOf(caller).countEach(await wanted(query, caller)));
}

export async function countDays({ startsMs }: Parsed<'runs.days'>, caller: Caller): Promise<Result<'runs.days'>> {
  const { history } = caller.deps.ports;
  const visible = visibleTo(visibilityOf(caller));
  const days: GroupCounts[] = [];
  for (const [at, receivedFromMs] of startsMs.entries()) {
    const receivedBeforeMs = startsMs[at + 1];
    // By an index over the times: a day at once.
    if (receivedBeforeMs !== undefined)
      days.push(countsOf(history.countEach({ ...visible, receivedFromMs, receivedBeforeMs })));
    await caller.turn();
  }
  const [firstMs = 0] = startsMs;
  return { days, earlier: history.hasAny({ ...visible, receivedBeforeMs: firstMs }) };
}

function stepsOf({ deps, turn }: Caller): HistorySteps {
  return new HistorySteps(deps.ports.history, turn);
}

function countsOf(each: readonly ReasonCount[]): GroupCounts {
  const counts = { ...NO_COUNTS };
  for (const { reason, n } of each) counts[reason === null ? 'open' : outcomeGroup(reason)] += n;
  return counts;
}

/** What is looked for, in output too where all of it may be seen. */
async function wanted(query: Parameters<typeof conditionsOf>[0], caller: Caller): Promise<RunFilter> {
  const visibility = visibilityOf(caller);
  const asked = conditionsOf(query, visibility);
  if (!maySearchOutput(visibility) || !asked.search) return asked;
  return { ...asked, byOutput: await caller.deps.ports.history.runsWithOutput(asked.search, caller.turn) };
}
