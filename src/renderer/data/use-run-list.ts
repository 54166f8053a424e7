/** A {@link RunList} for a component: one per filter, read again with each new state of the agent. */
import { useCallback, useEffect, useRef, useState } from 'react';
import { MAX_OUTLINED_DAYS } from '../../shared/outline-limits.ts';
import { lastDays } from './days.ts';
import { EVERY_MINUTE_MS, useNow, useStore, useWindowState } from './hooks.ts';
import { RunList, type RunListFilter, type RunListView } from './run-list.ts';

export interface UsedRunList {
  readonly view: RunListView;
  readonly setVisible: (places: readonly number[]) => void;
  readonly indexOf: (run: number) => Promise<number>;
  /** Another list from the one before: by its filter, or by what has arrived since. */
  readonly generation: object | null;
  /** Begins the list again with what has arrived since. */
  readonly showNewer: () => Promise<void>;
}

const NOTHING_YET: RunListView = {
  outline: null,
  counts: null,
  all: 0,
  newer: 0,
  failed: false,
  row: () => undefined,
};

export function useRunList(filter: RunListFilter): UsedRunList {
  const { client } = useStore();
  const nowMs = useRef(0);
  nowMs.current = useNow(EVERY_MINUTE_MS);
  const revision = useWindowState((state) => state.revision);
  const attached = useWindowState(({ appShell }) => appShell?.agentConnection.state === 'attached');
  // What may be seen has changed with the helpdesk view, so the list is another one.
  const unlocked = useWindowState(({ status }) => status !== null && status.helpdesk.unlockedUntilMs !== null);
  const [used, setUsed] = useState<{ list: RunList; view: RunListView } | null>(null);
  const key = JSON.stringify(filter);
  // biome-ignore lint/correctness/useExhaustiveDependencies: `unlocked` changes what the same question finds
  useEffect(() => {
    if (!attached) return;
    const list: RunList = new RunList({
      client,
      filter: JSON.parse(key) as RunListFilter,
      startsMs: () => lastDays(nowMs.current, MAX_OUTLINED_DAYS),
      changed: () => setUsed({ list, view: list.view }),
    });
    void list.open();
    return () => list.close();
  }, [client, key, attached, unlocked]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: each revision is a reason to look again
  useEffect(() => void used?.list.refresh(), [used?.list, revision]);
  const list = used?.list;
  return {
    view: used?.view ?? NOTHING_YET,
    // The same while the list is: what could not be read is not asked for with each drawing.
    setVisible: useCallback((places: readonly number[]) => list?.setVisible(places), [list]),
    indexOf: async (run) => (await used?.list.indexOf(run)) ?? 0,
    generation: used?.list ?? null,
    showNewer: async () => used?.list.open(),
  };
}
