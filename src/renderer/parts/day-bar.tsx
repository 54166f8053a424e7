/** Which day the rows below are of, and how many tasks it has: above the list, so that it is seen wherever one has scrolled to. */
import { makeStyles, tokens } from '@fluentui/react-components';
import { useEffect, useState } from 'react';
import { EVERY_MINUTE_MS, useI18n, useNow, useWindowState } from '../data/hooks.ts';

/** A day is looked at when it has been there for so long. */
const RESTING_MS = 200;

const useStyles = makeStyles({
  bar: {
    display: 'flex',
    flexWrap: 'wrap',
    gap: '0 12px',
    padding: '5px 16px',
    fontSize: tokens.fontSizeBase200,
    lineHeight: tokens.lineHeightBase200,
    fontVariantNumeric: 'tabular-nums',
    color: tokens.colorNeutralForeground2,
    borderBottom: `1px solid ${tokens.colorNeutralStroke2}`,
  },
  day: { color: tokens.colorNeutralForeground1, fontWeight: tokens.fontWeightSemibold },
});

interface DayBarProps {
  /** A moment of the day; null: its row is not read yet. */
  readonly atMs: number | null;
  readonly countIn: (fromMs: number, toMs: number) => Promise<number | null>;
  /** The list that is counted in. */
  readonly list: object | null;
}

export function DayBar({ atMs, countIn, list }: DayBarProps) {
  const styles = useStyles();
  const i18n = useI18n();
  const nowMs = useNow(EVERY_MINUTE_MS);
  const count = useCount(atMs, countIn, list);
  return (
    <div className={styles.bar}>
      <span className={styles.day}>{atMs === null ? '\u00a0' : i18n.dayInList(atMs, nowMs)}</span>
      {count !== null && <span>{i18n.t('activity.day.count', { n: count })}</span>}
    </div>
  );
}

/** null: not known yet. */
function useCount(atMs: number | null, countIn: DayBarProps['countIn'], list: object | null): number | null {
  const revision = useWindowState((state) => state.revision);
  const midnightMs = atMs === null ? null : new Date(atMs).setHours(0, 0, 0, 0);
  const [counted, setCounted] = useState<{ readonly midnightMs: number; readonly n: number | null } | null>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another list counts others; each state may bring one more
  useEffect(() => {
    if (midnightMs === null) return;
    let current = true;
    // Days that are scrolled past are not counted, and what the list itself asks goes first.
    const timer = setTimeout(() => {
      void countIn(midnightMs, new Date(midnightMs).setHours(24, 0, 0, 0)).then((n) => {
        if (current) setCounted({ midnightMs, n });
      });
    }, RESTING_MS);
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [midnightMs, revision, list]);
  return counted?.midnightMs === midnightMs ? counted.n : null;
}
