/** The cards of Status: what runs, what became of today's tasks, what is still to be sent, and the update; each claims what is known. */
import { makeStyles, tokens } from '@fluentui/react-components';
import type { AgentStatus } from '../../shared/agent-status.ts';
import { type Claims, claimsOf } from '../../shared/claims.ts';
import type { PcSnapshot } from '../../shared/describe.ts';
import { describeRun, taskName } from '../../shared/describe-run.ts';
import { describeUpdate } from '../../shared/describe-update.ts';
import { OUTCOME_GROUPS, outcomeGroup } from '../../shared/outcome-groups.ts';
import type { Reason } from '../../shared/outcomes.ts';
import type { RunRow } from '../../shared/run-view.ts';
import { EVERY_MINUTE_MS, EVERY_SECOND_MS, useI18n, useNow, useStore } from '../data/hooks.ts';
import { Card } from './card.tsx';
import { OutcomeIcon } from './mark.tsx';
import { TextLink } from './text-link.tsx';

const useStyles = makeStyles({
  quiet: { margin: '4px 0 0', color: tokens.colorNeutralForeground2 },
  cards: {
    display: 'grid',
    gridTemplateColumns: 'repeat(3, minmax(0, 1fr))',
    gap: '12px',
    '@media (max-width: 640px)': { gridTemplateColumns: 'minmax(0, 1fr)', gap: 0 },
  },
  line: { display: 'flex', alignItems: 'flex-start', gap: '10px', padding: '4px 0', minWidth: 0 },
  lineMark: { marginTop: '2px' },
  text: { minWidth: 0, overflowWrap: 'anywhere' },
  numbers: { fontVariantNumeric: 'tabular-nums' },
  counts: { display: 'flex', flexWrap: 'wrap', gap: '4px 14px', fontVariantNumeric: 'tabular-nums' },
});

interface WorkingProps {
  readonly status: AgentStatus;
  readonly claims: Claims;
}

/** Of an agent that is heard; while it finishes, what still runs. */
export function StatusCards({ seen, status }: { readonly seen: PcSnapshot; readonly status: AgentStatus }) {
  const styles = useStyles();
  const i18n = useI18n();
  const claims = claimsOf(seen);
  if (status.agent.state !== 'running') return claims.now === 'some' && <Now status={status} claims={claims} />;
  return (
    <>
      <Now status={status} claims={claims} />
      <div className={styles.cards}>
        <Today status={status} claims={claims} />
        <ToSend status={status} claims={claims} />
        <Card title={i18n.t('status.update')}>
          <Update status={status} claims={claims} />
        </Card>
      </div>
    </>
  );
}

function Update({ status, claims }: WorkingProps) {
  const styles = useStyles();
  const i18n = useI18n();
  const { installed, state } = status.update;
  if (claims.update !== 'known') return <div className={styles.text}>{installed}</div>;
  const { title, body } = describeUpdate(status.update, i18n);
  const upToDate = state === 'none';
  return (
    <div className={styles.text}>
      <div>{upToDate ? `${installed} · ${title}` : title}</div>
      {!upToDate && <p className={styles.quiet}>{body}</p>}
    </div>
  );
}

function Now({ status, claims }: WorkingProps) {
  const i18n = useI18n();
  const { running, waiting, waitingCount } = status.now;
  return (
    <Card title={i18n.t('status.now')}>
      {claims.now === 'none' && <div>{i18n.t('status.now.none')}</div>}
      {claims.now === 'unknown' && <div>{i18n.t('status.unread')}</div>}
      {running.map((run) => (
        <OpenRun key={run.run} run={run} everyMs={EVERY_SECOND_MS} />
      ))}
      {waiting.slice(0, 3).map((run) => (
        <OpenRun key={run.run} run={run} everyMs={EVERY_MINUTE_MS} />
      ))}
      {waitingCount > 3 && <WaitingCount n={waitingCount} />}
    </Card>
  );
}

function OpenRun({ run, everyMs }: { readonly run: RunRow; readonly everyMs: number }) {
  const styles = useStyles();
  const i18n = useI18n();
  const { go } = useStore();
  const nowMs = useNow(everyMs);
  const said = describeRun(run, i18n, nowMs);
  const limit =
    run.state === 'running' && run.timeoutSecs !== null
      ? ` · ${i18n.t('state.running.may', { limit: i18n.roughly(run.timeoutSecs * 1_000) })}`
      : '';
  return (
    <div className={styles.line}>
      <div className={styles.lineMark}>
        <OutcomeIcon mark={said.mark} />
      </div>
      <div className={styles.text}>
        <TextLink onClick={() => go({ screen: 'run', run: run.run })}>{taskName(run, i18n)}</TextLink>{' '}
        <span className={styles.numbers}>
          {said.line}
          {limit}
        </span>
      </div>
    </div>
  );
}

function WaitingCount({ n }: { readonly n: number }) {
  const i18n = useI18n();
  const { go } = useStore();
  return (
    <TextLink onClick={() => go({ screen: 'activity', group: 'open' })}>{i18n.t('status.now.waiting', { n })}</TextLink>
  );
}

/** Each count opens the list that it counts. */
function Today({ status, claims }: WorkingProps) {
  const styles = useStyles();
  const i18n = useI18n();
  const { go } = useStore();
  const counts = new Map<string, number>();
  for (const [reason, n] of Object.entries(status.today)) {
    const group = outcomeGroup(reason as Reason);
    counts.set(group, (counts.get(group) ?? 0) + n);
  }
  return (
    <Card title={i18n.t('status.today')}>
      <div className={styles.counts}>
        {claims.today !== 'some' && i18n.t(TODAY[claims.today])}
        {OUTCOME_GROUPS.map((group) => {
          const n = counts.get(group);
          if (n === undefined) return null;
          const count = i18n.t('status.today.count', { n, group: i18n.t(`group.${group}`) });
          return (
            <TextLink
              key={group}
              label={i18n.t('status.today.show', { count })}
              onClick={() => go({ screen: 'activity', group, today: true })}
            >
              {count}
            </TextLink>
          );
        })}
      </div>
    </Card>
  );
}

const TODAY = {
  unknown: 'status.unread',
  open: 'status.today.open',
  held: 'status.today.held',
  none: 'status.today.none',
} as const;

function ToSend({ status, claims }: WorkingProps) {
  const styles = useStyles();
  const i18n = useI18n();
  const { waiting, parked } = status.outbox;
  const { send } = claims;
  return (
    <Card title={i18n.t('status.send')}>
      <div className={styles.numbers}>
        {send === 'unknown' && i18n.t('status.unread')}
        {send === 'none' && i18n.t('status.send.none')}
        {waiting > 0 && i18n.t('status.send.count', { n: waiting })}
      </div>
      {(send === 'soon' || send === 'kept' || send === 'offline') && (
        <p className={styles.quiet}>{i18n.t(`status.send.${send}`)}</p>
      )}
      {parked > 0 && send !== 'unknown' && (
        <div className={styles.numbers}>{i18n.t('status.send.stuck', { n: parked })}</div>
      )}
    </Card>
  );
}
