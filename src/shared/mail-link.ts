/** A mail that is begun, as the link that a mail program understands. */

export interface MailDraft {
  readonly subject: string;
  readonly body: string;
}

/** Windows opens no longer address. */
const MAX_LINK_CHARS = 2_000;

/** The last lines are left out where the link would be too long: what counts comes first. */
export function mailLink(address: string, draft: MailDraft | null): string {
  if (draft === null) return `mailto:${address}`;
  const lines = draft.body.split('\n');
  for (;;) {
    const link = `mailto:${address}?subject=${encoded(draft.subject)}&body=${encoded(lines.join('\r\n'))}`;
    if (link.length <= MAX_LINK_CHARS || lines.length === 0) return link.slice(0, MAX_LINK_CHARS);
    lines.pop();
  }
}

/** Half of a character is no text. */
function encoded(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}
