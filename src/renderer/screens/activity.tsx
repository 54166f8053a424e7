/** Every command that arrived, newest first, from what this PC has stored. */
import { Button, makeStyles, tokens } from '@fluentui/react-components';
import { useDeferredValue, useEffect, useMemo, useState } from 'react';
import type { Route } from '../../shared/app-shell-contract.ts';
import { describeState } from '../../shared/describe.ts';
import { titleWordsWith } from '../../shared/describe-run.ts';
import { midnightMs } from '../data/days.ts';
import {
  EVERY_MINUTE_MS,
  useClaims,
  useI18n,
  useNow,
  useShellOffers,
  useSnapshot,
  useStore,
  useWindowState,
} from '../data/hooks.ts';
import { type Fold, ListLayout } from '../data/list-layout.ts';
import type { RunListFilter } from '../data/run-list.ts';
import { type UsedRunList, useRunList } from '../data/use-run-list.ts';
import { ActivityTools, type Choices } from '../parts/activity-tools.tsx';
import { DayStrip } from '../parts/day-strip.tsx';
import { FailedPart } from '../parts/failed-part.tsx';
import { Loading } from '../parts/loading.tsx';
import { Notice } from '../parts/notice.tsx';
import { OutcomeChips } from '../parts/outcome-chips.tsx';
import { RunRows } from '../parts/run-rows.tsx';
import { SchedulesSection } from '../parts/schedules-section.tsx';
import { ScreenTitle } from '../parts/screen-title.tsx';

const useStyles = makeStyles({
  head: { display: 'flex', flexWrap: 'wrap', alignItems: 'baseline', columnGap: '16px', flexShrink: 0 },
  count: { marginLeft: 'auto', color: tokens.colorNeutralForeground2, fontVariantNumeric: 'tabular-nums' },
  list: { position: 'relative', flexGrow: 1, minHeight: '132px', display: 'flex', flexDirection: 'column' },
  // Over the list: what is read below it must not move.
  newer: { position: 'absolute', top: '8px', left: '50%', transform: 'translateX(-50%)', zIndex: 2 },
  empty: { padding: '32px 0', color: tokens.colorNeutralForeground2 },
  unsent: { margin: '8px 0 0', color: tokens.colorNeutralForeground2 },
});

type ActivityRoute = Extract<Route, { screen: 'activity' }>;

const NOTHING_UNFOLDED: ReadonlySet<number> = new Set();
const EVERYTHING: Choices = { group: null, dayMs: null, search: '', offset: 0, unfolded: NOTHING_UNFOLDED };

/** Outlives the screen, so that the way back from a detail leads to where one was. */
let lastChoices: Choices | null = null;

export function ActivityScreen({ route }: { readonly route: ActivityRoute }) {
  const styles = useStyles();
  const i18n = useI18n();
  const { client } = useStore();
  const [choices, setChoices] = useChoices(route);
  const search = useDeferredValue(choices.search);
  const filter: RunListFilter = {
    group: choices.group,
    range: choices.dayMs === null ? null : { fromMs: choices.dayMs, toMs: midnightMs(choices.dayMs, 1) },
    search,
    shownAs: titleWordsWith(search, i18n),
  };
  const list = useRunList(filter);
  const { live, begins, empty } = useClaims();
  const lost = useWindowState((state) => state.lost);
  // What can't be read is not nothing, so nothing is counted.
  const unread = empty === 'unread';
  const { outline, all, counts, newer, failed, row } = list.view;
  const { unfolded } = choices;
  const layout = useMemo(() => (outline === null ? null : new ListLayout(outline, unfolded)), [outline, unfolded]);
  const [toTop, setToTop] = useState<object | null>(null);
  const focusOn = useWayBack(list, layout, (fold) => setChoices({ unfolded: new Set(unfolded).add(fold.id) }));
  const seenOffered = useShellOffers('shell.seen');
  // biome-ignore lint/correctness/useExhaustiveDependencies: what came in while the list was open has been seen too
  useEffect(() => {
    if (seenOffered) void client.ask('shell.seen', {});
  }, [client, seenOffered, newer]);
  const showNewer = () => void list.showNewer().then(() => setToTop({}));
  const narrow = (changed: Partial<Choices>) => setChoices({ ...changed, offset: 0, unfolded: NOTHING_UNFOLDED });
  const matching = outline?.matching ?? null;
  return (
    <>
      <div className={styles.head}>
        <ScreenTitle>{i18n.t('activity.title')}</ScreenTitle>
        <ActivityTools choices={choices} onChange={narrow} />
        {matching !== null && !unread && (
          <span className={styles.count}>{i18n.t('activity.count', { n: matching, all })}</span>
        )}
      </div>
      {!live && !lost && matching !== null && <Notice kind="warning" body={i18n.t('run.stale')} />}
      {live && begins !== 'soon' && <AgentState />}
      {!unread && <DayStrip chosenMs={choices.dayMs} onChoose={(dayMs) => narrow({ dayMs })} />}
      <OutcomeChips chosen={choices.group} counts={unread ? null : counts} onChoose={(group) => narrow({ group })} />
      {failed && <FailedPart />}
      {matching === null && !failed && <NotReadYet />}
      {matching === 0 && <Empty choices={choices} onAll={() => setChoices(EVERYTHING)} />}
      {layout !== null && layout.lines > 0 && (
        <div className={styles.list}>
          {newer > 0 && (
            <Button className={styles.newer} appearance="primary" size="small" onClick={showNewer}>
              {i18n.join(i18n.t('activity.new', { n: newer }), `– ${i18n.t('activity.new.show')}`)}
            </Button>
          )}
          <RunRows
            key={JSON.stringify(filter)}
            layout={layout}
            row={row}
            onVisible={list.setVisible}
            onFold={({ id }) => setChoices({ unfolded: toggled(unfolded, id) })}
            toTop={toTop}
            firstOffset={choices.offset}
            onScrolled={rememberOffset}
            focusOn={focusOn}
            // What failed is tried again with the next state.
            newer={failed ? 0 : newer}
            onShowNewer={showNewer}
          />
        </div>
      )}
      <SchedulesSection />
      <Unsent />
    </>
  );
}

