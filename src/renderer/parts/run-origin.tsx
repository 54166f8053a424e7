/** For whom a task was, and what became of it the other times. */
import { makeStyles, tokens } from '@fluentui/react-components';
import { describeRun } from '../../shared/describe-run.ts';
import { describeSame } from '../../shared/describe-sum.ts';
import type { I18n } from '../../shared/i18n/i18n.ts';
import { outcomeRow } from '../../shared/outcomes.ts';
import type { RunDetail } from '../../shared/run-view.ts';
import { useClaims, useI18n, useStore } from '../data/hooks.ts';
import { Card } from './card.tsx';
import { OutcomeIcon } from './mark.tsx';

const useStyles = makeStyles({
  text: { margin: 0, overflowWrap: 'anywhere' },
  quiet: { margin: '4px 0 0', color: tokens.colorNeutralForeground2 },
  marks: { display: 'flex', flexWrap: 'wrap', gap: '4px', listStyleType: 'none', margin: '8px 0 0', padding: 0 },
  mark: {
    display: 'inline-flex',
    padding: '6px',
    border: `1px solid ${tokens.colorNeutralStroke1}`,
    borderRadius: tokens.borderRadiusMedium,
    background: 'none',
    cursor: 'pointer',
    ':hover': { backgroundColor: tokens.colorNeutralBackground1Hover },
    ':focus-visible': { outline: `2px solid ${tokens.colorStrokeFocus2}`, outlineOffset: '1px' },
  },
});

export function RunOrigin({ run }: { readonly run: RunDetail }) {
  const styles = useStyles();
  const i18n = useI18n();
  return (
    <Card title={i18n.t('run.from')}>
      <p className={styles.text}>
        {i18n.join(audience(run, i18n), run.source === 'replay' ? i18n.t('run.for.kept') : null)}
      </p>
      {run.source !== 'schedule' && <p className={styles.quiet}>{i18n.t(senderOf(run))}</p>}
    </Card>
  );
}

/** Of what was refused, nobody has said that it was IT's. */
function senderOf({ reason }: RunDetail): 'run.for.sender' | 'run.for.anybody' {
  if (reason === null) return 'run.for.sender';
  const isOurs = !outcomeRow(reason).leavesIdFree && reason !== 'BAD_MESSAGE' && reason !== 'CONFLICT';
  return isOurs ? 'run.for.sender' : 'run.for.anybody';
}

function audience({ audience }: RunDetail, i18n: I18n): string | null {
  switch (audience.to) {
    case 'group':
      return i18n.t('run.for.group', { group: audience.group });
    case 'all':
    case 'pc':
    case 'schedule':
      return i18n.t(`run.for.${audience.to}`);
    case 'other':
      return null;
  }
}

interface RunSameProps {
  readonly run: RunDetail;
  readonly nowMs: number;
}

/** The last other runs of the same task as marks, one click to each. */
export function RunSame({ run, nowMs }: RunSameProps) {
  const styles = useStyles();
  const i18n = useI18n();
  const { go } = useStore();
  const { begins } = useClaims();
  const { same } = run;
  // A name that is hidden, or one that many tasks share: nothing can be said.
  if (run.title.kind !== 'text') return null;
  return (
    <Card title={i18n.t('run.same')}>
      <p className={styles.text}>{describeSame(same, i18n)}</p>
      {same.length > 0 && (
        <ul className={styles.marks} aria-label={i18n.t('run.same.list')}>
          {same.map((other) => {
            const { mark, line } = describeRun(other, i18n, nowMs, begins);
            const said = i18n.t('run.same.open', { time: i18n.moment(other.receivedAtMs, nowMs), outcome: line });
            return (
              <li key={other.run}>
                <button
                  type="button"
                  className={styles.mark}
                  title={said}
                  aria-label={said}
                  onClick={() => go({ screen: 'run', run: other.run })}
                >
                  <OutcomeIcon mark={mark} size={20} />
                </button>
              </li>
            );
          })}
        </ul>
      )}
    </Card>
  );
}
