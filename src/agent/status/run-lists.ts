/**
 * Lists of runs, and what they are made of, as the caller may see them. Each look at a long history takes some ms; between
 * them others have their turn.
 */
import { loopTurn } from '../../base/loop-turn.ts';
import type { Parsed, Result } from '../../shared/contract.ts';
import { Fault } from '../../shared/faults.ts';
import { type GroupCounts, NO_COUNTS } from '../../shared/group-counts.ts';
import { outcomeGroup } from '../../shared/outcome-groups.ts';
import { Outline } from './outline.ts';
import type { HistoryPort, RunFilter } from './ports.ts';
import type { Caller } from './session-deps.ts';
import { conditionsOf, maySearchOutput, rowOf, type Visibility, visibleTo } from './views.ts';

/** Some ms of a history in which no index helps. */
const SHAPES_AT_ONCE = 2_000;

export function eyesOf({ deps, principal }: Caller): Visibility {
  return deps.projection.eyesOf(principal);
}

export async function listRuns(query: Parsed<'runs.list'>, caller: Caller): Promise<Result<'runs.list'> | Fault> {
  const { history } = caller.deps.ports;
  const visibility = eyesOf(caller);
  const conditions = await wanted(query, visibility, history);
  const { beforeRun, startAtMs, limit, skip } = query;
  if (startAtMs !== undefined && skip > 0) return new Fault('invalid_params', 'skip: not together with startAtMs');
  const before = beforeRun ?? Number.POSITIVE_INFINITY;
  const first = startAtMs === undefined ? before : (history.newestAt(conditions, before, startAtMs) ?? 0) + 1;
  const newer = startAtMs === undefined ? 0 : history.count(conditions, before) - history.count(conditions, first);
  if (newer > 0) await loopTurn();
  const records = history.list(conditions, first, limit, skip);
  await loopTurn();
  const last = records.at(-1);
  return {
    rows: records.map((record) => rowOf(record, visibility)),
    nextBeforeRun: last !== undefined && records.length === limit ? last.run : null,
    firstIndex: newer + skip,
    total:
      beforeRun === undefined
        ? { matching: history.count(conditions), all: history.count(visibleTo(visibility)) }
        : null,
  };
}

export async function outlineRuns(query: Parsed<'runs.outline'>, caller: Caller): Promise<Result<'runs.outline'>> {
  const { history } = caller.deps.ports;
  const visibility = eyesOf(caller);
  const conditions = await wanted(query, visibility, history);
  // Under a hidden name nobody is told which tasks are one.
  const outline = new Outline(query.startsMs, !visibility.nameless);
  for (let before = query.beforeRun ?? Number.POSITIVE_INFINITY; ; ) {
    const shapes = history.shapes(conditions, before, SHAPES_AT_ONCE);
    for (const shape of shapes) outline.add(shape);
    const last = shapes.at(-1);
    if (last === undefined || shapes.length < SHAPES_AT_ONCE) break;
    [before] = last;
    await loopTurn();
  }
  await loopTurn();
  return { ...outline.ended(), all: history.count(visibleTo(visibility)) };
}

export async function countRuns(query: Parsed<'runs.counts'>, caller: Caller): Promise<Result<'runs.counts'>> {
  const { history } = caller.deps.ports;
  const conditions = await wanted(query, eyesOf(caller), history);
  return countsOf(conditions, history);
}

export async function countDays({ startsMs }: Parsed<'runs.days'>, caller: Caller): Promise<Result<'runs.days'>> {
  const { history } = caller.deps.ports;
  const visible = visibleTo(eyesOf(caller));
  const days: GroupCounts[] = [];
  for (const [at, receivedFromMs] of startsMs.entries()) {
    const receivedBeforeMs = startsMs[at + 1];
    if (receivedBeforeMs !== undefined) days.push(countsOf({ ...visible, receivedFromMs, receivedBeforeMs }, history));
    await loopTurn();
  }
  const [firstMs = 0] = startsMs;
  return { days, earlier: history.hasAny({ ...visible, receivedBeforeMs: firstMs }) };
}

function countsOf(filter: RunFilter, history: HistoryPort): GroupCounts {
  const counts = { ...NO_COUNTS };
  for (const { reason, n } of history.countEach(filter)) counts[reason === null ? 'open' : outcomeGroup(reason)] += n;
  return counts;
}

/** What is looked for, in output too where all of it may be seen. */
async function wanted(
  query: Parameters<typeof conditionsOf>[0],
  visibility: Visibility,
  history: HistoryPort,
): Promise<RunFilter> {
  const asked = conditionsOf(query, visibility);
  if (!maySearchOutput(visibility) || !asked.search) return asked;
  return { ...asked, byOutput: await history.runsWithOutput(asked.search) };
}
