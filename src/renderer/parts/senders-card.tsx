/** Whose tasks run on this PC: everyone's whom the server lets send, or only what the holders of keys have signed. */
import { makeStyles } from '@fluentui/react-components';
import type { About } from '../../shared/contract.ts';
import type { Words } from '../../shared/words/words.ts';
import { useWords } from '../data/hooks.ts';
import { Card } from './card.tsx';

const useStyles = makeStyles({
  text: { margin: '0 0 4px', overflowWrap: 'anywhere' },
  list: { margin: '4px 0', paddingInlineStart: '20px', overflowWrap: 'anywhere' },
});

const MS_PER_SECOND = 1_000;

export function SendersCard({ about: { signatures, commandKeys, commandKeysFault } }: { readonly about: About }) {
  const styles = useStyles();
  const words = useWords();
  const isNobody = signatures === 'require' && commandKeys.length === 0;
  return (
    <Card title={words.say('about.signed')}>
      <p className={styles.text}>{words.say(isNobody ? 'about.signed.nobody' : `about.signed.${signatures}`)}</p>
      {commandKeys.length > 0 && (
        <ul className={styles.list}>
          {commandKeys.map((key) => (
            <li key={key.kid}>{nameOf(key, words)}</li>
          ))}
        </ul>
      )}
      {commandKeysFault && <p className={styles.text}>{words.say('about.keys.fault')}</p>}
    </Card>
  );
}

/** The name that people gave it, the one that messages carry, and what tells it from another of that name. */
function nameOf({ kid, label, fingerprint, maxAgeSecs }: About['commandKeys'][number], words: Words): string {
  const named = label === null || label === kid ? kid : `${label} – ${kid}`;
  const bound =
    maxAgeSecs === null ? [] : [words.say('about.keys.bound', { t: words.duration(maxAgeSecs * MS_PER_SECOND) })];
  return `${named} (${words.list([fingerprint, ...bound])})`;
}
