/**
 * The last days, one cell each: how many tasks, and the worst of what became of them, by a shape. It is the way to a day. One of
 * the cells can be reached by Tab, the others by the arrow keys.
 */
import { makeStyles, mergeClasses, tokens } from '@fluentui/react-components';
import { useLayoutEffect, useRef, useState } from 'react';
import { describeDay } from '../../shared/describe-day.ts';
import { NO_COUNTS } from '../../shared/group-counts.ts';
import { isSameDay } from '../../shared/i18n/i18n.ts';
import { DAY_MS } from '../../shared/time-units.ts';
import { lastDays, midnightMs } from '../data/days.ts';
import { EVERY_MINUTE_MS, useI18n, useNow, useOffers, useQuery } from '../data/hooks.ts';
import { LOW } from '../room.ts';
import { hiddenStyle } from './hidden.ts';
import { OutcomeIcon } from './mark.tsx';
import { useRoving } from './roving.ts';

const STRIP_DAYS = 30;
const MIN_CELL_PX = 23;
const CELL_WIDTH = '--day-width';

const useStyles = makeStyles({
  strip: { display: 'flex', flexShrink: 0, marginBottom: '8px', [LOW]: { marginBottom: '2px' } },
  // What does not fit is scrolled to, in the strip and not in the page.
  days: { display: 'flex', flexGrow: 1, minWidth: 0, overflowX: 'auto', scrollbarWidth: 'thin' },
  cell: {
    // What is hidden in it stays in it.
    position: 'relative',
    boxSizing: 'border-box',
    flex: `1 0 var(${CELL_WIDTH}, ${MIN_CELL_PX}px)`,
    height: '50px',
    [LOW]: { height: '44px', paddingTop: 0, paddingBottom: 0 },
    display: 'flex',
    flexDirection: 'column',
    alignItems: 'center',
    justifyContent: 'space-between',
    padding: '2px 0',
    border: '1px solid transparent',
    borderRadius: tokens.borderRadiusMedium,
    background: 'none',
    color: tokens.colorNeutralForeground2,
    font: 'inherit',
    fontSize: '11px',
    lineHeight: '13px',
    fontVariantNumeric: 'tabular-nums',
    cursor: 'pointer',
    ':hover': { backgroundColor: tokens.colorNeutralBackground1Hover },
    ':focus-visible': { outline: `2px solid ${tokens.colorStrokeFocus2}`, outlineOffset: '-2px' },
  },
  today: { color: tokens.colorNeutralForeground1, fontWeight: tokens.fontWeightSemibold },
  chosen: {
    backgroundColor: tokens.colorNeutralBackground1Selected,
    borderTopColor: tokens.colorNeutralForeground1,
    borderRightColor: tokens.colorNeutralForeground1,
    borderBottomColor: tokens.colorNeutralForeground1,
    borderLeftColor: tokens.colorNeutralForeground1,
    // The system's own colours of what is chosen.
    '@media (forced-colors: active)': {
      forcedColorAdjust: 'none',
      backgroundColor: 'Highlight',
      color: 'HighlightText',
      '& svg': { color: 'HighlightText' },
    },
  },
  mark: { height: '16px', display: 'flex', alignItems: 'center' },
  page: { flex: '0 0 24px', fontSize: '16px' },
});

interface DayStripProps {
  /** When the chosen day began; null: none is. */
  readonly chosenMs: number | null;
  readonly onChoose: (startMs: number | null) => void;
}

export function DayStrip({ chosenMs, onChoose }: DayStripProps) {
  const offered = useOffers().has('runs.days');
  return offered ? <Days chosenMs={chosenMs} onChoose={onChoose} /> : null;
}

