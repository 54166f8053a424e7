/** The heading of a screen. */
import { makeStyles, tokens } from '@fluentui/react-components';
import type { ReactNode } from 'react';
import { LOW } from '../room.ts';

const useStyles = makeStyles({
  title: {
    margin: '0 0 16px',
    fontSize: '20px',
    lineHeight: '28px',
    fontWeight: tokens.fontWeightSemibold,
    color: tokens.colorNeutralForeground1,
    overflowWrap: 'anywhere',
    // Japanese breaks between phrases, not within them.
    wordBreak: 'auto-phrase',
    [LOW]: { marginBottom: '8px' },
  },
});

export function ScreenTitle({ children }: { readonly children: ReactNode }) {
  return <h1 className={useStyles().title}>{children}</h1>;
}
