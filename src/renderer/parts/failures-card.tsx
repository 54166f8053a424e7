/** For the helpdesk: what went wrong, by task and reason; a click leads to the last one. */
import { makeStyles, tokens } from '@fluentui/react-components';
import { failuresTitle } from '../../shared/describe-helpdesk.ts';
import { titleText } from '../../shared/describe-run.ts';
import type { Failures } from '../../shared/helpdesk-view.ts';
import { outcomeRow } from '../../shared/outcomes.ts';
import { EVERY_MINUTE_MS, useI18n, useNow, useStore } from '../data/hooks.ts';
import type { Asked } from '../data/inside.ts';
import { InsideCard } from './inside-card.tsx';
import { OutcomeIcon } from './mark.tsx';
import { TextLink } from './text-link.tsx';

const useStyles = makeStyles({
  list: { listStyleType: 'none', margin: 0, padding: 0 },
  row: { display: 'flex', gap: '10px', alignItems: 'flex-start', padding: '4px 0', minWidth: 0 },
  mark: { marginTop: '2px' },
  text: { minWidth: 0, overflowWrap: 'anywhere' },
  quiet: { margin: 0, color: tokens.colorNeutralForeground2, fontVariantNumeric: 'tabular-nums' },
});

export function FailuresCard({ failures }: { readonly failures: Asked<Failures> }) {
  const styles = useStyles();
  const i18n = useI18n();
  const nowMs = useNow(EVERY_MINUTE_MS);
  return (
    <InsideCard title={failuresTitle(failures.data, i18n, nowMs)} asked={failures}>
      {({ rows, kinds }) => (
        <>
          {rows.length === 0 && <p className={styles.quiet}>{i18n.t('helpdesk.failures.none')}</p>}
          <ul className={styles.list}>
            {rows.map((row) => (
              <Kind key={`${row.manifestId} ${row.reason}`} row={row} nowMs={nowMs} />
            ))}
          </ul>
          {kinds > rows.length && <p className={styles.quiet}>{i18n.t('helpdesk.more', { n: kinds - rows.length })}</p>}
        </>
      )}
    </InsideCard>
  );
}

function Kind({ row, nowMs }: { readonly row: Failures['rows'][number]; readonly nowMs: number }) {
  const styles = useStyles();
  const i18n = useI18n();
  const { go } = useStore();
  const { reason, count, lastAtMs, lastRun } = row;
  const task = titleText(row.title, i18n);
  const outcome = i18n.t(`reason.${reason}.title`);
  return (
    <li className={styles.row}>
      <span className={styles.mark}>
        <OutcomeIcon mark={outcomeRow(reason).mark} />
      </span>
      <div className={styles.text}>
        <TextLink
          label={i18n.t('helpdesk.failures.open', { task, outcome })}
          onClick={() => go({ screen: 'run', run: lastRun })}
        >
          {task}
        </TextLink>
        {` – ${outcome}`}
        <p className={styles.quiet}>
          {i18n.t('helpdesk.failures.count', { n: count, time: i18n.moment(lastAtMs, nowMs) })}
        </p>
      </div>
    </li>
  );
}
