/** How components read the window's state and ask the agent. */
import { createContext, useContext, useEffect, useMemo, useRef, useState, useSyncExternalStore } from 'react';
import type { Support } from '../../shared/about-view.ts';
import { type Claims, claimsOf } from '../../shared/claims.ts';
import type { MethodName } from '../../shared/contract.ts';
import type { PcSnapshot } from '../../shared/describe.ts';
import type { Fault } from '../../shared/faults.ts';
import { I18n } from '../../shared/i18n/i18n.ts';
import { chosenLanguage } from '../../shared/language.ts';
import { knownPc, knownSupport, NOTHING_REMEMBERED, type PcFacts } from '../../shared/remembered.ts';
import { DEFAULT_BRAND } from '../../shared/ui-settings.ts';
import type { Language } from '../../shared/ui-view.ts';
import { Asking } from './asking.ts';
import type { WindowState, WindowStore } from './store.ts';
import { isSeen, whileSeen } from './while-seen.ts';
import type { Answer, ParamsOf, ResultOf } from './window-client.ts';

export const StoreContext = createContext<WindowStore | null>(null);

export function useStore(): WindowStore {
  const store = useContext(StoreContext);
  if (store === null) throw new Error('there is no store above this component');
  return store;
}

export function useWindowState<T>(select: (state: WindowState) => T): T {
  const store = useStore();
  return useSyncExternalStore(store.subscribe, () => select(store.state()));
}

export function useLanguage(): Language {
  return useWindowState(({ appShell }) => {
    if (appShell === null) return navigator.language.startsWith('ja') ? 'ja' : 'en';
    return chosenLanguage(appShell);
  });
}

export function useI18n(): I18n {
  const language = useLanguage();
  const itName = useWindowState(({ appShell }) => appShell?.ui?.itName ?? null);
  return useMemo(() => new I18n(language, itName), [language, itName]);
}

export function useBrandName(): string {
  return useWindowState(({ appShell }) => appShell?.ui?.brandName ?? DEFAULT_BRAND);
}

/** What tray and window describe alike; null until the app shell has answered. */
export function useSnapshot(): PcSnapshot | null {
  const appShell = useWindowState((state) => state.appShell);
  const status = useWindowState((state) => state.status);
  const lost = useWindowState((state) => state.lost);
  const brandName = useBrandName();
  return useMemo(
    () => (appShell === null ? null : { agentConnection: appShell.agentConnection, status, brandName, lost }),
    [appShell, status, brandName, lost],
  );
}

/** What the page may claim now. */
export function useClaims(): Claims {
  const snapshot = useSnapshot();
  return useMemo(() => claimsOf(snapshot ?? NO_SNAPSHOT), [snapshot]);
}

const NO_SNAPSHOT: PcSnapshot = {
  agentConnection: { state: 'starting', sinceMs: 0, goneAtMs: null, restartAtMs: null, startFailure: null },
  status: null,
  brandName: DEFAULT_BRAND,
  lost: false,
};

/** The time: again every `everyMs` while the window can be seen, and with each new state of the agent. */
export function useNow(everyMs: number): number {
  const [nowMs, setNowMs] = useState(Date.now);
  const revision = useWindowState((state) => state.revision);
  const lost = useWindowState((state) => state.lost);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new state may tell of something later than the last tick
  useEffect(() => {
    // What runs is not known to run on.
    if (lost) return;
    const tick = () => setNowMs(Date.now());
    if (isSeen()) tick();
    return whileSeen(everyMs, tick);
  }, [everyMs, revision, lost]);
  return nowMs;
}

/** As {@link useNow}, for what is told of tasks: while the agent is gone nothing is known to run, or to wait, any longer than then. */
export function useTaskNow(everyMs: number): number {
  const nowMs = useNow(everyMs);
  const goneAtMs = useWindowState((state) => state.goneAtMs);
  return goneAtMs === null ? nowMs : Math.min(nowMs, goneAtMs);
}

export const EVERY_SECOND_MS = 1_000;
export const EVERY_MINUTE_MS = 60_000;

export interface Query<M extends MethodName> {
  /** The last answer; stays while it is asked again. */
  readonly data: ResultOf<M> | null;
  /** Why there is no newer one. */
  readonly fault: Fault | null;
  readonly again: () => void;
}

/** `agentConnection`: what does not change while the agent runs; `state`: again with each new state of the agent. */
export type AskAgain = 'agentConnection' | 'state';

/** Asks now, when `params` change, after each agentConnection, and as `again` says. */
export function useQuery<M extends MethodName>(method: M, params: ParamsOf<M>, again: AskAgain = 'state'): Query<M> {
  const { client } = useStore();
  const revision = useWindowState((state) => (again === 'state' ? state.revision : 0));
  const attachedSinceMs = useWindowState(({ appShell }) =>
    appShell?.agentConnection.state === 'attached' ? appShell.agentConnection.sinceMs : null,
  );
  const [tries, setTries] = useState(0);
  const [answer, setAnswer] = useState<Omit<Query<M>, 'again'>>({ data: null, fault: null });
  const key = JSON.stringify(params);
  const open = useRef<{ readonly key: string; readonly asking: Asking<Answer<M>> } | null>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the moments to ask again are what it depends on
  useEffect(() => {
    if (attachedSinceMs === null) return;
    if (open.current?.key !== key) {
      open.current?.asking.close();
      setAnswer({ data: null, fault: null });
      const asking = new Asking<Answer<M>>(
        () => client.ask(method, JSON.parse(key)),
        (said) =>
          setAnswer((before) =>
            said.ok ? { data: said.value, fault: null } : { data: before.data, fault: said.fault },
          ),
      );
      open.current = { key, asking };
    }
    open.current.asking.again();
  }, [client, method, key, revision, attachedSinceMs, tries]);
  return { ...answer, again: () => setTries((before) => before + 1) };
}

/** Whether the app shell has this method; once the window is lost, nothing can be asked of it. */
export function useShellOffers(method: string): boolean {
  return useWindowState(({ appShell, lost }) => !lost && (appShell?.offers.some((each) => each === method) ?? false));
}

/** Every method that can be called here: of the agent and of the app shell. A control without its method is not shown. */
export function useOffers(): ReadonlySet<string> {
  const appShellOffers = useWindowState(({ appShell }) => appShell?.offers);
  const { data } = useQuery('about.capabilities', {}, 'agentConnection');
  const lost = useWindowState((state) => state.lost);
  return useMemo(
    () => new Set(lost ? [] : [...(appShellOffers ?? []), ...(data?.methods ?? [])]),
    [lost, appShellOffers, data],
  );
}

/** Whom to call, and what is in this PC: as the agent says it, else as it was; null: not known. */
export function useSupport(): Support | null {
  const { data } = useQuery('support.info', {}, 'agentConnection');
  const remembered = useWindowState(({ appShell }) => appShell?.remembered ?? NOTHING_REMEMBERED);
  return knownSupport(data, remembered);
}

/** Which PC this is; null: nobody has ever said it. */
export function usePc(): PcFacts | null {
  const status = useWindowState((state) => state.status ?? state.lastStatus);
  const remembered = useWindowState(({ appShell }) => appShell?.remembered ?? NOTHING_REMEMBERED);
  return knownPc(status, remembered);
}
