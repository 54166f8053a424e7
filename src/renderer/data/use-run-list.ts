/** A {@link RunList} for a component: one per filter, read again with each new state of the agent. */
import { useEffect, useState } from 'react';
import { useStore, useWindowState } from './hooks.ts';
import { RunList, type RunListFilter, type RunListView } from './run-list.ts';

export interface UsedRunList {
  readonly view: RunListView;
  readonly look: (first: number, last: number) => void;
  readonly indexOf: (run: number) => Promise<number>;
  readonly countIn: (fromMs: number, toMs: number) => Promise<number | null>;
  /** Another list from the one before: by its filter, or by what has arrived since. */
  readonly generation: object | null;
  /** Begins the list again with what has arrived since. */
  readonly showNewer: () => Promise<void>;
}

const NOTHING_YET: RunListView = { matching: null, all: 0, newer: 0, failed: false, row: () => undefined };

export function useRunList(filter: RunListFilter): UsedRunList {
  const { client } = useStore();
  const revision = useWindowState((state) => state.revision);
  const attached = useWindowState(({ shell }) => shell?.agentConnection.state === 'attached');
  // What may be seen has changed with the helpdesk view, so the list is another one.
  const unlocked = useWindowState(({ status }) => status !== null && status.helpdesk.unlockedUntilMs !== null);
  const [used, setUsed] = useState<{ list: RunList; view: RunListView } | null>(null);
  const key = JSON.stringify(filter);
  // biome-ignore lint/correctness/useExhaustiveDependencies: `unlocked` changes what the same question finds
  useEffect(() => {
    if (!attached) return;
    const list: RunList = new RunList(client, JSON.parse(key) as RunListFilter, () =>
      setUsed({ list, view: list.view }),
    );
    void list.open();
    return () => list.close();
  }, [client, key, attached, unlocked]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: each revision is a reason to look again
  useEffect(() => void used?.list.refresh(), [used?.list, revision]);
  return {
    view: used?.view ?? NOTHING_YET,
    look: (first, last) => used?.list.look(first, last),
    indexOf: async (run) => (await used?.list.indexOf(run)) ?? 0,
    countIn: async (fromMs, toMs) => (await used?.list.countIn(fromMs, toMs)) ?? null,
    generation: used?.list ?? null,
    showNewer: async () => used?.list.open(),
  };
}
