/** Every command that arrived, newest first, from what this PC has stored. */
import { Button, Input, makeStyles, Select, tokens } from '@fluentui/react-components';
import { useDeferredValue, useEffect, useState } from 'react';
import { OUTCOME_GROUPS, type OutcomeGroup } from '../../shared/outcome-groups.ts';
import type { Route } from '../../shared/shell-contract.ts';
import { EVERY_MINUTE_MS, useI18n, useNow, useStore, useWindowState } from '../data/hooks.ts';
import type { RunListFilter } from '../data/run-list.ts';
import { useRunList } from '../data/use-run-list.ts';
import { Loading } from '../parts/loading.tsx';
import { Notice } from '../parts/notice.tsx';
import { RunRows } from '../parts/run-rows.tsx';
import { ScreenTitle } from '../parts/screen-title.tsx';

const useStyles = makeStyles({
  tools: { display: 'flex', flexWrap: 'wrap', gap: '8px', alignItems: 'center', marginBottom: '8px' },
  search: { flexGrow: 1, minWidth: '140px', maxWidth: '320px' },
  count: { marginLeft: 'auto', color: tokens.colorNeutralForeground2, fontVariantNumeric: 'tabular-nums' },
  day: { width: '150px' },
  list: { position: 'relative', flexGrow: 1, minHeight: '132px', display: 'flex', flexDirection: 'column' },
  // Over the list: what is read below it must not move.
  newer: { position: 'absolute', top: '8px', left: '50%', transform: 'translateX(-50%)', zIndex: 1 },
  empty: { padding: '32px 0', color: tokens.colorNeutralForeground2 },
  unsent: { margin: '8px 0 0', color: tokens.colorNeutralForeground2 },
});

type DayChoice = 'any' | 'today' | 'yesterday';

interface Choices {
  readonly group: OutcomeGroup | null;
  readonly day: DayChoice;
  readonly search: string;
  /** Where the list was scrolled to. */
  readonly offset: number;
}

type ActivityRoute = Extract<Route, { screen: 'activity' }>;

/** Outlives the screen, so that the way back from a detail leads to where one was. */
let lastChoices: Choices | null = null;

export function ActivityScreen({ route }: { readonly route: ActivityRoute }) {
  const styles = useStyles();
  const i18n = useI18n();
  const { client } = useStore();
  const [choices, setChoices] = useChoices(route);
  const search = useDeferredValue(choices.search);
  const nowMs = useNow(EVERY_MINUTE_MS);
  const filter: RunListFilter = { group: choices.group, range: rangeOf(choices.day, nowMs), search };
  const list = useRunList(filter);
  const [jump, setJump] = useState<{ readonly index: number } | null>(null);
  const seenOffered = useWindowState(({ shell }) => shell?.offers.includes('shell.seen') ?? false);
  const { matching, all, newer } = list.view;
  // biome-ignore lint/correctness/useExhaustiveDependencies: what came in while the list was open has been seen too
  useEffect(() => {
    if (seenOffered) void client.ask('shell.seen', {});
  }, [client, seenOffered, newer]);
  const filtered = choices.group !== null || choices.day !== 'any' || choices.search !== '';
  return (
    <>
      <ScreenTitle>{i18n.t('activity.title')}</ScreenTitle>
      <Tools
        choices={choices}
        onChange={setChoices}
        onDay={(atMs) => void list.indexAt(atMs).then((index) => setJump({ index }))}
      >
        {matching !== null && <span className={styles.count}>{i18n.t('activity.count', { n: matching, all })}</span>}
      </Tools>
      {list.view.failed && <Notice kind="error" title={i18n.t('window.failed')} />}
      {matching === null && !list.view.failed && <NotReadYet />}
      {matching === 0 && (
        <div className={styles.empty}>
          <Empty filtered={filtered} />{' '}
          {filtered && (
            <Button onClick={() => setChoices({ group: null, day: 'any', search: '', offset: 0 })}>
              {i18n.t('activity.clear')}
            </Button>
          )}
        </div>
      )}
      {matching !== null && matching > 0 && (
        <div className={styles.list}>
          {newer > 0 && (
            <Button className={styles.newer} appearance="primary" size="small" onClick={list.showNewer}>
              {i18n.join(i18n.t('activity.new', { n: newer }), `– ${i18n.t('activity.new.show')}`)}
            </Button>
          )}
          <RunRows
            count={matching}
            view={list.view}
            onLook={list.look}
            jump={jump}
            firstOffset={choices.offset}
            onScrolled={rememberOffset}
            atTopShowNewer={newer > 0 ? list.showNewer : null}
          />
        </div>
      )}
      <Unsent />
    </>
  );
}

