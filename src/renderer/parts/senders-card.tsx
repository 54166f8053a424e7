/** Whose tasks run on this PC: everyone's whom the server lets send, or only what the holders of keys have signed. */
import { makeStyles } from '@fluentui/react-components';
import type { AboutFacts } from '../../shared/about-view.ts';
import type { I18n } from '../../shared/i18n/i18n.ts';
import { useI18n } from '../data/hooks.ts';
import { Card } from './card.tsx';

const useStyles = makeStyles({
  text: { margin: '0 0 4px', overflowWrap: 'anywhere' },
  list: { margin: '4px 0', paddingInlineStart: '20px', overflowWrap: 'anywhere' },
});

const MS_PER_SECOND = 1_000;

export function SendersCard({ about: { signatures, commandKeys, commandKeysFault } }: { readonly about: AboutFacts }) {
  const styles = useStyles();
  const i18n = useI18n();
  const isNobody = signatures === 'require' && commandKeys.length === 0;
  return (
    <Card title={i18n.t('about.signed')} isQuestion>
      <p className={styles.text}>{i18n.t(isNobody ? 'about.signed.nobody' : `about.signed.${signatures}`)}</p>
      {commandKeys.length > 0 && (
        <ul className={styles.list}>
          {commandKeys.map((key) => (
            <li key={key.kid}>{nameOf(key, i18n)}</li>
          ))}
        </ul>
      )}
      {commandKeysFault && (
        <p className={styles.text}>
          {i18n.join(i18n.t('about.keys.problem'), commandKeys.length > 0 ? i18n.t('about.keys.known') : null)}
        </p>
      )}
    </Card>
  );
}

/** The name that people gave it, the one that messages carry, and what tells it from another of that name. */
function nameOf({ kid, label, fingerprint, maxAgeSecs }: AboutFacts['commandKeys'][number], i18n: I18n): string {
  const named = label === null || label === kid ? kid : `${label} – ${kid}`;
  const bound =
    maxAgeSecs === null ? [] : [i18n.t('about.keys.bound', { t: i18n.duration(maxAgeSecs * MS_PER_SECOND) })];
  return `${named} (${i18n.list([fingerprint, ...bound])})`;
}
