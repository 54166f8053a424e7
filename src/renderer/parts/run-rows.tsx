/**
 * The lines of a long list: only those on the screen are in the page. One of them can be reached by Tab, the others by the
 * arrow keys, as in any list of the system. The day of what is read stays at the top.
 */
import { makeStyles, tokens } from '@fluentui/react-components';
import { defaultRangeExtractor, type Range, useVirtualizer } from '@tanstack/react-virtual';
import { type KeyboardEvent, useEffect, useLayoutEffect, useRef, useState } from 'react';
import { useI18n, useStore } from '../data/hooks.ts';
import type { Fold, Line, ListLayout } from '../data/list-layout.ts';
import type { RunListView } from '../data/run-list.ts';
import { DAY_PX, DayLine, ROW_PX, RunLine } from './run-line.tsx';

const OVERSCAN_ROWS = 10;
const PAGE_KEY_ROWS = 10;
const FOCUSED_WITHIN_MS = 2_000;

const useStyles = makeStyles({
  list: {
    flexGrow: 1,
    minHeight: 0,
    overflowY: 'auto',
    backgroundColor: tokens.colorNeutralBackground1,
    border: `1px solid ${tokens.colorNeutralStroke2}`,
    borderRadius: tokens.borderRadiusLarge,
  },
  lines: { position: 'relative', margin: 0, padding: 0, listStyleType: 'none' },
  item: { position: 'absolute', top: 0, left: 0, right: 0, height: `${ROW_PX}px` },
  day: { position: 'absolute', top: 0, left: 0, right: 0, height: `${DAY_PX}px` },
  // The only one in the flow.
  dayAtTop: { position: 'sticky', top: 0, height: `${DAY_PX}px`, zIndex: 1 },
  missing: { margin: '0 16px', height: '12px', borderRadius: '4px', backgroundColor: tokens.colorNeutralBackground3 },
});

interface RunRowsProps {
  readonly layout: ListLayout;
  readonly row: RunListView['row'];
  /** The places of the runs that are on the screen. */
  readonly onVisible: (places: readonly number[]) => void;
  readonly onFold: (fold: Fold) => void;
  /** Scrolls to the top; a new object is a new wish. */
  readonly toTop: object | null;
  readonly firstOffset: number;
  readonly onScrolled: (offset: number) => void;
  /** Focuses the line of this run; a new object is a new wish. */
  readonly focusOn: { readonly index: number } | null;
  /** How many newer rows can be shown, and how: at once while nobody reads further down. */
  readonly newer: number;
  readonly onShowNewer: () => void;
}

