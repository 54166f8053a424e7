/** One contact line of IT as what opens it: the app shell where there is one, else a link of the browser. */
import { Button, makeStyles, tokens } from '@fluentui/react-components';
import type { Support } from '../../shared/about-view.ts';
import type { LinkId } from '../../shared/app-shell-contract.ts';
import { type MailDraft, mailLink } from '../../shared/mail-link.ts';
import { useStore, useWindowState } from '../data/hooks.ts';
import { TextLink } from './text-link.tsx';

const useStyles = makeStyles({
  link: { color: tokens.colorBrandForegroundLink, overflowWrap: 'anywhere' },
});

interface ContactLinkProps {
  readonly id: LinkId;
  readonly support: Support;
  readonly label: string;
  readonly draft?: MailDraft;
  /** In the middle of a sentence. */
  readonly inline?: boolean;
}

/** Absent where IT has not set this line. */
export function ContactLink({ id, support, label, draft, inline = false }: ContactLinkProps) {
  const styles = useStyles();
  const { client } = useStore();
  const opens = useWindowState(({ appShell }) => appShell?.offers.includes('shell.openLink') ?? false);
  const href = addressOf(id, support, draft ?? null);
  if (href === null) return null;
  if (!opens) {
    return (
      <a className={styles.link} href={href} target="_blank" rel="noreferrer">
        {label}
      </a>
    );
  }
  const open = () => void client.ask('shell.openLink', { id, ...(draft === undefined ? {} : { draft }) });
  return inline ? <TextLink onClick={open}>{label}</TextLink> : <Button onClick={open}>{label}</Button>;
}

function addressOf(id: LinkId, { phone, mail, url }: Support, draft: MailDraft | null): string | null {
  switch (id) {
    case 'phone':
      return phone === null ? null : `tel:${phone.replaceAll(/[^0-9+]/g, '')}`;
    case 'mail':
      return mail === null ? null : mailLink(mail, draft);
    case 'page':
      return url;
  }
}
