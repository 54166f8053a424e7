/** One contact line of IT as what opens it: the app shell where there is one, else a link of the browser. */
import { Button, makeStyles, tokens } from '@fluentui/react-components';
import { useState } from 'react';
import type { Support } from '../../shared/about-view.ts';
import type { LinkId } from '../../shared/app-shell-contract.ts';
import { linkFor } from '../../shared/contact-links.ts';
import type { MailDraft } from '../../shared/mail-link.ts';
import { useI18n, useShellOffers, useStore } from '../data/hooks.ts';
import { TextLink } from './text-link.tsx';

const useStyles = makeStyles({
  link: { color: tokens.colorBrandForegroundLink, overflowWrap: 'anywhere' },
  text: { overflowWrap: 'anywhere' },
});

interface ContactLinkProps {
  readonly id: LinkId;
  readonly support: Support;
  readonly label: string;
  readonly draft?: MailDraft;
  /** In the middle of a sentence. */
  readonly inline?: boolean;
  /** What stands there where the line can't be opened: text to read. */
  readonly otherwise?: string | null;
}

/** Where the line can be opened: else nothing that looks as if it could. */
export function ContactLink({ id, support, label, draft, inline = false, otherwise = null }: ContactLinkProps) {
  const styles = useStyles();
  const i18n = useI18n();
  const { client } = useStore();
  const [failed, setFailed] = useState(false);
  const opens = useShellOffers('shell.openLink');
  const href = linkFor(id, support, draft);
  if (href === null) return otherwise === null ? null : <span className={styles.text}>{otherwise}</span>;
  if (!opens) {
    return (
      <a className={styles.link} href={href} target="_blank" rel="noreferrer">
        {label}
      </a>
    );
  }
  const open = async () =>
    setFailed(!(await client.ask('shell.openLink', { id, ...(draft === undefined ? {} : { draft }) })).ok);
  const onClick = () => void open();
  return (
    <span>
      {inline ? <TextLink onClick={onClick}>{label}</TextLink> : <Button onClick={onClick}>{label}</Button>}
      <span role="status">{failed ? ` ${i18n.t('support.notOpened')}` : ''}</span>
    </span>
  );
}
