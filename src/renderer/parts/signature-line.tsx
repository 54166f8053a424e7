/** By whom a task was signed, in one line of its page; nothing where nobody looked. */
import { makeStyles, tokens } from '@fluentui/react-components';
import { describeSignature } from '../../shared/describe-signature.ts';
import type { RunDetail } from '../../shared/run-view.ts';
import { useI18n } from '../data/hooks.ts';

const useStyles = makeStyles({
  line: { margin: '4px 0 0', color: tokens.colorNeutralForeground2, overflowWrap: 'anywhere' },
});

export function SignatureLine({ signature }: Pick<RunDetail, 'signature'>) {
  const styles = useStyles();
  const i18n = useI18n();
  if (signature === null) return null;
  return <p className={styles.line}>{describeSignature(signature, i18n)}</p>;
}
