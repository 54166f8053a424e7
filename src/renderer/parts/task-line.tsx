/** One task in a line: its mark, its name, which leads to it, and what there is to say of it. */
import { makeStyles } from '@fluentui/react-components';
import type { ReactNode } from 'react';
import { taskName } from '../../shared/describe-run.ts';
import type { OutcomeMark } from '../../shared/mark-names.ts';
import type { RunRow } from '../../shared/run-view.ts';
import { useI18n, useStore } from '../data/hooks.ts';
import { OutcomeIcon } from './mark.tsx';
import { TextLink } from './text-link.tsx';

const useStyles = makeStyles({
  line: { display: 'flex', alignItems: 'flex-start', gap: '10px', padding: '4px 0', minWidth: 0 },
  mark: { marginTop: '2px' },
  text: { flexGrow: 1, minWidth: 0, overflowWrap: 'anywhere' },
});

interface TaskLineProps {
  readonly run: RunRow;
  readonly mark: OutcomeMark;
  readonly children: ReactNode;
}

export function TaskLine({ run, mark, children }: TaskLineProps) {
  const styles = useStyles();
  const i18n = useI18n();
  const { go } = useStore();
  return (
    <div className={styles.line}>
      <div className={styles.mark}>
        <OutcomeIcon mark={mark} />
      </div>
      <div className={styles.text}>
        <TextLink onClick={() => go({ screen: 'run', run: run.run })}>{taskName(run, i18n)}</TextLink> {children}
      </div>
    </div>
  );
}
