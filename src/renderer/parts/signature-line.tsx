/** By whom a task was signed, in one line of its page; nothing where nobody looked. */
import { makeStyles, tokens } from '@fluentui/react-components';
import { describeSignature } from '../../shared/describe-signature.ts';
import type { RunDetail } from '../../shared/run-view.ts';
import { useWords } from '../data/hooks.ts';

const useStyles = makeStyles({
  line: { margin: '4px 0 0', color: tokens.colorNeutralForeground2, overflowWrap: 'anywhere' },
});

export function SignatureLine({ signature }: Pick<RunDetail, 'signature'>) {
  const styles = useStyles();
  const words = useWords();
  if (signature === null) return null;
  return <p className={styles.line}>{describeSignature(signature, words)}</p>;
}
