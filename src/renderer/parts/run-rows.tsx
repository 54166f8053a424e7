/**
 * The rows of a long list: only those on the screen are in the page. One of them can be reached by Tab, the others by the
 * arrow keys, as in any list of the system.
 */
import { makeStyles, mergeClasses, tokens } from '@fluentui/react-components';
import { useVirtualizer } from '@tanstack/react-virtual';
import { type KeyboardEvent, useEffect, useRef, useState } from 'react';
import { describeRun, taskName } from '../../shared/describe-run.ts';
import { isSameDay } from '../../shared/i18n/i18n.ts';
import type { RunRow } from '../../shared/run-view.ts';
import { EVERY_MINUTE_MS, EVERY_SECOND_MS, useI18n, useNow, useStore } from '../data/hooks.ts';
import type { RunListView } from '../data/run-list.ts';
import { DayBar } from './day-bar.tsx';
import { hiddenStyle } from './hidden.ts';
import { OutcomeIcon } from './mark.tsx';

export const ROW_PX = 44;
const OVERSCAN_ROWS = 10;
const PAGE_KEY_ROWS = 10;
const FOCUSED_WITHIN_MS = 2_000;

const useStyles = makeStyles({
  frame: {
    flexGrow: 1,
    minHeight: 0,
    display: 'flex',
    flexDirection: 'column',
    backgroundColor: tokens.colorNeutralBackground1,
    border: `1px solid ${tokens.colorNeutralStroke2}`,
    borderRadius: tokens.borderRadiusLarge,
    overflow: 'hidden',
  },
  list: { flexGrow: 1, minHeight: 0, overflowY: 'auto' },
  firstOfDay: { boxShadow: `inset 0 1px ${tokens.colorNeutralStroke1}` },
  rows: { position: 'relative', margin: 0, padding: 0, listStyleType: 'none' },
  item: { position: 'absolute', left: 0, right: 0, height: `${ROW_PX}px` },
  row: {
    boxSizing: 'border-box',
    width: '100%',
    height: '100%',
    display: 'grid',
    gridTemplateColumns: '64px 16px minmax(0, 2fr) minmax(0, 3fr)',
    alignItems: 'center',
    gap: '0 12px',
    padding: '0 16px',
    border: 'none',
    background: 'none',
    color: tokens.colorNeutralForeground1,
    font: 'inherit',
    textAlign: 'left',
    cursor: 'pointer',
    ':hover': { backgroundColor: tokens.colorNeutralBackground1Hover },
    ':focus-visible': { outline: `2px solid ${tokens.colorStrokeFocus2}`, outlineOffset: '-3px' },
    '@media (max-width: 640px)': {
      gridTemplateColumns: '52px 16px minmax(0, 1fr)',
      gridTemplateRows: '22px 18px',
      alignContent: 'center',
    },
  },
  time: {
    fontVariantNumeric: 'tabular-nums',
    lineHeight: '16px',
    '@media (max-width: 640px)': { gridRow: '1 / 3' },
  },
  day: {
    display: 'block',
    fontSize: tokens.fontSizeBase200,
    color: tokens.colorNeutralForeground2,
    whiteSpace: 'nowrap',
  },
  mark: { '@media (max-width: 640px)': { gridRow: '1 / 3' } },
  clip: { overflow: 'hidden', textOverflow: 'ellipsis', whiteSpace: 'nowrap' },
  outcome: {
    color: tokens.colorNeutralForeground2,
    fontVariantNumeric: 'tabular-nums',
    '@media (max-width: 640px)': { gridColumn: '3', gridRow: '2', fontSize: tokens.fontSizeBase200 },
  },
  missing: { margin: '0 16px', height: '12px', borderRadius: '4px', backgroundColor: tokens.colorNeutralBackground3 },
});

interface RunRowsProps {
  readonly count: number;
  readonly view: RunListView;
  readonly onLook: (first: number, last: number) => void;
  /** Brings this row to the top; a new object is a new wish. */
  readonly jump: { readonly index: number } | null;
  readonly firstOffset: number;
  readonly onScrolled: (offset: number) => void;
  /** Focuses this row; a new object is a new wish. */
  readonly focusOn: { readonly index: number } | null;
  readonly list: object | null;
  readonly countIn: (fromMs: number, toMs: number) => Promise<number | null>;
  /** What to do about newer rows while nobody reads further down; null: there are none. */
  readonly atTopShowNewer: (() => void) | null;
}