function useChoices(route: ActivityRoute): [Choices, (choices: Choices) => void] {
  const { state } = useStore();
  const [choices, setChoices] = useState<Choices>(() => {
    if (state().cameBack && lastChoices !== null) return lastChoices;
    lastChoices = { group: route.group ?? null, day: route.today ? 'today' : 'any', search: '', offset: 0 };
    return lastChoices;
  });
  return [
    choices,
    (next) => {
      lastChoices = next;
      setChoices(next);
    },
  ];
}

/** Not a state: nothing that is shown depends on it. */
function rememberOffset(offset: number): void {
  if (lastChoices !== null) lastChoices = { ...lastChoices, offset };
}

interface ToolsProps {
  readonly choices: Choices;
  readonly onChange: (choices: Choices) => void;
  readonly onDay: (endOfDayMs: number) => void;
  readonly children: React.ReactNode;
}

function Tools({ choices, onChange, onDay, children }: ToolsProps) {
  const styles = useStyles();
  const i18n = useI18n();
  const helpdesk = useWindowState(({ status }) => status !== null && status.helpdesk.unlockedUntilMs !== null);
  return (
    <search className={styles.tools}>
      <Select
        aria-label={i18n.t('activity.filter')}
        value={choices.group ?? 'all'}
        onChange={(_, { value }) =>
          onChange({ ...choices, group: value === 'all' ? null : (value as OutcomeGroup), offset: 0 })
        }
      >
        <option value="all">{i18n.t('activity.filter.all')}</option>
        {OUTCOME_GROUPS.map((group) => (
          <option key={group} value={group}>
            {i18n.t(`group.${group}`)}
          </option>
        ))}
      </Select>
      <Select
        aria-label={i18n.t('activity.day')}
        value={choices.day}
        onChange={(_, { value }) => onChange({ ...choices, day: value as DayChoice, offset: 0 })}
      >
        {(['any', 'today', 'yesterday'] as const).map((day) => (
          <option key={day} value={day}>
            {i18n.t(`activity.day.${day}`)}
          </option>
        ))}
      </Select>
      <Input
        type="search"
        className={styles.search}
        aria-label={i18n.t('activity.search')}
        placeholder={i18n.t(helpdesk ? 'activity.search.helpdesk' : 'activity.search.hint')}
        value={choices.search}
        maxLength={200}
        onChange={(_, { value }) => onChange({ ...choices, search: value, offset: 0 })}
      />
      {choices.day === 'any' && (
        <Input
          className={styles.day}
          type="date"
          aria-label={i18n.t('activity.day.pick')}
          title={i18n.t('activity.day.pick')}
          onChange={(_, { value }) => {
            const endOfDay = new Date(`${value}T23:59:59.999`).getTime();
            if (!Number.isNaN(endOfDay)) onDay(endOfDay);
          }}
        />
      )}
      {children}
    </search>
  );
}

/** That there were no tasks is said only where it is known. */
function Empty({ filtered }: { readonly filtered: boolean }) {
  const i18n = useI18n();
  const store = useWindowState(({ status }) => status?.store ?? null);
  if (store?.readable === false) return i18n.t('activity.unread');
  if (filtered) return i18n.t('activity.noMatch');
  return i18n.t(store?.state === 'quarantined' ? 'activity.empty.anew' : 'activity.empty');
}

function NotReadYet() {
  const styles = useStyles();
  const i18n = useI18n();
  const missing = useWindowState(({ shell }) => shell !== null && shell.agentConnection.state !== 'attached');
  if (!missing) return <Loading rows={8} />;
  return <div className={styles.empty}>{i18n.t('activity.unavailable')}</div>;
}

function Unsent() {
  const styles = useStyles();
  const i18n = useI18n();
  const waiting = useWindowState(({ status }) => status?.outbox.waiting ?? 0);
  const offline = useWindowState(({ status }) => status !== null && status.connection.state !== 'connected');
  if (waiting === 0) return null;
  return (
    <p className={styles.unsent}>{i18n.t(offline ? 'activity.unsent.offline' : 'activity.unsent', { n: waiting })}</p>
  );
}

function rangeOf(day: DayChoice, nowMs: number): RunListFilter['range'] {
  if (day === 'any') return null;
  const midnight = new Date(nowMs).setHours(0, 0, 0, 0);
  const tomorrow = new Date(midnight).setDate(new Date(midnight).getDate() + 1);
  const yesterday = new Date(midnight).setDate(new Date(midnight).getDate() - 1);
  return day === 'today' ? { fromMs: midnight, toMs: tomorrow } : { fromMs: yesterday, toMs: midnight };
}
