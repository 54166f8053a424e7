/** A silhouette that tells a state or an outcome; it is never alone, a word stands beside it. */
import { makeStyles, mergeClasses, tokens } from '@fluentui/react-components';
import type { OutcomeMark, TrayMark } from '../../shared/mark-names.ts';
import { OUTCOME_MARKS, TRAY_MARKS } from '../../shared/marks.ts';

type Tone = 'good' | 'quiet' | 'warning' | 'bad' | 'accent';

const useStyles = makeStyles({
  mark: { flexShrink: 0, display: 'block', fill: 'currentColor' },
  good: { color: tokens.colorStatusSuccessForeground1 },
  quiet: { color: tokens.colorNeutralForeground3 },
  warning: { color: tokens.colorStatusWarningForeground3 },
  bad: { color: tokens.colorStatusDangerForeground1 },
  accent: { color: tokens.colorBrandForeground1 },
});

const OUTCOME_TONES: Readonly<Record<OutcomeMark, Tone>> = {
  done: 'good',
  skipped: 'quiet',
  stopped: 'warning',
  too_long: 'warning',
  failed: 'bad',
  unknown: 'warning',
  running: 'accent',
  waiting: 'quiet',
};

const TRAY_TONES: Readonly<Record<TrayMark, Tone>> = {
  idle: 'good',
  running: 'accent',
  attention: 'warning',
  offline: 'quiet',
  broken: 'bad',
};

interface OutcomeIconProps {
  readonly mark: OutcomeMark;
  readonly size?: number;
  /** Where the shape stands for something else than an outcome. */
  readonly tone?: Tone;
}

export function OutcomeIcon({ mark, size = 16, tone = OUTCOME_TONES[mark] }: OutcomeIconProps) {
  return <Shape path={OUTCOME_MARKS[mark]} tone={tone} size={size} name={mark} />;
}

export function StateIcon({ mark, size }: { readonly mark: TrayMark; readonly size: number }) {
  return <Shape path={TRAY_MARKS[mark]} tone={TRAY_TONES[mark]} size={size} name={mark} />;
}

interface ShapeProps {
  readonly path: string;
  readonly tone: Tone;
  readonly size: number;
  readonly name: string;
}

function Shape({ path, tone, size, name }: ShapeProps) {
  const styles = useStyles();
  return (
    <svg
      className={mergeClasses(styles.mark, styles[tone])}
      width={size}
      height={size}
      viewBox="0 0 16 16"
      aria-hidden="true"
      data-mark={name}
    >
      <path d={path} fillRule="evenodd" />
    </svg>
  );
}