export function RunRows(props: RunRowsProps) {
  const { layout, row, onVisible, onFold, toTop, firstOffset, onScrolled, focusOn, newer, onShowNewer } = props;
  const styles = useStyles();
  const i18n = useI18n();
  const { go } = useStore();
  const scroller = useRef<HTMLDivElement>(null);
  const [current, setCurrent] = useState(0);
  const virtualizer = useVirtualizer({
    count: layout.lines,
    getScrollElement: () => scroller.current,
    estimateSize: (at) => (layout.isHeading(at) ? DAY_PX : ROW_PX),
    overscan: OVERSCAN_ROWS,
    initialOffset: firstOffset,
    scrollPaddingStart: DAY_PX,
    rangeExtractor: (range) => withDay(range, layout),
  });
  const measured = useRef(layout);
  useLayoutEffect(() => {
    if (measured.current !== layout) virtualizer.measure();
    measured.current = layout;
  }, [layout, virtualizer]);
  const lines = virtualizer.getVirtualItems().flatMap(({ index: at, start }) => {
    const line = layout.line(at);
    return line === undefined ? [] : [{ at, start, line }];
  });
  const tasks = lines.filter(({ line }) => line.kind !== 'day');
  const reachable = (tasks.find(({ at }) => at >= current) ?? tasks.at(-1))?.at;
  const dayAtTop = layout.dayOf(virtualizer.range?.startIndex ?? 0)?.at;
  const places = tasks.map(({ line }) => placeOf(line));
  // biome-ignore lint/correctness/useExhaustiveDependencies: the places themselves, and not the array that they are in
  useEffect(() => onVisible(places), [onVisible, places.join()]);
  useEffect(() => {
    if (toTop === null) return;
    virtualizer.scrollToOffset(0);
    setCurrent(0);
  }, [toTop, virtualizer]);
  // At the very top, with the focus elsewhere, nothing is being read that could move.
  // biome-ignore lint/correctness/useExhaustiveDependencies: once for each that is newer, or an answer that fails is asked for on and on
  useEffect(() => {
    const list = scroller.current;
    if (newer === 0 || list === null) return;
    if (list.scrollTop === 0 && !list.contains(document.activeElement)) onShowNewer();
  }, [newer, layout]);

  const focusLine = (wanted: number) => {
    const inList = Math.max(0, Math.min(layout.lines - 1, wanted));
    const beside = inList === 0 || wanted > current ? inList + 1 : inList - 1;
    const at = layout.isHeading(inList) ? beside : inList;
    setCurrent(at);
    // The day above the first task comes with it.
    virtualizer.scrollToIndex(at === 1 ? 0 : at, { align: 'auto' });
    // A row that is not read yet comes in a moment.
    const untilMs = performance.now() + FOCUSED_WITHIN_MS;
    const focus = () => {
      const line = scroller.current?.querySelector<HTMLElement>(`[data-line="${at}"]`);
      if (line) line.focus();
      else if (performance.now() < untilMs) requestAnimationFrame(focus);
    };
    requestAnimationFrame(focus);
  };
  // biome-ignore lint/correctness/useExhaustiveDependencies: each wish is fulfilled once
  useEffect(() => {
    if (focusOn !== null) focusLine(layout.lineOf(focusOn.index));
  }, [focusOn]);
  const onKeyDown = (event: KeyboardEvent) => {
    const steps: Readonly<Record<string, number>> = {
      ArrowDown: current + 1,
      ArrowUp: current - 1,
      PageDown: current + PAGE_KEY_ROWS,
      PageUp: current - PAGE_KEY_ROWS,
      Home: 0,
      End: layout.lines - 1,
    };
    const wanted = steps[event.key];
    if (wanted === undefined) return;
    event.preventDefault();
    focusLine(wanted);
  };
  return (
    <div ref={scroller} className={styles.list} onScroll={() => onScrolled(scroller.current?.scrollTop ?? 0)}>
      <ul
        className={styles.lines}
        style={{ height: `${virtualizer.getTotalSize()}px` }}
        aria-label={i18n.t('activity.list')}
        onKeyDown={onKeyDown}
      >
        {lines.map(({ at, start, line }) => (
          <li
            key={at}
            className={line.kind !== 'day' ? styles.item : at === dayAtTop ? styles.dayAtTop : styles.day}
            style={at === dayAtTop ? undefined : { transform: `translateY(${start}px)` }}
            aria-setsize={layout.lines}
            aria-posinset={at + 1}
          >
            {line.kind === 'day' ? <DayLine day={line.day} /> : taskLine(at, line)}
          </li>
        ))}
      </ul>
    </div>
  );

  function taskLine(at: number, line: Exclude<Line, { kind: 'day' }>) {
    const run = row(placeOf(line));
    if (run === undefined) return <div className={styles.missing} />;
    return (
      <RunLine
        run={run}
        index={placeOf(line)}
        line={at}
        fold={line.kind === 'fold' ? line : null}
        within={line.kind === 'run' && line.within !== null}
        underDay={layout.dayOf(at) !== null}
        reachable={at === reachable}
        onPress={() => (line.kind === 'fold' ? onFold(line.fold) : go({ screen: 'run', run: run.run }))}
        onFocus={() => setCurrent(at)}
      />
    );
  }
}

/** What is on the screen, and the day above it. */
function withDay(range: Range, layout: ListLayout): number[] {
  const shown = defaultRangeExtractor(range);
  const day = layout.dayOf(range.startIndex)?.at;
  return day === undefined || shown.includes(day) ? shown : [day, ...shown];
}

/** The run whose row a line shows: of a burst its newest. */
function placeOf(line: Line): number {
  switch (line.kind) {
    case 'day':
      return 0;
    case 'run':
      return line.index;
    case 'fold':
      return line.fold.first;
  }
}
