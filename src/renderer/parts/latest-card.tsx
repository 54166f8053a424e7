/** The tasks that ended last, one line each: most questions are about one of them. */
import { makeStyles, tokens } from '@fluentui/react-components';
import { describeRun, taskName } from '../../shared/describe-run.ts';
import { REASONS } from '../../shared/outcomes.ts';
import type { RunRow } from '../../shared/run-view.ts';
import { EVERY_MINUTE_MS, useI18n, useNow, useQuery, useStore } from '../data/hooks.ts';
import { Card } from './card.tsx';
import { OutcomeIcon } from './mark.tsx';
import { TextLink } from './text-link.tsx';

const ROWS = 5;
/** With it nothing is counted, which would take its time in a long list. */
const NEWEST = Number.MAX_SAFE_INTEGER;

const useStyles = makeStyles({
  list: { listStyleType: 'none', margin: '0 0 8px', padding: 0 },
  row: {
    display: 'grid',
    gridTemplateColumns: 'minmax(44px, max-content) 16px minmax(0, 2fr) minmax(0, 3fr)',
    gap: '0 12px',
    padding: '4px 0',
    alignItems: 'start',
    '@media (max-width: 640px)': { gridTemplateColumns: '44px 16px minmax(0, 1fr)' },
  },
  time: { fontVariantNumeric: 'tabular-nums', color: tokens.colorNeutralForeground2 },
  mark: { paddingTop: '2px' },
  text: { overflowWrap: 'anywhere', minWidth: 0 },
  outcome: {
    color: tokens.colorNeutralForeground2,
    fontVariantNumeric: 'tabular-nums',
    overflowWrap: 'anywhere',
    '@media (max-width: 640px)': { gridColumn: '3' },
  },
});

/** Absent where there is none. */
export function LatestCard() {
  const styles = useStyles();
  const i18n = useI18n();
  const { go } = useStore();
  const { data } = useQuery('runs.list', { reasons: REASONS, beforeRun: NEWEST, limit: ROWS });
  if (data === null || data.rows.length === 0) return null;
  return (
    <Card title={i18n.t('status.latest')}>
      <ul className={styles.list}>
        {data.rows.map((run) => (
          <LatestRow key={run.run} run={run} />
        ))}
      </ul>
      <TextLink onClick={() => go({ screen: 'activity' })}>{i18n.t('status.latest.all')}</TextLink>
    </Card>
  );
}

function LatestRow({ run }: { readonly run: RunRow }) {
  const styles = useStyles();
  const i18n = useI18n();
  const { go } = useStore();
  const nowMs = useNow(EVERY_MINUTE_MS);
  const said = describeRun(run, i18n, nowMs);
  return (
    <li className={styles.row}>
      <span className={styles.time}>{i18n.dayOrClock(run.receivedAtMs, nowMs)}</span>
      <span className={styles.mark}>
        <OutcomeIcon mark={said.mark} />
      </span>
      <span className={styles.text}>
        <TextLink onClick={() => go({ screen: 'run', run: run.run })}>{taskName(run, i18n)}</TextLink>
      </span>
      <span className={styles.outcome}>{said.line}</span>
    </li>
  );
}
