/** What this PC runs by itself: what comes next, how it went, what was left out. Folded, and absent where there is nothing. */
import { makeStyles, tokens } from '@fluentui/react-components';
import { describeSchedule, describeSchedules } from '../../shared/describe-schedule.ts';
import type { ScheduleRow } from '../../shared/schedules-view.ts';
import { EVERY_MINUTE_MS, useI18n, useNow, useOffers, useQuery, useStore, useWindowState } from '../data/hooks.ts';
import { type Fact, Facts } from './facts.tsx';
import { TextLink } from './text-link.tsx';

const useStyles = makeStyles({
  section: { margin: '8px 0 0', flexShrink: 0 },
  summary: { cursor: 'pointer', color: tokens.colorNeutralForeground2, padding: '4px 0' },
  title: { color: tokens.colorNeutralForeground1, marginRight: '8px' },
  list: { listStyleType: 'none', margin: '4px 0 0', padding: 0, maxHeight: '220px', overflowY: 'auto' },
  item: { padding: '8px 0', borderTop: `1px solid ${tokens.colorNeutralStroke2}`, overflowWrap: 'anywhere' },
  line: { color: tokens.colorNeutralForeground2, fontVariantNumeric: 'tabular-nums' },
});

export function SchedulesSection() {
  const styles = useStyles();
  const i18n = useI18n();
  const nowMs = useNow(EVERY_MINUTE_MS);
  const offered = useOffers().has('schedules.list');
  const summary = useWindowState(({ status }) => status?.schedules ?? null);
  if (!offered || summary === null || summary.count === 0) return null;
  return (
    <details className={styles.section}>
      <summary className={styles.summary}>
        <span className={styles.title}>{i18n.t('schedules.title')}</span>
        {describeSchedules(summary, i18n, nowMs)}
      </summary>
      <List nowMs={nowMs} />
    </details>
  );
}

function List({ nowMs }: { readonly nowMs: number }) {
  const styles = useStyles();
  const i18n = useI18n();
  const { data } = useQuery('schedules.list', {});
  return (
    // Tall lists scroll, and are reached with the keyboard.
    // biome-ignore lint/a11y/noNoninteractiveTabindex: as said
    <ul className={styles.list} tabIndex={0} aria-label={i18n.t('schedules.title')}>
      {(data ?? []).map((row, index) => (
        <Item key={row.internals?.id ?? index} row={row} nowMs={nowMs} />
      ))}
    </ul>
  );
}

function Item({ row, nowMs }: { readonly row: ScheduleRow; readonly nowMs: number }) {
  const styles = useStyles();
  const i18n = useI18n();
  const { go } = useStore();
  const { name, state, last, skipped } = describeSchedule(row, i18n, nowMs);
  const run = row.last?.run;
  const { internals } = row;
  const facts: (Fact | null)[] =
    internals === null
      ? []
      : [
          { name: i18n.t('schedules.number'), value: i18n.list([internals.id, internals.jobId ?? '–']) },
          internals.when === null ? null : { name: i18n.t('schedules.when'), value: internals.when },
          internals.note === null ? null : { name: i18n.t('schedules.note'), value: internals.note },
        ];
  return (
    <li className={styles.item}>
      <div>
        {name} <span className={styles.line}>– {state}</span>
      </div>
      {last !== null && run !== undefined && (
        <div>
          <TextLink onClick={() => go({ screen: 'run', run })}>{last}</TextLink>
        </div>
      )}
      {skipped !== null && <div className={styles.line}>{skipped}</div>}
      {facts.length > 0 && <Facts facts={facts} />}
    </li>
  );
}
