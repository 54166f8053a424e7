/**
 * What may be opened outside of the window: IT's own contact lines, each by its name (threat-model §3.1, 15). Invariant: what
 * the window offers to open is what the app shell opens, since both ask here.
 */
import type { Support } from './about-view.ts';
import type { LinkId } from './app-shell-contract.ts';
import { type MailDraft, mailLink } from './mail-link.ts';
import { phoneLink } from './phone-link.ts';

/** The address for `id`, a mail begun with `draft`; null where IT has set none, or one that can't or must not be opened. */
export function linkFor(
  id: LinkId,
  { url, mail, phone }: Pick<Support, 'url' | 'mail' | 'phone'>,
  draft: MailDraft | null = null,
): string | null {
  switch (id) {
    case 'page':
      return url !== null && isHttps(url) ? new URL(url).href : null;
    case 'mail':
      return mail !== null && /^[^\s@?&]+@[^\s@?&]+$/.test(mail) ? mailLink(mail, draft) : null;
    case 'phone':
      return phone === null ? null : phoneLink(phone);
  }
}

function isHttps(text: string): boolean {
  try {
    const { protocol, username, password } = new URL(text);
    return protocol === 'https:' && username === '' && password === '';
  } catch {
    return false;
  }
}
