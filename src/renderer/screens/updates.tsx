/** Which version is here, which one IT wants, and what becomes of it. */
import { makeStyles, tokens } from '@fluentui/react-components';
import type { UpdateDetail } from '../../shared/agent-status.ts';
import { describeUpdate, hasFailed } from '../../shared/describe-update.ts';
import { EVERY_MINUTE_MS, useClaims, useI18n, useNow, useQuery, useWindowState } from '../data/hooks.ts';
import { Card } from '../parts/card.tsx';
import { Facts } from '../parts/facts.tsx';
import { FailedPart } from '../parts/failed-part.tsx';
import { HelpLine } from '../parts/help-line.tsx';
import { Loading } from '../parts/loading.tsx';
import { Notice } from '../parts/notice.tsx';
import { ScreenTitle } from '../parts/screen-title.tsx';
import { UpdateWhen } from '../parts/update-when.tsx';

const useStyles = makeStyles({
  state: { margin: '0 0 4px', fontSize: tokens.fontSizeBase500, lineHeight: tokens.lineHeightBase500 },
  body: { margin: 0 },
  said: { marginBottom: '16px' },
  quiet: { color: tokens.colorNeutralForeground2, margin: 0 },
});

export function UpdatesScreen() {
  const i18n = useI18n();
  const { data, fault } = useQuery('update.get', {});
  const restart = useWindowState(({ status }) => status?.restartRequired ?? false);
  const attached = useWindowState(({ appShell }) => appShell?.agentConnection.state === 'attached');
  return (
    <>
      <ScreenTitle>{i18n.t('updates.title')}</ScreenTitle>
      {restart && <Notice kind="warning" title={i18n.t('item.restart.title')} body={i18n.t('item.restart.body')} />}
      {data !== null && <Versions update={data} />}
      {data === null && fault !== null && <FailedPart />}
      {data === null && fault === null && (attached ? <Loading rows={3} /> : <p>{i18n.t('about.unavailable')}</p>)}
    </>
  );
}

function Versions({ update }: { readonly update: UpdateDetail }) {
  const styles = useStyles();
  const i18n = useI18n();
  const nowMs = useNow(EVERY_MINUTE_MS);
  const claims = useClaims();
  const known = claims.update === 'known';
  const said = known
    ? describeUpdate(update, i18n)
    : {
        title: i18n.t('update.unknown.title'),
        body: i18n.t(claims.update === 'unheard' ? 'update.unknown.body' : 'update.unknown.away'),
      };
  const unsaid = i18n.t(known ? 'updates.wanted.none' : 'updates.wanted.unknown');
  return (
    <>
      <div className={styles.said}>
        <p className={styles.state}>{said.title}</p>
        <p className={styles.body}>{said.body}</p>
        {known && hasFailed(update) && <HelpLine />}
      </div>
      <Card title={i18n.t('updates.title')}>
        <Facts
          facts={[
            { name: i18n.t('updates.installed'), value: update.installed },
            { name: i18n.t('updates.wanted'), value: update.wanted ?? unsaid },
            ...takingFacts(update, i18n, nowMs),
            ...signedFacts(update, i18n, nowMs),
          ]}
        />
      </Card>
      <UpdateWhen update={update} nowMs={nowMs} />
      <Card title={i18n.t('updates.history')}>
        {update.history.length === 0 ? (
          <p className={styles.quiet}>
            {i18n.t(claims.update === 'unknown' ? 'status.unread' : 'updates.history.none')}
          </p>
        ) : (
          <Facts
            facts={update.history.map(({ version, atMs, outcome }) => ({
              name: version,
              value: i18n.t(outcome === 'ok' ? 'updates.ok' : 'updates.rolledBack', {
                time: i18n.moment(atMs, nowMs),
              }),
            }))}
          />
        )}
      </Card>
    </>
  );
}

/** How far this PC is with it, and what failed here before. */
function takingFacts(
  { state, taking, release, undone }: UpdateDetail,
  i18n: ReturnType<typeof useI18n>,
  nowMs: number,
) {
  const { doneBytes = 0, notBeforeMs = null } = taking ?? {};
  const all = release?.sizeBytes ?? 0;
  const isOn = state === 'downloading' || (state === 'waiting' && doneBytes > 0);
  const failed = undone === undefined ? null : `${undone.version}, ${i18n.moment(undone.atMs, nowMs)}`;
  return [
    isOn
      ? {
          name: i18n.t('updates.progress'),
          value: i18n.t('updates.progress.of', { done: i18n.bytes(doneBytes), all: i18n.bytes(all) }),
        }
      : null,
    notBeforeMs === null ? null : { name: i18n.t('updates.notBefore'), value: i18n.moment(notBeforeMs, nowMs) },
    failed === null ? null : { name: i18n.t('updates.failed'), value: failed },
  ];
}

/** What is signed about the release that is offered. */
function signedFacts({ release }: UpdateDetail, i18n: ReturnType<typeof useI18n>, nowMs: number) {
  if (release === null) return [];
  return [
    { name: i18n.t('updates.signedBy'), value: i18n.list(release.signedBy) },
    { name: i18n.t('updates.size'), value: i18n.bytes(release.sizeBytes) },
    { name: i18n.t('updates.created'), value: i18n.moment(release.createdAtMs, nowMs) },
    { name: i18n.t('updates.expires'), value: i18n.moment(release.expiresAtMs, nowMs) },
  ];
}
