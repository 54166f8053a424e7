/** Is everything all right? One sentence first, then what runs, then numbers where they help. */
import { makeStyles, tokens } from '@fluentui/react-components';
import { claimsOf } from '../../shared/claims.ts';
import { callsForHelp, describeState, type PcSnapshot, pcDetails } from '../../shared/describe.ts';
import { describeToday } from '../../shared/describe-today.ts';
import type { AttentionItem } from '../../shared/troubles.ts';
import {
  EVERY_MINUTE_MS,
  EVERY_SECOND_MS,
  useI18n,
  useNow,
  usePc,
  useSnapshot,
  useStore,
  useWindowState,
} from '../data/hooks.ts';
import { Card } from '../parts/card.tsx';
import { CopyButton } from '../parts/copy-button.tsx';
import { HelpLine } from '../parts/help-line.tsx';
import { Loading } from '../parts/loading.tsx';
import { StateIcon } from '../parts/mark.tsx';
import { StatusCards } from '../parts/status-cards.tsx';
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
    wordBreak: 'auto-phrase',
    '@media (max-width: 560px)': { fontSize: '24px', lineHeight: '32px' },
  },
  heroBody: { margin: '4px 0 0', color: tokens.colorNeutralForeground1 },
  quiet: { margin: '4px 0 0', color: tokens.colorNeutralForeground2 },
  line: { display: 'flex', alignItems: 'flex-start', gap: '10px', padding: '4px 0', minWidth: 0 },
  lineMark: { marginTop: '2px' },
  text: { minWidth: 0, overflowWrap: 'anywhere' },
  foot: { display: 'flex', flexWrap: 'wrap', gap: '8px 16px', alignItems: 'center', marginTop: '12px' },
  footText: { flexGrow: 1, color: tokens.colorNeutralForeground2, overflowWrap: 'anywhere' },
});

export function StatusScreen() {
  const snapshot = useSnapshot();
  if (snapshot === null) return <Loading rows={3} />;
  return (
    <>
      <Hero snapshot={snapshot} />
      {snapshot.status !== null && claimsOf(snapshot).live && (
        <StatusCards snapshot={snapshot} status={snapshot.status} />
      )}
      <Notes snapshot={snapshot} />
      <Foot snapshot={snapshot} />
    </>
  );
}

function Hero({ snapshot }: { readonly snapshot: PcSnapshot }) {
  const styles = useStyles();
  const i18n = useI18n();
  const restarts = snapshot.agentConnection.restartAtMs !== null;
  const nowMs = useNow(restarts ? EVERY_SECOND_MS : EVERY_MINUTE_MS);
  const said = describeState(snapshot, i18n, nowMs);
  const help = callsForHelp(said);
  const connection = snapshot.status?.agent.state === 'running' ? snapshot.status.connection.state : null;
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
          {help === 'state' && <HelpLine />}
          {said.since !== null && <p className={styles.quiet}>{said.since}</p>}
          <TodayLine snapshot={snapshot} />
          {offline && (snapshot.status?.now.running.length ?? 0) > 0 && (
            <p className={styles.quiet}>{i18n.t('status.working.offline')}</p>
          )}
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
          {help === 'items' && <HelpLine />}
        </Card>
      )}
    </>
  );
}

/** How the day went, in one line: from the counts, and from what has arrived at IT. */
function TodayLine({ snapshot }: { readonly snapshot: PcSnapshot }) {
  const styles = useStyles();
  const i18n = useI18n();
  const line = describeToday(snapshot, i18n);
  return line === null ? null : <p className={styles.quiet}>{line}</p>;
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
function Notes({ snapshot }: { readonly snapshot: PcSnapshot }) {
  const styles = useStyles();
  const i18n = useI18n();
  const nowMs = useNow(EVERY_MINUTE_MS);
  const { notes } = describeState(snapshot, i18n, nowMs);
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

function Foot({ snapshot }: { readonly snapshot: PcSnapshot }) {
  const styles = useStyles();
  const i18n = useI18n();
  const pc = usePc();
  const userName = useWindowState(({ appShell }) => appShell?.userName ?? '');
  if (pc === null) return null;
  const groups = pc.groups ?? [];
  return (
    <div className={styles.foot}>
      <span className={styles.footText}>
        {pc.name}
        {` · ${i18n.t('status.version', { v: pc.version })}`}
        {groups.length > 0 && ` · ${i18n.t('status.groups', { groups: i18n.list(groups) })}`}
      </span>
      <CopyButton label={i18n.t('status.copy')} text={() => pcDetails(snapshot, pc, userName, i18n, Date.now())} />
    </div>
  );
}
