/** Names and values, in two columns while there is room. */
import { makeStyles, tokens } from '@fluentui/react-components';
import type { ReactNode } from 'react';

export interface Fact {
  readonly name: string;
  readonly value: ReactNode;
}

const useStyles = makeStyles({
  list: {
    display: 'grid',
    // The same in each card, so that values stand below one another.
    gridTemplateColumns: 'minmax(112px, 176px) minmax(0, 1fr)',
    gap: '6px 20px',
    margin: 0,
    '@media (max-width: 420px)': { gridTemplateColumns: 'minmax(0, 1fr)', gap: '0' },
  },
  name: { color: tokens.colorNeutralForeground2, overflowWrap: 'anywhere' },
  value: {
    margin: 0,
    overflowWrap: 'anywhere',
    fontVariantNumeric: 'tabular-nums',
    '@media (max-width: 420px)': { marginBottom: '8px' },
  },
});

export function Facts({ facts }: { readonly facts: readonly (Fact | null)[] }) {
  const styles = useStyles();
  return (
    <dl className={styles.list}>
      {facts.map(
        (fact) => fact !== null && <FactRow key={fact.name} fact={fact} name={styles.name} value={styles.value} />,
      )}
    </dl>
  );
}

function FactRow({ fact, name, value }: { readonly fact: Fact; readonly name: string; readonly value: string }) {
  return (
    <>
      <dt className={name}>{fact.name}</dt>
      <dd className={value}>{fact.value}</dd>
    </>
  );
}
