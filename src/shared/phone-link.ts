/** A telephone number as the link that dials it. Invariant: what is dialled is one number that stands in the line, or nothing. */

/** The dashes of all keyboards; the last one is that of Japanese vowels. */
const DASH = '\\-\\u2010-\\u2015\\u2212\\u30fc';
/** As people write one: digits in groups, with brackets, dots and dashes, an area code also with a slash ("030/1234"). */
const NUMBER = new RegExp(`(?:\\(?0[0-9]{1,5}\\)?/(?=[0-9]))?\\+?\\(?[0-9][0-9 ().${DASH}]*`, 'g');
/** "9:00", "24h", "9-18時", "(9-18)". */
const HOURS = new RegExp(
  `(?<![0-9])(?:[0-9]{1,2} ?[${DASH}~] ?)?[0-9]{1,2}(?::[0-9]{2}(?![0-9])| ?(?:時|(?:h|am|pm)\\b))|\\([0-9]{1,2} ?[${DASH}~] ?[0-9]{1,2}\\)`,
  'gi',
);
/** Less is a part of a sentence: "24 h". */
const MIN_DIGITS = 3;

/** `line`: what IT has entered, a number with words and hours around it or two of them; null: there is none to be dialled. */
export function phoneLink(line: string): string | null {
  // Digits and signs of Japanese keyboards are those of the others.
  const text = line.normalize('NFKC').replaceAll(HOURS, '…');
  for (const [found] of text.matchAll(NUMBER)) {
    const digits = withoutRemark(found)
      // "+44 (0)20": the 0 is for those who dial without the country.
      .replace(/^(\+[^(]*)\(0\)/, '$1')
      .replaceAll(/[^0-9+]/g, '');
    if (digits.replace('+', '').length >= MIN_DIGITS) return `tel:${digits}`;
  }
  return null;
}

/** "0800 123 (2 lines)" was cut before the words: what a bracket that is still open has begun is no part of the number. */
function withoutRemark(found: string): string {
  const open = found.lastIndexOf('(');
  return open > 0 && !found.includes(')', open) ? found.slice(0, open) : found;
}
