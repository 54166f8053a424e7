/** What became of one task, why, whether anything was changed, and whether to act; for the helpdesk, everything. */
import { makeStyles, tokens } from '@fluentui/react-components';
import { useId } from 'react';
import { describeRun, taskName } from '../../shared/describe-run.ts';
import { progressOf } from '../../shared/describe-running.ts';
import { outcomeRow } from '../../shared/outcomes.ts';
import { toldTimes } from '../../shared/run-times.ts';
import type { RunDetail } from '../../shared/run-view.ts';
import {
  EVERY_MINUTE_MS,
  EVERY_SECOND_MS,
  useClaims,
  useI18n,
  useQuery,
  useStore,
  useTaskNow,
  useWindowState,
} from '../data/hooks.ts';
import { Card } from '../parts/card.tsx';
import { Facts } from '../parts/facts.tsx';
import { FailedPart } from '../parts/failed-part.tsx';
import { LiveOutput } from '../parts/live-output.tsx';
import { Loading } from '../parts/loading.tsx';
import { OutcomeIcon } from '../parts/mark.tsx';
import { Notice } from '../parts/notice.tsx';
import { ReportCard } from '../parts/report-card.tsx';
import { RunInside } from '../parts/run-inside.tsx';
import { RunOrigin, RunSame } from '../parts/run-origin.tsx';
import { RunOutput } from '../parts/run-output.tsx';
import { RunWay } from '../parts/run-way.tsx';
import { RunningBar, RunningManners } from '../parts/running-task.tsx';
import { ScreenTitle } from '../parts/screen-title.tsx';
import { SignatureLine } from '../parts/signature-line.tsx';
import { TextLink } from '../parts/text-link.tsx';

const useStyles = makeStyles({
  back: { marginBottom: '8px' },
  outcome: { display: 'flex', gap: '14px', alignItems: 'flex-start', margin: '0 0 16px' },
  mark: { marginTop: '3px' },
  title: { margin: 0, fontSize: '20px', lineHeight: '28px', fontWeight: tokens.fontWeightSemibold },
  sentence: { margin: '4px 0 0' },
  quiet: { margin: '4px 0 0', color: tokens.colorNeutralForeground2 },
});

export function RunScreen({ run }: { readonly run: number }) {
  const styles = useStyles();
  const i18n = useI18n();
  const { goBack } = useStore();
  const { data, fault } = useQuery('runs.get', { run });
  const attached = useWindowState(({ appShell }) => appShell?.agentConnection.state === 'attached');
  const backTo = useWindowState((state) => state.backTo);
  return (
    <>
      <div className={styles.back}>
        <TextLink onClick={goBack}>← {i18n.t(backTo === 'helpdesk' ? 'run.backToHelpdesk' : 'run.back')}</TextLink>
      </div>
      {data !== null && <Detail run={data} />}
      {data === null && fault?.name === 'not_found' && <Notice kind="info" title={i18n.t('run.gone')} />}
      {data === null && fault !== null && fault.name !== 'not_found' && <FailedPart />}
      {data === null && fault === null && (attached ? <Loading rows={4} /> : <p>{i18n.t('activity.unavailable')}</p>)}
    </>
  );
}

