/** What the helpdesk's screen asks of the agent, again every few seconds while somebody looks. */
import { useEffect } from 'react';
import type { MethodName, Setting } from '../../shared/contract.ts';
import type { Failures, LinkHistoryView, LogEnd, Parked } from '../../shared/helpdesk-view.ts';
import type { ScheduleRow } from '../../shared/schedules-view.ts';
import { type Query, useQuery } from './hooks.ts';
import { whileSeen } from './while-seen.ts';
import type { ParamsOf } from './window-client.ts';

const EVERY_MS = 5_000;
const LOG_EVERY_MS = 3_000;
/** What the fleet says may change; the rest stays while the agent runs. */
const SETTINGS_EVERY_MS = 60_000;

export interface InsideQueries {
  readonly failures: Asked<Failures>;
  readonly link: Asked<LinkHistoryView>;
  readonly parked: Asked<Parked> & { readonly again: () => void };
  readonly settings: Asked<readonly Setting[]>;
  readonly log: Asked<LogEnd>;
  readonly schedules: Asked<readonly ScheduleRow[]>;
}

/** The last answer, and whether there is no newer one for a reason; null: none yet. */
export interface Asked<T> {
  readonly data: T | null;
  readonly fault: Query<MethodName>['fault'];
}

export function useInside(): InsideQueries {
  return {
    failures: usePolled('failures.list', {}, EVERY_MS),
    link: usePolled('connection.history', {}, EVERY_MS),
    parked: usePolled('outbox.parked', {}, EVERY_MS),
    settings: usePolled('config.effective', {}, SETTINGS_EVERY_MS),
    log: usePolled('log.end', {}, LOG_EVERY_MS),
    schedules: useQuery('schedules.list', {}),
  };
}

function usePolled<M extends MethodName>(method: M, params: ParamsOf<M>, everyMs: number): Query<M> {
  const query = useQuery(method, params, 'agentConnection');
  // biome-ignore lint/correctness/useExhaustiveDependencies: to ask again means the same each time
  useEffect(() => whileSeen(everyMs, () => query.again()), [everyMs]);
  return query;
}
