/** The way of one task as a bar: waited, ran, sent, each part as long as it took. The words below it say the same. */
import { makeStyles, mergeClasses, tokens } from '@fluentui/react-components';
import { toldTimes } from '../../shared/run-times.ts';
import type { RunDetail } from '../../shared/run-view.ts';
import { useI18n } from '../data/hooks.ts';

const useStyles = makeStyles({
  bar: { display: 'flex', gap: '2px', height: '14px', margin: '0 0 8px', minWidth: 0 },
  // However short it was: it is there.
  part: { minWidth: '8px', borderRadius: '3px', boxSizing: 'border-box' },
  waited: {
    border: `1px solid ${tokens.colorNeutralStrokeAccessible}`,
    backgroundImage: `repeating-linear-gradient(135deg, transparent 0 3px, ${tokens.colorNeutralStrokeAccessible} 3px 4px)`,
    '@media (forced-colors: active)': {
      forcedColorAdjust: 'none',
      backgroundColor: 'Canvas',
      borderTopColor: 'CanvasText',
      borderRightColor: 'CanvasText',
      borderBottomColor: 'CanvasText',
      borderLeftColor: 'CanvasText',
      backgroundImage: 'repeating-linear-gradient(135deg, transparent 0 3px, CanvasText 3px 4px)',
    },
  },
  ran: {
    backgroundColor: tokens.colorCompoundBrandBackground,
    '@media (forced-colors: active)': { backgroundColor: 'CanvasText', forcedColorAdjust: 'none' },
  },
  sent: { border: `2px dotted ${tokens.colorNeutralStrokeAccessible}` },
  legend: {
    display: 'flex',
    flexWrap: 'wrap',
    gap: '4px 20px',
    listStyleType: 'none',
    margin: '0 0 14px',
    padding: 0,
    fontVariantNumeric: 'tabular-nums',
  },
  entry: { display: 'inline-flex', alignItems: 'center', gap: '8px' },
  swatch: { width: '18px', height: '12px', flexShrink: 0 },
});

interface Part {
  readonly kind: 'waited' | 'ran' | 'sent';
  readonly ms: number;
  readonly said: string;
}

interface RunWayProps {
  readonly run: RunDetail;
  /** null: what runs is not known to run on. */
  readonly nowMs: number | null;
}

export function RunWay({ run, nowMs }: RunWayProps) {
  const styles = useStyles();
  const i18n = useI18n();
  const parts = partsOf(run, nowMs, i18n);
  if (parts.length === 0) return null;
  return (
    <>
      <div className={styles.bar} aria-hidden="true" data-way="">
        {parts.map(({ kind, ms }) => (
          <div
            key={kind}
            className={mergeClasses(styles.part, styles[kind])}
            style={{ flexGrow: Math.max(1, ms), flexBasis: 0 }}
            data-part={kind}
          />
        ))}
      </div>
      <ul className={styles.legend} aria-label={i18n.t('run.way')}>
        {parts.map(({ kind, said }) => (
          <li key={kind} className={styles.entry}>
            <span className={mergeClasses(styles.part, styles.swatch, styles[kind])} aria-hidden="true" />
            {said}
          </li>
        ))}
      </ul>
    </>
  );
}

/** Those that are known, and that took any time; a clock that was set back between two moments says nothing. */
function partsOf(run: RunDetail, nowMs: number | null, i18n: ReturnType<typeof useI18n>): Part[] {
  const { receivedAtMs, deliveredAtMs } = run;
  const { startedAtMs, finishedAtMs } = toldTimes(run);
  const parts: Part[] = [];
  const add = (kind: Part['kind'], fromMs: number | null, toMs: number | null, said: (t: string) => string) => {
    if (fromMs === null || toMs === null || toMs < fromMs) return;
    const ms = toMs - fromMs;
    if (kind !== 'ran' && ms < 1_000) return;
    parts.push({ kind, ms, said: said(i18n.duration(ms)) });
  };
  add('waited', receivedAtMs, startedAtMs ?? run.finishedAtMs ?? nowMs, (t) => i18n.t('run.way.waited', { t }));
  if (startedAtMs !== null) {
    const isOver = run.reason !== null;
    add('ran', startedAtMs, isOver ? finishedAtMs : nowMs, (t) =>
      i18n.t(isOver ? 'run.way.ran' : 'run.way.running', { t }),
    );
  }
  add('sent', run.finishedAtMs, deliveredAtMs, (t) => i18n.t('run.way.sent', { t }));
  return parts;
}
