/** The name under which a run is shown (architecture §5). What the window has to word itself is a kind, not a text. */
import { readableText } from './terminal-text.ts';
import { wholeEnd } from './whole-characters.ts';

export type RunTitle =
  | { readonly kind: 'text'; readonly text: string }
  /** `adhoc-run`: "Direct task from IT". */
  | { readonly kind: 'direct' }
  /** A message that names no task. */
  | { readonly kind: 'none' }
  /** Policy `HideCommandNames`: only the helpdesk sees names. */
  | { readonly kind: 'hidden' };

const MAX_TITLE_CHARS = 120;
/** Where a name stands alone, it is read whole. */
export const MAX_WHOLE_TITLE_CHARS = 1_000;
/** Tabs, and what {@link readableText} shows of control characters: nothing of a title. */
const SIGNS = /[\t\u2400-\u2426]/g;

/**
 * First line of the job's `description` where it was known, else the manifest id with `-_.` as blanks.
 */
export function runTitle(manifestId: string | null, description: string | null, maxChars = MAX_TITLE_CHARS): RunTitle {
  const line = firstLine(description ?? '', maxChars);
  if (line !== '') return { kind: 'text', text: line };
  if (manifestId === 'adhoc-run') return { kind: 'direct' };
  const i18n = firstLine((manifestId ?? '').replaceAll(/[-_.\s]+/g, ' '), maxChars);
  return i18n === '' ? { kind: 'none' } : { kind: 'text', text: i18n };
}

/**
 * The first line of `text` that is not blank, cut to the length of a title, without control characters and without the
 * marks that turn the direction of writing: those can make a title read as something else.
 */
export function firstLine(text: string, maxChars = MAX_TITLE_CHARS): string {
  for (const each of text.split(/[\r\n\u2028\u2029]+/)) {
    const line = readableText(each).replaceAll(SIGNS, ' ').trim();
    if (line !== '') return clip(line, maxChars);
  }
  return '';
}

/** At most `maxChars` UTF-16 units, marked where it was cut, never in the middle of a surrogate pair. */
export function clip(text: string, maxChars: number): string {
  if (text.length <= maxChars) return text;
  return `${text.slice(0, wholeEnd(text, maxChars - 1))}…`;
}
