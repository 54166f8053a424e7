/** The cards of Status: what runs, what became of today's tasks, what is still to be sent, and the update; each claims what is known. */
import { makeStyles, tokens } from '@fluentui/react-components';
import type { AgentStatus } from '../../shared/agent-status.ts';
import { type Claims, claimsOf } from '../../shared/claims.ts';
import type { PcSnapshot } from '../../shared/describe.ts';
import { describeRun } from '../../shared/describe-run.ts';
import { describeStuck, describeWaiting } from '../../shared/describe-send.ts';
import { describeUpdate } from '../../shared/describe-update.ts';
import { OUTCOME_GROUPS } from '../../shared/outcome-group-names.ts';
import { outcomeGroup } from '../../shared/outcome-groups.ts';
import type { Reason } from '../../shared/outcomes.ts';
import type { RunRow } from '../../shared/run-view.ts';
import { EVERY_MINUTE_MS, useI18n, useNow, useStore } from '../data/hooks.ts';
import { Card } from './card.tsx';
import { LatestCard } from './latest-card.tsx';
import { RunningManners, RunningTask } from './running-task.tsx';
import { TaskLine } from './task-line.tsx';
import { TextLink } from './text-link.tsx';

const useStyles = makeStyles({
  quiet: { margin: '4px 0 0', color: tokens.colorNeutralForeground2 },
  cards: {
    display: 'grid',
    gridTemplateColumns: 'repeat(auto-fit, minmax(min(100%, 220px), 1fr))',
    columnGap: '12px',
  },
  text: { minWidth: 0, overflowWrap: 'anywhere' },
  numbers: { fontVariantNumeric: 'tabular-nums' },
  counts: { display: 'flex', flexWrap: 'wrap', gap: '4px 14px', fontVariantNumeric: 'tabular-nums' },
});

interface WorkingProps {
  readonly status: AgentStatus;
  readonly claims: Claims;
}

/** Of an agent that is heard; while it finishes, what still runs. What has nothing to say is not there. */
export function StatusCards({ snapshot, status }: { readonly snapshot: PcSnapshot; readonly status: AgentStatus }) {
  const styles = useStyles();
  const i18n = useI18n();
  const claims = claimsOf(snapshot);
  if (status.agent.state !== 'running') return claims.now === 'some' && <Now status={status} claims={claims} />;
  const hasUpdate = claims.update === 'known' && status.update.state !== 'none';
  return (
    <>
      {claims.now !== 'none' && <Now status={status} claims={claims} />}
      <div className={styles.cards}>
        {claims.today !== 'none' && <Today status={status} claims={claims} />}
        {claims.send !== 'none' && <ToSend status={status} claims={claims} />}
        {claims.stuck === 'some' && <Stuck status={status} />}
        {hasUpdate && (
          <Card title={i18n.t('status.update')}>
            <Update status={status} />
          </Card>
        )}
      </div>
      {claims.empty !== 'unread' && <LatestCard />}
    </>
  );
}

function Update({ status }: Pick<WorkingProps, 'status'>) {
  const styles = useStyles();
  const i18n = useI18n();
  const { title, body } = describeUpdate(status.update, i18n);
  return (
    <div className={styles.text}>
      <div>{title}</div>
      <p className={styles.quiet}>{body}</p>
    </div>
  );
}

function Now({ status, claims }: WorkingProps) {
  const i18n = useI18n();
  const { running, waiting, waitingCount } = status.now;
  return (
    <Card title={i18n.t('status.now')}>
      {claims.now === 'unknown' && <div>{i18n.t('status.unread')}</div>}
      {running.map((run) => (
        <RunningTask key={run.run} run={run} />
      ))}
      {running.length > 0 && <RunningManners running={running} />}
      {waiting.slice(0, 3).map((run) => (
        <WaitingTask key={run.run} run={run} begins={claims.begins} />
      ))}
      {waitingCount > 3 && <WaitingCount n={waitingCount} />}
    </Card>
  );
}

function WaitingTask({ run, begins }: { readonly run: RunRow; readonly begins: Claims['begins'] }) {
  const i18n = useI18n();
  const nowMs = useNow(EVERY_MINUTE_MS);
  const { mark, line } = describeRun(run, i18n, nowMs, begins);
  return (
    <TaskLine run={run} mark={mark}>
      {line}
    </TaskLine>
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
        {claims.today !== 'some' && claims.today !== 'none' && i18n.t(TODAY[claims.today])}
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
} as const;

function ToSend({ status, claims: { send } }: WorkingProps) {
  const styles = useStyles();
  const i18n = useI18n();
  return (
    <Card title={i18n.t('status.send')}>
      {send === 'unknown' && <div>{i18n.t('status.unread')}</div>}
      {send !== 'unknown' &&
        describeWaiting(status.outbox, i18n).map((line) => (
          <div key={line} className={styles.numbers}>
            {line}
          </div>
        ))}
      {(send === 'soon' || send === 'kept' || send === 'offline') && (
        <p className={styles.quiet}>{i18n.t(`status.send.${send}`)}</p>
      )}
    </Card>
  );
}

/** Of what is no result: that results could not be delivered is among what to look at. */
function Stuck({ status }: Pick<WorkingProps, 'status'>) {
  const styles = useStyles();
  const i18n = useI18n();
  const said = describeStuck(status.outbox, i18n);
  if (said === null) return null;
  return (
    <Card title={i18n.t('item.stuck.title')}>
      <div className={styles.numbers}>{said}</div>
    </Card>
  );
}
