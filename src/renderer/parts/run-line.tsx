/** The lines of the list of runs: a task, several that are one burst, and the day that they are of. */
import { makeStyles, mergeClasses, tokens } from '@fluentui/react-components';
import { describeRun, taskName } from '../../shared/describe-run.ts';
import type { RunRow } from '../../shared/run-view.ts';
import { EVERY_MINUTE_MS, EVERY_SECOND_MS, useClaims, useI18n, useNow, useTaskNow } from '../data/hooks.ts';
import type { Fold, ListDay } from '../data/list-layout.ts';
import { hiddenStyle } from './hidden.ts';
import { OutcomeIcon } from './mark.tsx';

export const ROW_PX = 44;
export const DAY_PX = 30;

const useStyles = makeStyles({
  row: {
    position: 'relative',
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
    // Never below the day that stays at the top.
    scrollMarginTop: `${DAY_PX}px`,
    ':hover': { backgroundColor: tokens.colorNeutralBackground1Hover },
    ':focus-visible': { outline: `2px solid ${tokens.colorStrokeFocus2}`, outlineOffset: '-3px' },
    '@media (max-width: 640px)': {
      gridTemplateColumns: '52px 16px minmax(0, 1fr)',
      gridTemplateRows: '22px 18px',
      alignContent: 'center',
    },
  },
  // A line beside them, and all columns where they are.
  within: {
    boxShadow: `inset 5px 0 ${tokens.colorNeutralBackground1}, inset 7px 0 ${tokens.colorNeutralStroke1}`,
    '@media (forced-colors: active)': { boxShadow: 'none', borderLeft: '2px solid CanvasText', paddingLeft: '14px' },
  },
  time: {
    fontVariantNumeric: 'tabular-nums',
    lineHeight: '16px',
    '@media (max-width: 640px)': { gridRow: '1 / 3' },
  },
  dayOfRow: {
    display: 'block',
    fontSize: tokens.fontSizeBase200,
    // With its year it takes two lines, for which there is room.
    lineHeight: '14px',
    color: tokens.colorNeutralForeground2,
  },
  mark: { '@media (max-width: 640px)': { gridRow: '1 / 3' } },
  name: { display: 'flex', gap: '6px', minWidth: 0 },
  times: { flexShrink: 0, fontWeight: tokens.fontWeightSemibold, fontVariantNumeric: 'tabular-nums' },
  clip: { overflow: 'hidden', textOverflow: 'ellipsis', whiteSpace: 'nowrap' },
  outcome: {
    color: tokens.colorNeutralForeground2,
    fontVariantNumeric: 'tabular-nums',
    '@media (max-width: 640px)': { gridColumn: '3', gridRow: '2', fontSize: tokens.fontSizeBase200 },
  },
  besideArrow: { paddingRight: '32px' },
  arrow: {
    position: 'absolute',
    right: '18px',
    top: '12px',
    lineHeight: '20px',
    color: tokens.colorNeutralForeground2,
  },
  day: {
    boxSizing: 'border-box',
    height: '100%',
    display: 'flex',
    alignItems: 'center',
    gap: '12px',
    margin: 0,
    padding: '0 16px',
    fontSize: tokens.fontSizeBase200,
    lineHeight: tokens.lineHeightBase200,
    fontWeight: tokens.fontWeightRegular,
    fontVariantNumeric: 'tabular-nums',
    whiteSpace: 'nowrap',
    overflow: 'hidden',
    color: tokens.colorNeutralForeground2,
    backgroundColor: tokens.colorNeutralBackground2,
    borderBottom: `1px solid ${tokens.colorNeutralStroke2}`,
  },
  dayName: { color: tokens.colorNeutralForeground1, fontWeight: tokens.fontWeightSemibold },
});

export function DayLine({ day }: { readonly day: ListDay }) {
  const styles = useStyles();
  const i18n = useI18n();
  const nowMs = useNow(EVERY_MINUTE_MS);
  return (
    <h2 className={styles.day} data-day>
      <span className={mergeClasses(styles.dayName, styles.clip)}>
        {day.startMs === null ? i18n.t('activity.day.older') : i18n.dayInList(day.startMs, nowMs)}
      </span>{' '}
      <span>{i18n.t('activity.day.count', { n: day.count })}</span>
    </h2>
  );
}

interface RunLineProps {
  /** What is shown; of a burst its newest. */
  readonly run: RunRow;
  /** Its place among the runs. */
  readonly index: number;
  readonly line: number;
  /** null: a task of its own. */
  readonly fold: { readonly fold: Fold; readonly open: boolean } | null;
  /** One of a burst that is unfolded. */
  readonly within: boolean;
  /** Its day stands above it. */
  readonly underDay: boolean;
  readonly reachable: boolean;
  readonly onPress: () => void;
  readonly onFocus: () => void;
}

export function RunLine({ run, index, line, fold, within, underDay, reachable, onPress, onFocus }: RunLineProps) {
  const styles = useStyles();
  const i18n = useI18n();
  const nowMs = useTaskNow(run.state === 'running' ? EVERY_SECOND_MS : EVERY_MINUTE_MS);
  const { begins } = useClaims();
  const said = describeRun(run, i18n, nowMs, begins);
  const name = taskName(run, i18n);
  const outcome = fold === null ? said.line : burstLine();
  return (
    <button
      type="button"
      className={mergeClasses(styles.row, within && styles.within)}
      data-line={line}
      data-index={index}
      {...(fold === null ? { 'data-run': run.run } : { 'data-fold': fold.fold.id, 'aria-expanded': fold.open })}
      tabIndex={reachable ? 0 : -1}
      title={`${name} – ${outcome}`}
      onClick={onPress}
      onFocus={onFocus}
    >
      <span className={styles.time}>
        {i18n.clock(run.receivedAtMs)}
        {/* It is heard with each task, and seen where no day stands above. */}
        <span className={styles.dayOfRow} style={underDay ? hiddenStyle : undefined}>
          {i18n.shortDay(run.receivedAtMs, nowMs)}
        </span>
      </span>
      <span className={styles.mark}>
        <OutcomeIcon mark={said.mark} />
      </span>
      <span className={mergeClasses(styles.name, fold !== null && styles.besideArrow)}>
        <span className={styles.clip} dir="auto">
          {name}
        </span>
        {fold !== null && <span className={styles.times}>× {i18n.number(fold.fold.count)}</span>}
      </span>
      <span className={mergeClasses(styles.clip, styles.outcome, fold !== null && styles.besideArrow)}>{outcome}</span>
      {fold !== null && (
        <span className={styles.arrow} aria-hidden="true">
          {fold.open ? '▾' : '▸'}
        </span>
      )}
    </button>
  );

  function burstLine(): string {
    const [from, to] = [i18n.clock(fold?.fold.oldestAtMs ?? run.receivedAtMs), i18n.clock(run.receivedAtMs)];
    return i18n.t('activity.fold', { outcome: said.title, time: from === to ? to : `${from}–${to}` });
  }
}
