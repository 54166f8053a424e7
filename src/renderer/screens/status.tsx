/** Is everything all right? One sentence first, then what runs, then numbers where they help. */
import { makeStyles, tokens } from '@fluentui/react-components';
import type { AgentStatus } from '../../shared/agent-status.ts';
import { describeState, describeUpdate, type PcSnapshot, pcDetails, pcName } from '../../shared/describe.ts';
import { describeRun, taskName } from '../../shared/describe-run.ts';
import { OUTCOME_GROUPS, outcomeGroup } from '../../shared/outcome-groups.ts';
import type { Reason } from '../../shared/outcomes.ts';
import type { RunRow } from '../../shared/run-view.ts';
import { type AttentionItem, undelivered } from '../../shared/troubles.ts';
import { EVERY_MINUTE_MS, EVERY_SECOND_MS, useI18n, useNow, useSeen, useStore, useWindowState } from '../data/hooks.ts';
import { Card } from '../parts/card.tsx';
import { CopyButton } from '../parts/copy-button.tsx';
import { Loading } from '../parts/loading.tsx';
import { OutcomeIcon, StateIcon } from '../parts/mark.tsx';
import { TextLink } from '../parts/text-link.tsx';

const useStyles = makeStyles({
  hero: { display: 'flex', gap: '16px', alignItems: 'flex-start', margin: '4px 0 24px' },
  heroMark: { marginTop: '4px' },
  heroTitle: {
    margin: 0,
    fontSize: '28px',
    lineHeight: '36px',
    fontWeight: tokens.fontWeightSemibold,
    color: tokens.colorNeutralForeground1,
    '@media (max-width: 560px)': { fontSize: '24px', lineHeight: '32px' },
  },
  heroBody: { margin: '4px 0 0', color: tokens.colorNeutralForeground1 },
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
  foot: { display: 'flex', flexWrap: 'wrap', gap: '8px 16px', alignItems: 'center', marginTop: '12px' },
  footText: { flexGrow: 1, color: tokens.colorNeutralForeground2, overflowWrap: 'anywhere' },
});

export function StatusScreen() {
  const seen = useSeen();
  if (seen === null) return <Loading rows={3} />;
  return (
    <>
      <Hero seen={seen} />
      {seen.status !== null && seen.status.agent.state === 'running' && <Working status={seen.status} />}
      <Notes seen={seen} />
      <Foot seen={seen} />
    </>
  );
}

function Hero({ seen }: { readonly seen: PcSnapshot }) {
  const styles = useStyles();
  const i18n = useI18n();
  const restarts = seen.agentConnection.restartAtMs !== null;
  const nowMs = useNow(restarts ? EVERY_SECOND_MS : EVERY_MINUTE_MS);
  const said = describeState(seen, i18n, nowMs);
  const connection = seen.status?.agent.state === 'running' ? seen.status.connection.state : null;
  const offline = connection === 'unreachable' || connection === 'no_network' || connection === 'refused';
  return (
    <>
      <div className={styles.hero}>
        <div className={styles.heroMark}>
          <StateIcon mark={said.mark} size={32} />
        </div>
        <div className={styles.text}>
          <h1 className={styles.heroTitle}>{said.title}</h1>
          <p className={styles.heroBody}>{said.body}</p>
          {said.since !== null && <p className={styles.quiet}>{said.since}</p>}
          {offline && <p className={styles.quiet}>{i18n.t('status.working.offline')}</p>}
        </div>
      </div>
      {said.items.length > 0 && (
        <Card title={i18n.t('status.look')}>
          {said.items.map((item) => (
            <div key={item.id} className={styles.line}>
              <div className={styles.lineMark}>
                <StateIcon mark="attention" size={16} />
              </div>
              <Item item={item} />
            </div>
          ))}
        </Card>
      )}
    </>
  );
}

function Item({ item }: { readonly item: AttentionItem }) {
  const styles = useStyles();
  const { go } = useStore();
  return (
    <div className={styles.text}>
      <TextLink onClick={() => go(item.route)}>{item.title}</TextLink>
      <p className={styles.quiet}>{item.body}</p>
    </div>
  );
}

/** Last, since nothing of it calls anybody. */
function Notes({ seen }: { readonly seen: PcSnapshot }) {
  const styles = useStyles();
  const i18n = useI18n();
  const nowMs = useNow(EVERY_MINUTE_MS);
  const { notes } = describeState(seen, i18n, nowMs);
  if (notes.length === 0) return null;
  return (
    <Card title={i18n.t('status.know')}>
      {notes.map((item) => (
        <div key={item.id} className={styles.line}>
          <Item item={item} />
        </div>
      ))}
    </Card>
  );
}

function Working({ status }: { readonly status: AgentStatus }) {
  const styles = useStyles();
  const i18n = useI18n();
  const { title, body } = describeUpdate(status.update, i18n);
  const upToDate = status.update.state === 'none';
  return (
    <>
      <Now status={status} />
      <div className={styles.cards}>
        <Today status={status} />
        <ToSend status={status} />
        <Card title={i18n.t('status.update')}>
          <div className={styles.text}>
            <div>{upToDate ? `${status.update.installed} · ${title}` : title}</div>
            {!upToDate && <p className={styles.quiet}>{body}</p>}
          </div>
        </Card>
      </div>
    </>
  );
}

function Now({ status }: { readonly status: AgentStatus }) {
  const i18n = useI18n();
  const { running, waiting, waitingCount } = status.now;
  return (
    <Card title={i18n.t('status.now')}>
      {running.length === 0 && waitingCount === 0 && <div>{i18n.t('status.now.none')}</div>}
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
function Today({ status }: { readonly status: AgentStatus }) {
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
        {counts.size === 0 && i18n.t(status.store.readable ? 'status.today.none' : 'status.unread')}
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

function ToSend({ status }: { readonly status: AgentStatus }) {
  const styles = useStyles();
  const i18n = useI18n();
  const { waiting } = status.outbox;
  const none = status.store.readable ? 'status.send.none' : 'status.unread';
  const connected = status.connection.state === 'connected';
  const held = undelivered(status) === null ? 'status.send.soon' : 'status.send.kept';
  return (
    <Card title={i18n.t('status.send')}>
      <div className={styles.numbers}>{waiting === 0 ? i18n.t(none) : i18n.t('status.send.count', { n: waiting })}</div>
      {waiting > 0 && <p className={styles.quiet}>{i18n.t(connected ? held : 'status.send.offline')}</p>}
    </Card>
  );
}

function Foot({ seen }: { readonly seen: PcSnapshot }) {
  const styles = useStyles();
  const i18n = useI18n();
  const lastStatus = useWindowState((state) => state.lastStatus);
  const userName = useWindowState(({ shell }) => shell?.userName ?? '');
  const status = seen.status ?? lastStatus;
  const pc = pcName(status);
  if (pc === null) return null;
  const groups = status?.identity.groups ?? [];
  const details = () => pcDetails({ ...seen, status }, userName, i18n, Date.now());
  return (
    <div className={styles.foot}>
      <span className={styles.footText}>
        {pc}
        {groups.length > 0 && ` · ${i18n.t('status.groups', { groups: i18n.list(groups) })}`}
      </span>
      <CopyButton label={i18n.t('status.copy')} text={details} />
    </div>
  );
}
