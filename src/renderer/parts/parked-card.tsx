/** For the helpdesk: what could not be delivered, why, what else waits, and the way to send them again now. */
import { Button, makeStyles, tokens } from '@fluentui/react-components';
import { useState } from 'react';
import { titleText } from '../../shared/describe-run.ts';
import { describeWaiting, messageName } from '../../shared/describe-send.ts';
import type { Parked } from '../../shared/helpdesk-view.ts';
import { EVERY_MINUTE_MS, useI18n, useNow, useStore, useWindowState } from '../data/hooks.ts';
import type { InsideQueries } from '../data/inside.ts';
import { InsideCard } from './inside-card.tsx';
import { TextLink } from './text-link.tsx';

const useStyles = makeStyles({
  list: { listStyleType: 'none', margin: 0, padding: 0 },
  row: {
    display: 'flex',
    flexWrap: 'wrap',
    gap: '4px 12px',
    alignItems: 'center',
    justifyContent: 'space-between',
    padding: '6px 0',
  },
  text: { flex: '1 1 240px', minWidth: 0, overflowWrap: 'anywhere' },
  quiet: { margin: 0, color: tokens.colorNeutralForeground2, fontVariantNumeric: 'tabular-nums' },
  all: { display: 'flex', flexWrap: 'wrap', gap: '8px 12px', alignItems: 'center', marginTop: '8px' },
});

export function ParkedCard({ parked }: Pick<InsideQueries, 'parked'>) {
  const styles = useStyles();
  const i18n = useI18n();
  const { client } = useStore();
  const outbox = useWindowState(({ status }) => status?.outbox ?? null);
  const waiting = outbox === null ? [] : describeWaiting(outbox, i18n);
  const [said, setSaid] = useState('');
  const tell = (resent: number | null) => {
    setSaid(resent === null ? i18n.t('run.notResent') : i18n.t('helpdesk.parked.resent', { n: resent }));
    parked.again();
  };
  const resendOne = async ({ resultId, kind }: Parked['rows'][number]) => {
    // An older agent knows results only, and no kinds.
    const what = kind === 'result' ? { resultId } : { resultId, kind };
    tell((await client.ask('outbox.resend', what)).ok ? 1 : null);
  };
  const resendAll = async () => {
    const answer = await client.ask('outbox.resendAll', {});
    tell(answer.ok ? answer.value.resent : null);
  };
  return (
    <InsideCard title={i18n.t('helpdesk.parked')} asked={parked}>
      {({ rows, total }) => (
        <>
          {total === 0 && <p className={styles.quiet}>{i18n.t('helpdesk.parked.none')}</p>}
          <ul className={styles.list}>
            {rows.map((row) => (
              <Row key={`${row.kind} ${row.resultId}`} row={row} onResend={() => void resendOne(row)} />
            ))}
          </ul>
          {total > rows.length && <p className={styles.quiet}>{i18n.t('helpdesk.more', { n: total - rows.length })}</p>}
          {waiting.length > 0 && (
            <p className={styles.quiet}>{i18n.t('helpdesk.parked.waiting', { what: i18n.list(waiting) })}</p>
          )}
          <div className={styles.all}>
            {total > 1 && (
              <Button appearance="primary" onClick={() => void resendAll()}>
                {i18n.t('helpdesk.parked.resendAll', { n: total })}
              </Button>
            )}
            <span role="status">{said}</span>
          </div>
        </>
      )}
    </InsideCard>
  );
}

function Row({ row, onResend }: { readonly row: Parked['rows'][number]; readonly onResend: () => void }) {
  const styles = useStyles();
  const i18n = useI18n();
  const { go } = useStore();
  const nowMs = useNow(EVERY_MINUTE_MS);
  const { kind, run, title, attempts, parkedAtMs, why } = row;
  const what = messageName(kind, title === null ? null : titleText(title, i18n), i18n);
  return (
    <li className={styles.row}>
      <div className={styles.text}>
        {run === null ? what : <TextLink onClick={() => go({ screen: 'run', run })}>{what}</TextLink>}
        <div>{why}</div>
        <p className={styles.quiet}>
          {i18n.t('helpdesk.parked.since', { n: attempts, time: i18n.moment(parkedAtMs, nowMs) })}
        </p>
      </div>
      <Button aria-label={i18n.t('helpdesk.parked.resendOne', { what })} onClick={onResend}>
        {i18n.t('helpdesk.parked.resend')}
      </Button>
    </li>
  );
}