function toggled(ids: ReadonlySet<number>, id: number): ReadonlySet<number> {
  return ids.has(id) ? new Set([...ids].filter((each) => each !== id)) : new Set(ids).add(id);
}

/** Back from a detail: the row that it was opened from, wherever it is now. */
function useWayBack(
  { generation, indexOf }: UsedRunList,
  layout: ListLayout | null,
  onUnfold: (fold: Fold) => void,
): { index: number } | null {
  const { state } = useStore();
  const [from, setFrom] = useState(() => state().cameBackFrom);
  const [index, setIndex] = useState<number | null>(null);
  const [focusOn, setFocusOn] = useState<{ index: number } | null>(null);
  const ready = generation !== null && layout !== null;
  // biome-ignore lint/correctness/useExhaustiveDependencies: once, when there is a list
  useEffect(() => {
    if (from === null || !ready) return;
    setFrom(null);
    void indexOf(from).then(setIndex);
  }, [ready]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: once, when its own line is there
  useEffect(() => {
    if (index === null || layout === null) return;
    const fold = layout.foldOf(index);
    // It has become one of a burst meanwhile.
    if (fold !== null && layout.line(layout.lineOf(index))?.kind === 'fold') return onUnfold(fold);
    setIndex(null);
    setFocusOn({ index });
  }, [index, layout]);
  return focusOn;
}

function useChoices(route: ActivityRoute): [Choices, (changed: Partial<Choices>) => void] {
  const { state } = useStore();
  const nowMs = useNow(EVERY_MINUTE_MS);
  const [choices, setChoices] = useState<Choices>(() => {
    if (state().cameBackFrom !== null && lastChoices !== null) return lastChoices;
    lastChoices = { ...EVERYTHING, group: route.group ?? null, dayMs: route.today ? midnightMs(nowMs) : null };
    return lastChoices;
  });
  return [
    choices,
    (changed) => {
      // Where the list is scrolled to is known only there.
      lastChoices = { ...(lastChoices ?? choices), ...changed };
      setChoices(lastChoices);
    },
  ];
}

/** Not a state: nothing that is shown depends on it. */
function rememberOffset(offset: number): void {
  if (lastChoices !== null) lastChoices = { ...lastChoices, offset };
}

/** Why what waits does not begin: the status says it too, and the list would be read without it. */
function AgentState() {
  const i18n = useI18n();
  const snapshot = useSnapshot();
  const nowMs = useNow(EVERY_MINUTE_MS);
  if (snapshot === null) return null;
  const { mark, title, body } = describeState(snapshot, i18n, nowMs);
  const broken = mark === 'broken';
  return <Notice kind={broken ? 'warning' : 'info'} title={title} body={body} help={broken} />;
}

/** That there were no tasks is said only where it is known. */
function Empty({ choices, onAll }: { readonly choices: Choices; readonly onAll: () => void }) {
  const styles = useStyles();
  const i18n = useI18n();
  const nowMs = useNow(EVERY_MINUTE_MS);
  const { empty } = useClaims();
  const { group, dayMs, search } = choices;
  const ofTheDayAlone = group === null && search === '';
  const text = () => {
    if (empty === 'unknown') return i18n.t('activity.unavailable');
    if ((dayMs === null && ofTheDayAlone) || empty === 'unread') return i18n.t(EMPTY[empty]);
    if (dayMs === null || !ofTheDayAlone) return i18n.t('activity.noMatch');
    return i18n.t('activity.day.none', { day: i18n.dayInList(dayMs, nowMs) });
  };
  return (
    <div className={styles.empty} role="status">
      {text()} {(dayMs !== null || !ofTheDayAlone) && <Button onClick={onAll}>{i18n.t('activity.clear')}</Button>}
    </div>
  );
}

const EMPTY = {
  unread: 'activity.unread',
  rebuilt: 'activity.empty.rebuilt',
  held: 'activity.empty.held',
  offline: 'activity.empty.offline',
  none: 'activity.empty',
} as const;

function NotReadYet() {
  const styles = useStyles();
  const i18n = useI18n();
  const missing = useWindowState(({ appShell }) => appShell !== null && appShell.agentConnection.state !== 'attached');
  if (!missing) return <Loading rows={8} />;
  return <div className={styles.empty}>{i18n.t('activity.unavailable')}</div>;
}

function Unsent() {
  const styles = useStyles();
  const i18n = useI18n();
  const waiting = useWindowState(({ status }) => status?.outbox.waiting ?? 0);
  const { send } = useClaims();
  if (send !== 'soon' && send !== 'kept' && send !== 'offline') return null;
  return (
    <p className={styles.unsent}>
      {i18n.t(send === 'offline' ? 'activity.unsent.offline' : 'activity.unsent', { n: waiting })}
    </p>
  );
}
