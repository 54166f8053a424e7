/** What became of one task, why, whether anything was changed, and whether to act; for the helpdesk, everything. */
import { makeStyles, tokens } from '@fluentui/react-components';
import { useId } from 'react';
import { describeRun, taskName } from '../../shared/describe-run.ts';
import type { RunDetail } from '../../shared/run-view.ts';
import {
  EVERY_MINUTE_MS,
  EVERY_SECOND_MS,
  useNow,
  useQuery,
  useStore,
  useWindowState,
  useWords,
} from '../data/hooks.ts';
import { Card } from '../parts/card.tsx';
import { Facts } from '../parts/facts.tsx';
import { LiveOutput } from '../parts/live-output.tsx';
import { Loading } from '../parts/loading.tsx';
import { OutcomeIcon } from '../parts/mark.tsx';
import { Notice } from '../parts/notice.tsx';
import { RunInside } from '../parts/run-inside.tsx';
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
  const words = useWords();
  const { goBack } = useStore();
  const { data, fault } = useQuery('runs.get', { run });
  const attached = useWindowState(({ shell }) => shell?.attachment.state === 'attached');
  return (
    <>
      <div className={styles.back}>
        <TextLink onClick={goBack}>← {words.say('run.back')}</TextLink>
      </div>
      {data !== null && <Detail run={data} />}
      {data === null && fault?.name === 'not_found' && <Notice kind="info" title={words.say('run.gone')} />}
      {data === null && fault !== null && fault.name !== 'not_found' && (
        <Notice kind="error" title={words.say('window.failed')} />
      )}
      {data === null &&
        fault === null &&
        (attached ? <Loading rows={4} /> : <p>{words.say('activity.unavailable')}</p>)}
    </>
  );
}

function Detail({ run }: { readonly run: RunDetail }) {
  const styles = useStyles();
  const words = useWords();
  const nowMs = useNow(run.state === 'running' ? EVERY_SECOND_MS : EVERY_MINUTE_MS);
  const titleId = useId();
  const said = describeRun(run, words, nowMs);
  return (
    <>
      <ScreenTitle>{taskName(run, words)}</ScreenTitle>
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
            <p className={styles.sentence}>{words.join(said.changed, said.act)}</p>
          )}
          <p className={styles.quiet}>{whose(run, words)}</p>
          <SignatureLine signature={run.signature} />
        </div>
      </section>
      <Times run={run} nowMs={nowMs} />
      {run.state === 'running' && run.internals !== null && <LiveOutput run={run.run} />}
      {run.internals !== null && <RunInside run={run} internals={run.internals} />}
    </>
  );
}

/** Under whose account it ran or will run; nothing where it never started. */
function whose(run: RunDetail, words: ReturnType<typeof useWords>): string {
  if (run.reason === null && run.startedAtMs === null) {
    return words.say(run.asUser ? 'run.willAsYou' : 'run.willAsSystem');
  }
  if (run.startedAtMs === null) return '';
  return words.say(run.asUser ? 'run.asYou' : 'run.asSystem');
}

function Times({ run, nowMs }: { readonly run: RunDetail; readonly nowMs: number }) {
  const words = useWords();
  const connected = useWindowState(({ status }) => status?.connection.state === 'connected');
  const at = (ms: number) => {
    const day = words.moment(ms, nowMs);
    return day === words.clock(ms) ? words.clockWithSeconds(ms) : `${words.shortDay(ms)} ${words.clockWithSeconds(ms)}`;
  };
  const time = (name: string, ms: number | null) => (ms === null ? null : { name, value: at(ms) });
  return (
    <Card title={words.say('run.times')}>
      <Facts
        facts={[
          time(words.say('run.received'), run.receivedAtMs),
          time(words.say('run.decided'), run.decidedAtMs),
          time(words.say('run.started'), run.startedAtMs),
          time(words.say('run.finished'), run.startedAtMs === null ? null : run.finishedAtMs),
          run.reason === null ? null : { name: words.say('run.delivered'), value: delivery(run, connected, at, words) },
        ]}
      />
    </Card>
  );
}

function delivery(
  run: RunDetail,
  connected: boolean,
  at: (ms: number) => string,
  words: ReturnType<typeof useWords>,
): string {
  if (run.deliveredAtMs !== null) return `${at(run.deliveredAtMs)} ✓`;
  if (run.parked) return words.say('run.stuck');
  if (run.unreported) return words.say('run.local');
  return words.say(connected ? 'run.kept' : 'run.notDelivered');
}
