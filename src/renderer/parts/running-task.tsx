/** A task that runs: how far it is by its usual time, whether one can go on working, and who can stop it. */
import { makeStyles, ProgressBar, tokens } from '@fluentui/react-components';
import { describeRun, taskName } from '../../shared/describe-run.ts';
import { progressOf, whoCanStop } from '../../shared/describe-running.ts';
import type { RunningRow } from '../../shared/run-view.ts';
import { EVERY_SECOND_MS, useI18n, useNow, useQuery, useWindowState } from '../data/hooks.ts';
import { TaskLine } from './task-line.tsx';

const useStyles = makeStyles({
  numbers: { fontVariantNumeric: 'tabular-nums' },
  bar: { margin: '8px 0 4px', maxWidth: '420px', '@media (forced-colors: active)': { border: '1px solid CanvasText' } },
  quiet: { margin: '4px 0 0', color: tokens.colorNeutralForeground2 },
});

export function RunningTask({ run }: { readonly run: RunningRow }) {
  const styles = useStyles();
  const i18n = useI18n();
  const nowMs = useNow(EVERY_SECOND_MS);
  const said = describeRun(run, i18n, nowMs);
  const limit =
    run.timeoutSecs === null ? null : i18n.t('state.running.may', { limit: i18n.exactly(run.timeoutSecs * 1_000) });
  const facts = [said.line, progressOf(run, i18n, nowMs).said, limit].filter((each) => each !== null);
  return (
    <TaskLine run={run} mark={said.mark}>
      <span className={styles.numbers}>{facts.join(' · ')}</span>
      <RunningBar run={run} nowMs={nowMs} />
    </TaskLine>
  );
}

interface RunningBarProps {
  readonly run: RunningRow;
  readonly nowMs: number;
}

/** Elapsed against usual; absent where that is not known, since a bar that only moves says nothing. */
export function RunningBar({ run, nowMs }: RunningBarProps) {
  const styles = useStyles();
  const i18n = useI18n();
  const { fraction, said } = progressOf(run, i18n, nowMs);
  if (said === null) return null;
  return (
    <ProgressBar
      className={styles.bar}
      thickness="large"
      // Beyond its usual time it is full: nobody knows how much is left.
      value={fraction ?? 1}
      color={fraction === null ? 'warning' : 'brand'}
      aria-label={i18n.t('running.progress', { task: taskName(run, i18n) })}
      aria-valuetext={said}
    />
  );
}

/** What it means for whoever works here, of one task or of several. */
export function RunningManners({ running }: { readonly running: readonly RunningRow[] }) {
  const styles = useStyles();
  const i18n = useI18n();
  const { data } = useQuery('about.capabilities', {}, 'agentConnection');
  const pace = data?.facts?.priority;
  const isConnected = useWindowState(({ status }) => status?.connection.state === 'connected');
  return (
    <p className={styles.quiet}>
      {i18n.join(pace === undefined ? null : i18n.t(`running.${pace}`), whoCanStop(running, isConnected, i18n))}
    </p>
  );
}
