/** What may be opened outside of the window: IT's own contact lines, each by its name (threat-model §3.1, 15). */
import type { Support } from '../shared/about-view.ts';
import type { LinkId } from '../shared/app-shell-contract.ts';
import { type MailDraft, mailLink } from '../shared/mail-link.ts';

/** The address for `id`, a mail begun with `draft`; null where IT has set none, or one that must not be opened. */
export function linkFor(
  id: LinkId,
  support: Pick<Support, 'url' | 'mail' | 'phone'>,
  draft: MailDraft | null = null,
): string | null {
  switch (id) {
    case 'page':
      return support.url !== null && isHttps(support.url) ? new URL(support.url).href : null;
    case 'mail':
      return support.mail !== null && /^[^\s@?&]+@[^\s@?&]+$/.test(support.mail) ? mailLink(support.mail, draft) : null;
    case 'phone': {
      const digits = support.phone?.replaceAll(/[^0-9+]/g, '') ?? '';
      return digits === '' ? null : `tel:${digits}`;
    }
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
