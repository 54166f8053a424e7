/** A silhouette that tells a state or an outcome; it is never alone, a word stands beside it. */
import { makeStyles, mergeClasses, tokens } from '@fluentui/react-components';
import { useId } from 'react';
import type { OutcomeMark, TrayMark } from '../../shared/mark-names.ts';
import { type Mark, OUTCOME_MARKS, TRAY_MARKS } from '../../shared/marks.ts';

type Tone = 'good' | 'quiet' | 'warning' | 'bad' | 'accent';

const useStyles = makeStyles({
  mark: { flexShrink: 0, display: 'block', fill: 'currentColor' },
  good: { color: tokens.colorStatusSuccessForeground1 },
  quiet: { color: tokens.colorNeutralForeground3 },
  warning: { color: tokens.colorStatusWarningForeground3 },
  bad: { color: tokens.colorStatusDangerForeground1 },
  accent: { color: tokens.colorBrandForeground1 },
  // The shape says it; a drawing is not recoloured by the system.
  plain: { '@media (forced-colors: active)': { color: 'CanvasText' } },
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
  return <Shape drawing={OUTCOME_MARKS[mark]} tone={tone} size={size} name={mark} />;
}

export function StateIcon({ mark, size }: { readonly mark: TrayMark; readonly size: number }) {
  return <Shape drawing={TRAY_MARKS[mark]} tone={TRAY_TONES[mark]} size={size} name={mark} />;
}

interface ShapeProps {
  readonly drawing: Mark;
  readonly tone: Tone;
  readonly size: number;
  readonly name: string;
}

function Shape({ drawing, tone, size, name }: ShapeProps) {
  const styles = useStyles();
  const id = useId();
  const { shape, gap, badge } = drawing;
  return (
    <svg
      className={mergeClasses(styles.mark, styles[tone], styles.plain)}
      width={size}
      height={size}
      viewBox="0 0 16 16"
      aria-hidden="true"
      data-mark={name}
    >
      {gap !== null && (
        <mask id={id} maskUnits="userSpaceOnUse" x="0" y="0" width="16" height="16">
          <rect width="16" height="16" fill="#fff" />
          <path d={gap} fill="#000" />
        </mask>
      )}
      <path d={shape} fillRule="evenodd" mask={gap === null ? undefined : `url(#${id})`} />
      {badge !== null && <path d={badge} fillRule="evenodd" />}
    </svg>
  );
}