export function RunRows(props: RunRowsProps) {
  const { count, view, onLook, jump, firstOffset, onScrolled, focusOn, list, countIn, atTopShowNewer } = props;
  const styles = useStyles();
  const i18n = useI18n();
  const { go } = useStore();
  const scroller = useRef<HTMLDivElement>(null);
  const [current, setCurrent] = useState(0);
  const virtualizer = useVirtualizer({
    count,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_PX,
    overscan: OVERSCAN_ROWS,
    initialOffset: firstOffset,
  });
  const items = virtualizer.getVirtualItems();
  const first = items[0]?.index ?? 0;
  const last = items.at(-1)?.index ?? 0;
  useEffect(() => onLook(first, last), [onLook, first, last]);
  useEffect(() => {
    if (jump === null) return;
    virtualizer.scrollToIndex(jump.index, { align: 'start' });
    setCurrent(jump.index);
  }, [jump, virtualizer]);
  // At the very top, with the focus elsewhere, nothing is being read that could move.
  useEffect(() => {
    const list = scroller.current;
    if (atTopShowNewer === null || list === null) return;
    if (list.scrollTop === 0 && !list.contains(document.activeElement)) atTopShowNewer();
  }, [atTopShowNewer]);

  const focusRow = (index: number) => {
    const wanted = Math.max(0, Math.min(count - 1, index));
    setCurrent(wanted);
    virtualizer.scrollToIndex(wanted, { align: 'auto' });
    // A row that is not read yet comes in a moment.
    const untilMs = performance.now() + FOCUSED_WITHIN_MS;
    const focus = () => {
      const row = scroller.current?.querySelector<HTMLElement>(`[data-index="${wanted}"]`);
      if (row) row.focus();
      else if (performance.now() < untilMs) requestAnimationFrame(focus);
    };
    requestAnimationFrame(focus);
  };
  // biome-ignore lint/correctness/useExhaustiveDependencies: each wish is fulfilled once
  useEffect(() => {
    if (focusOn !== null) focusRow(focusOn.index);
  }, [focusOn]);
  const top = view.row(Math.floor((virtualizer.scrollOffset ?? 0) / ROW_PX));
  const onKeyDown = (event: KeyboardEvent) => {
    const steps: Readonly<Record<string, number>> = {
      ArrowDown: current + 1,
      ArrowUp: current - 1,
      PageDown: current + PAGE_KEY_ROWS,
      PageUp: current - PAGE_KEY_ROWS,
      Home: 0,
      End: count - 1,
    };
    const wanted = steps[event.key];
    if (wanted === undefined) return;
    event.preventDefault();
    focusRow(wanted);
  };
  return (
    <div className={styles.frame}>
      <DayBar atMs={top?.receivedAtMs ?? null} countIn={countIn} list={list} />
      <div ref={scroller} className={styles.list} onScroll={() => onScrolled(scroller.current?.scrollTop ?? 0)}>
        <ul
          className={styles.rows}
          style={{ height: `${virtualizer.getTotalSize()}px` }}
          aria-label={i18n.t('activity.list')}
          onKeyDown={onKeyDown}
        >
          {items.map(({ index, start, key }) => {
            const run = view.row(index);
            return (
              <li
                key={key}
                className={styles.item}
                style={{ transform: `translateY(${start}px)` }}
                aria-setsize={count}
                aria-posinset={index + 1}
              >
                {run === undefined ? (
                  <div className={styles.missing} />
                ) : (
                  <Row
                    run={run}
                    index={index}
                    reachable={index === Math.min(Math.max(current, first), last)}
                    newDay={index === 0 || isFirstOfDay(run, view.row(index - 1))}
                    onOpen={() => go({ screen: 'run', run: run.run })}
                    onFocus={() => setCurrent(index)}
                  />
                )}
              </li>
            );
          })}
        </ul>
      </div>
    </div>
  );
}

function isFirstOfDay(run: RunRow, newer: RunRow | undefined): boolean {
  return newer !== undefined && !isSameDay(run.receivedAtMs, newer.receivedAtMs);
}

interface RowProps {
  readonly run: RunRow;
  readonly index: number;
  readonly reachable: boolean;
  readonly newDay: boolean;
  readonly onOpen: () => void;
  readonly onFocus: () => void;
}

function Row({ run, index, reachable, newDay, onOpen, onFocus }: RowProps) {
  const styles = useStyles();
  const i18n = useI18n();
  const nowMs = useNow(run.state === 'running' ? EVERY_SECOND_MS : EVERY_MINUTE_MS);
  const said = describeRun(run, i18n, nowMs);
  const name = taskName(run, i18n);
  const time = i18n.clock(run.receivedAtMs);
  const day = isSameDay(run.receivedAtMs, nowMs) ? null : i18n.shortDay(run.receivedAtMs);
  return (
    <button
      type="button"
      className={mergeClasses(styles.row, newDay && index > 0 && styles.firstOfDay)}
      data-index={index}
      data-run={run.run}
      tabIndex={reachable ? 0 : -1}
      title={`${name} – ${said.line}`}
      onClick={onOpen}
      onFocus={onFocus}
    >
      <span className={styles.time}>
        {time}
        {day !== null && (
          <span className={styles.day} style={newDay ? undefined : hiddenStyle}>
            {day}
          </span>
        )}
      </span>
      <span className={styles.mark}>
        <OutcomeIcon mark={said.mark} />
      </span>
      <span className={styles.clip}>{name}</span>
      <span className={mergeClasses(styles.clip, styles.outcome)}>{said.line}</span>
    </button>
  );
}
