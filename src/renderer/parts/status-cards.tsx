/** The cards of Status: what runs, what became of today's tasks, what is still to be sent, and the update; each claims what is known. */
import { makeStyles, tokens } from '@fluentui/react-components';
import type { AgentStatus } from '../../shared/agent-status.ts';
import { type Claims, claimsOf } from '../../shared/claims.ts';
import { describeUpdate, type Seen } from '../../shared/describe.ts';
import { describeRun, taskName } from '../../shared/describe-run.ts';
import { OUTCOME_GROUPS, outcomeGroup } from '../../shared/outcome-groups.ts';
import type { Reason } from '../../shared/outcomes.ts';
import type { RunRow } from '../../shared/run-view.ts';
import { EVERY_MINUTE_MS, EVERY_SECOND_MS, useNow, useStore, useWords } from '../data/hooks.ts';
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
export function StatusCards({ seen, status }: { readonly seen: Seen; readonly status: AgentStatus }) {
  const styles = useStyles();
  const words = useWords();
  const claims = claimsOf(seen);
  if (status.agent.state !== 'running') return claims.now === 'some' && <Now status={status} claims={claims} />;
  return (
    <>
      <Now status={status} claims={claims} />
      <div className={styles.cards}>
        <Today status={status} claims={claims} />
        <ToSend status={status} claims={claims} />
        <Card title={words.say('status.update')}>
          <Update status={status} claims={claims} />
        </Card>
      </div>
    </>
  );
}

function Update({ status, claims }: WorkingProps) {
  const styles = useStyles();
  const words = useWords();
  const { installed, state } = status.update;
  if (claims.update !== 'known') return <div className={styles.text}>{installed}</div>;
  const { title, body } = describeUpdate(status.update, words);
  const upToDate = state === 'none';
  return (
    <div className={styles.text}>
      <div>{upToDate ? `${installed} · ${title}` : title}</div>
      {!upToDate && <p className={styles.quiet}>{body}</p>}
    </div>
  );
}

function Now({ status, claims }: WorkingProps) {
  const words = useWords();
  const { running, waiting, waitingCount } = status.now;
  return (
    <Card title={words.say('status.now')}>
      {claims.now === 'none' && <div>{words.say('status.now.none')}</div>}
      {claims.now === 'unknown' && <div>{words.say('status.unread')}</div>}
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
  const words = useWords();
  const { go } = useStore();
  const nowMs = useNow(everyMs);
  const said = describeRun(run, words, nowMs);
  const limit =
    run.state === 'running' && run.timeoutSecs !== null
      ? ` · ${words.say('state.running.may', { limit: words.roughly(run.timeoutSecs * 1_000) })}`
      : '';
  return (
    <div className={styles.line}>
      <div className={styles.lineMark}>
        <OutcomeIcon mark={said.mark} />
      </div>
      <div className={styles.text}>
        <TextLink onClick={() => go({ screen: 'run', run: run.run })}>{taskName(run, words)}</TextLink>{' '}
        <span className={styles.numbers}>
          {said.line}
          {limit}
        </span>
      </div>
    </div>
  );
}

function WaitingCount({ n }: { readonly n: number }) {
  const words = useWords();
  const { go } = useStore();
  return (
    <TextLink onClick={() => go({ screen: 'activity', group: 'open' })}>
      {words.say('status.now.waiting', { n })}
    </TextLink>
  );
}

/** Each count opens the list that it counts. */
function Today({ status, claims }: WorkingProps) {
  const styles = useStyles();
  const words = useWords();
  const { go } = useStore();
  const counts = new Map<string, number>();
  for (const [reason, n] of Object.entries(status.today)) {
    const group = outcomeGroup(reason as Reason);
    counts.set(group, (counts.get(group) ?? 0) + n);
  }
  return (
    <Card title={words.say('status.today')}>
      <div className={styles.counts}>
        {claims.today !== 'some' && words.say(TODAY[claims.today])}
        {OUTCOME_GROUPS.map((group) => {
          const n = counts.get(group);
          if (n === undefined) return null;
          const count = words.say('status.today.count', { n, group: words.say(`group.${group}`) });
          return (
            <TextLink
              key={group}
              label={words.say('status.today.show', { count })}
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
  const words = useWords();
  const { waiting, parked } = status.outbox;
  const { send } = claims;
  return (
    <Card title={words.say('status.send')}>
      <div className={styles.numbers}>
        {send === 'unknown' && words.say('status.unread')}
        {send === 'none' && words.say('status.send.none')}
        {waiting > 0 && words.say('status.send.count', { n: waiting })}
      </div>
      {(send === 'soon' || send === 'kept' || send === 'offline') && (
        <p className={styles.quiet}>{words.say(`status.send.${send}`)}</p>
      )}
      {parked > 0 && send !== 'unknown' && (
        <div className={styles.numbers}>{words.say('status.send.stuck', { n: parked })}</div>
      )}
    </Card>
  );
}