function Detail({ run }: { readonly run: RunDetail }) {
  const styles = useStyles();
  const i18n = useI18n();
  const { live, begins } = useClaims();
  const nowMs = useTaskNow(run.state === 'running' && live ? EVERY_SECOND_MS : EVERY_MINUTE_MS);
  const titleId = useId();
  const said = describeRun(run, i18n, nowMs, begins);
  const needsHelp = run.reason !== null && outcomeRow(run.reason).act !== 'nothing';
  const progress = progressOf(run, i18n, nowMs);
  return (
    <>
      <ScreenTitle>{taskName(run, i18n)}</ScreenTitle>
      <section className={styles.outcome} aria-labelledby={titleId}>
        <div className={styles.mark}>
          <OutcomeIcon mark={said.mark} size={24} />
        </div>
        <div>
          <h2 id={titleId} className={styles.title}>
            {said.title}
          </h2>
          <p className={styles.sentence}>{said.body}</p>
          {(said.changed !== null || said.act !== null) && (
            <p className={styles.sentence}>{i18n.join(said.changed, said.act)}</p>
          )}
          {run.state === 'running' && live && <RunningBar run={run} nowMs={nowMs} />}
          {run.state === 'running' && live && progress.said !== null && <p className={styles.quiet}>{progress.said}</p>}
          {run.state === 'running' && live && <RunningManners running={[run]} />}
          <p className={styles.quiet}>{whose(run, i18n)}</p>
          <SignatureLine signature={run.signature} />
          {isUnsettled(run) && !live && <p className={styles.sentence}>{i18n.t('run.stale')}</p>}
        </div>
      </section>
      {run.reason !== null && needsHelp && <ReportCard run={run} needed />}
      <Times run={run} nowMs={nowMs} live={live} />
      <RunSame run={run} nowMs={nowMs} />
      <RunOrigin run={run} />
      {run.state === 'running' && run.output !== null && <LiveOutput run={run.run} />}
      {run.reason !== null && run.output !== null && <RunOutput run={run} output={run.output} />}
      {run.reason !== null && !needsHelp && <ReportCard run={run} needed={false} />}
      {run.internals !== null && <RunInside run={run} internals={run.internals} />}
    </>
  );
}

/** What may go on, or arrive, unseen while the agent is gone. */
function isUnsettled({ reason, deliveredAtMs, parked, unreported }: RunDetail): boolean {
  return reason === null || (deliveredAtMs === null && !parked && !unreported);
}

/** Under whose account it ran or will run; nothing where it never started. */
function whose(run: RunDetail, i18n: ReturnType<typeof useI18n>): string {
  if (run.state === 'running') return i18n.t(run.asUser ? 'run.nowAsYou' : 'run.nowAsSystem');
  if (run.reason === null) return i18n.t(run.asUser ? 'run.willAsYou' : 'run.willAsSystem');
  if (toldTimes(run).startedAtMs === null) return '';
  return i18n.t(run.asUser ? 'run.asYou' : 'run.asSystem');
}

function Times({ run, nowMs, live }: { readonly run: RunDetail; readonly nowMs: number; readonly live: boolean }) {
  const i18n = useI18n();
  const connected = useWindowState(({ status }) => status?.connection.state === 'connected');
  const { startedAtMs, finishedAtMs, foundAtMs } = toldTimes(run);
  const at = (ms: number) => {
    const day = i18n.moment(ms, nowMs);
    return day === i18n.clock(ms)
      ? i18n.clockWithSeconds(ms)
      : `${i18n.shortDay(ms, nowMs)} ${i18n.clockWithSeconds(ms)}`;
  };
  const time = (name: string, ms: number | null) => (ms === null ? null : { name, value: at(ms) });
  return (
    <Card title={i18n.t('run.times')}>
      <RunWay run={run} nowMs={live ? nowMs : null} />
      <Facts
        facts={[
          time(i18n.t('run.received'), run.receivedAtMs),
          // No check was made of what was stopped before it was its turn.
          time(i18n.t(run.reason === 'KILLED_WAITING' ? 'run.stopped' : 'run.decided'), run.decidedAtMs),
          time(i18n.t('run.started'), startedAtMs),
          time(i18n.t('run.finished'), finishedAtMs),
          time(i18n.t('run.found'), foundAtMs),
          run.reason === null
            ? null
            : { name: i18n.t('run.delivered'), value: delivery(run, !live || connected, at, i18n) },
        ]}
      />
    </Card>
  );
}

function delivery(
  run: RunDetail,
  connected: boolean,
  at: (ms: number) => string,
  i18n: ReturnType<typeof useI18n>,
): string {
  if (run.deliveredAtMs !== null) return `${at(run.deliveredAtMs)} ✓`;
  if (run.parked) return i18n.t('run.stuck');
  if (run.unreported) return i18n.t('run.local');
  return i18n.t(connected ? 'run.kept' : 'run.notDelivered');
}