function Days({ chosenMs, onChoose }: DayStripProps) {
  const styles = useStyles();
  const i18n = useI18n();
  const nowMs = useNow(EVERY_MINUTE_MS);
  const [pagesBack, setPagesBack] = useState(() => pageOf(chosenMs, nowMs));
  const startsMs = lastDays(midnightMs(nowMs, -pagesBack * STRIP_DAYS), STRIP_DAYS);
  const [lastMs = nowMs] = startsMs.slice(-1);
  const { data } = useQuery('runs.days', { startsMs: [...startsMs, midnightMs(lastMs, 1)] });
  const turned = useRef(false);
  const chosenAt = chosenMs === null ? -1 : startsMs.indexOf(chosenMs);
  const { row, onKeyDown, stop, reset } = useRoving(STRIP_DAYS, chosenAt < 0 ? STRIP_DAYS - 1 : chosenAt);
  const earlier = pagesBack > 0 || data?.earlier === true;
  // biome-ignore lint/correctness/useExhaustiveDependencies: each page begins at its newest day, also when a button came beside it
  useLayoutEffect(() => {
    const show = () => showNewest(row.current);
    show();
    // A window that has become narrower shows today still.
    window.addEventListener('resize', show);
    return () => window.removeEventListener('resize', show);
  }, [pagesBack, earlier]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the button that was pressed may be gone with its page
  useLayoutEffect(() => {
    const newest = row.current?.lastElementChild;
    if (turned.current && document.activeElement === document.body && newest instanceof HTMLElement) newest.focus();
  }, [pagesBack]);

  const turn = (pages: number) => {
    turned.current = true;
    reset();
    setPagesBack(pagesBack + pages);
  };
  return (
    <div className={styles.strip}>
      {earlier && (
        <Turn
          sign="‹"
          label={i18n.t('activity.days.earlier')}
          onClick={data?.earlier === false ? null : () => turn(1)}
        />
      )}
      <div ref={row} role="toolbar" className={styles.days} aria-label={i18n.t('activity.days')} onKeyDown={onKeyDown}>
        {startsMs.map((startMs, at) => {
          const { mark, total, text } = describeDay(startMs, data?.days[at] ?? NO_COUNTS, i18n, nowMs);
          const name = data === null ? i18n.dayInList(startMs, nowMs) : text;
          return (
            <button
              key={startMs}
              type="button"
              className={mergeClasses(
                styles.cell,
                isSameDay(startMs, nowMs) && styles.today,
                startMs === chosenMs && styles.chosen,
              )}
              aria-pressed={startMs === chosenMs}
              title={name}
              {...stop(at)}
              onClick={() => onChoose(startMs === chosenMs ? null : startMs)}
            >
              <span style={hiddenStyle}>{name}</span>
              <span aria-hidden="true">{total > 0 ? i18n.compact(total) : '\u00a0'}</span>
              <span className={styles.mark} aria-hidden="true">
                {mark === null ? '·' : <OutcomeIcon mark={mark} size={14} />}
              </span>
              <span aria-hidden="true">{new Date(startMs).getDate()}</span>
            </button>
          );
        })}
      </div>
      {pagesBack > 0 && <Turn sign="›" label={i18n.t('activity.days.later')} onClick={() => turn(-1)} />}
    </div>
  );
}

interface TurnProps {
  readonly sign: string;
  readonly label: string;
  /** null: there is nothing further. */
  readonly onClick: (() => void) | null;
}

function Turn({ sign, label, onClick }: TurnProps) {
  const styles = useStyles();
  return (
    <button
      type="button"
      className={mergeClasses(styles.cell, styles.page)}
      aria-label={label}
      title={label}
      // Not disabled: that would take the focus away.
      aria-disabled={onClick === null}
      onClick={onClick ?? undefined}
    >
      <span />
      <span aria-hidden="true">{onClick === null ? '' : sign}</span>
      <span />
    </button>
  );
}

/** The chosen day, else the newest one, where not all of them fit; and none of them cut, since half of 11 reads as 1. */
function showNewest(days: HTMLElement | null): void {
  const widthPx = days?.clientWidth ?? 0;
  const fitting = Math.max(1, Math.floor(widthPx / MIN_CELL_PX));
  days?.style.setProperty(CELL_WIDTH, `${widthPx / Math.min(STRIP_DAYS, fitting)}px`);
  const chosen = days?.querySelector('[aria-pressed="true"]');
  if (chosen) chosen.scrollIntoView({ block: 'nearest', inline: 'center' });
  else days?.scrollTo(days.scrollWidth, 0);
}

/** How many pages back the chosen day is. */
function pageOf(chosenMs: number | null, nowMs: number): number {
  if (chosenMs === null) return 0;
  // Days are 23 to 25 hours long.
  const daysBack = Math.round((midnightMs(nowMs) - chosenMs) / DAY_MS);
  return Math.max(0, Math.floor(daysBack / STRIP_DAYS));
}
