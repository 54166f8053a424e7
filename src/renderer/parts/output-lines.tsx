/**
 * The rows of an output: only those on the screen are in the page. A page can only be so high, so an output of millions of rows is
 * shown in parts, and a place that is looked for brings its part.
 */
import { Button, makeStyles, mergeClasses, tokens } from '@fluentui/react-components';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useRef, useState } from 'react';
import { occurrences } from '../../shared/occurrences.ts';
import { useI18n } from '../data/hooks.ts';
import type { OutputView } from '../data/output.ts';

const ROW_PX = 18;
const OVERSCAN_ROWS = 20;
/** Chromium gives up at 33 million pixels. */
const PART_ROWS = 1_000_000;

const useStyles = makeStyles({
  frame: {
    boxSizing: 'border-box',
    height: '360px',
    maxHeight: '60vh',
    minHeight: '120px',
    margin: '8px 0',
    padding: '8px 12px',
    overflow: 'auto',
    fontFamily: tokens.fontFamilyMonospace,
    fontSize: tokens.fontSizeBase200,
    lineHeight: `${ROW_PX}px`,
    color: tokens.colorNeutralForeground1,
    backgroundColor: tokens.colorNeutralBackground3,
    border: `1px solid ${tokens.colorNeutralStroke2}`,
    borderRadius: tokens.borderRadiusMedium,
    ':focus-visible': { outline: `2px solid ${tokens.colorStrokeFocus2}` },
  },
  rows: { position: 'relative', minWidth: '100%', width: 'max-content' },
  // Takes the width of the longest row that is shown, which rows that stand by themselves do not.
  shown: { position: 'relative' },
  row: { height: `${ROW_PX}px`, whiteSpace: 'pre', unicodeBidi: 'plaintext' },
  found: { backgroundColor: '#fff1a8', color: '#000' },
  current: { backgroundColor: '#f7630c', color: '#000' },
  parts: { display: 'flex', flexWrap: 'wrap', gap: '8px', alignItems: 'center' },
});

interface OutputLinesProps {
  readonly view: OutputView;
  readonly label: string;
  readonly onVisible: (first: number, last: number) => void;
  readonly atEnd: boolean;
  readonly search: string;
  /** Brought into view; a new object is a new wish. */
  readonly place: { readonly row: number; readonly column: number } | null;
}

export function OutputLines({ view, label, onVisible, atEnd, search, place }: OutputLinesProps) {
  const styles = useStyles();
  const i18n = useI18n();
  const frame = useRef<HTMLElement>(null);
  const lastPart = Math.floor((view.totalRows - 1) / PART_ROWS);
  const [part, setPart] = useState(atEnd ? lastPart : 0);
  const offset = part * PART_ROWS;
  const count = Math.min(PART_ROWS, view.totalRows - offset);
  const virtualizer = useVirtualizer({
    count,
    getScrollElement: () => frame.current,
    estimateSize: () => ROW_PX,
    overscan: OVERSCAN_ROWS,
  });
  const items = virtualizer.getVirtualItems();
  const first = items[0]?.index ?? 0;
  const last = items.at(-1)?.index ?? 0;
  // biome-ignore lint/correctness/useExhaustiveDependencies: what is looked at is what it depends on
  useEffect(() => onVisible(offset + first, offset + last), [offset, first, last]);
  const opened = useRef(false);
  useEffect(() => {
    if (opened.current) return;
    opened.current = true;
    if (atEnd) virtualizer.scrollToIndex(count - 1, { align: 'end' });
  }, [atEnd, count, virtualizer]);
  useEffect(() => {
    if (place === null) return;
    const wanted = Math.floor(place.row / PART_ROWS);
    setPart(wanted);
    // After the part is there.
    requestAnimationFrame(() => {
      virtualizer.scrollToIndex(place.row - wanted * PART_ROWS, { align: 'center' });
      requestAnimationFrame(() =>
        frame.current?.querySelector('[data-current]')?.scrollIntoView({ block: 'nearest', inline: 'nearest' }),
      );
    });
  }, [place, virtualizer]);
  return (
    <>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by the keyboard */}
      <section ref={frame} className={styles.frame} tabIndex={0} aria-label={label}>
        <div className={styles.rows} style={{ height: `${virtualizer.getTotalSize()}px` }}>
          <div className={styles.shown} style={{ transform: `translateY(${items[0]?.start ?? 0}px)` }}>
            {items.map(({ index, key }) => (
              <div key={key} className={styles.row} data-row={offset + index}>
                <Row
                  text={view.row(offset + index) ?? ''}
                  search={search}
                  currentColumn={place?.row === offset + index ? place.column : null}
                />
                {'\n'}
              </div>
            ))}
          </div>
        </div>
      </section>
      {lastPart > 0 && (
        <div className={styles.parts}>
          <span>{i18n.t('run.output.part', { from: offset + 1, to: offset + count, all: view.totalRows })}</span>
          <Button size="small" disabledFocusable={part === 0} onClick={() => setPart(part - 1)}>
            {i18n.t('run.output.earlier')}
          </Button>
          <Button size="small" disabledFocusable={part === lastPart} onClick={() => setPart(part + 1)}>
            {i18n.t('run.output.later')}
          </Button>
        </div>
      )}
    </>
  );
}

interface RowProps {
  readonly text: string;
  readonly search: string;
  readonly currentColumn: number | null;
}

/** Marks where the search fits. */
function Row({ text, search, currentColumn }: RowProps) {
  const styles = useStyles();
  const places = [...occurrences(text, search)];
  if (places.length === 0) return text;
  const ends = places.map((place) => place + search.length);
  return (
    <>
      {text.slice(0, places[0])}
      {places.map((place, at) => (
        <span key={place}>
          <mark
            className={mergeClasses(styles.found, place === currentColumn && styles.current)}
            {...(place === currentColumn ? { 'data-current': '' } : {})}
          >
            {text.slice(place, ends[at])}
          </mark>
          {text.slice(ends[at], places[at + 1])}
        </span>
      ))}
    </>
  );
}
