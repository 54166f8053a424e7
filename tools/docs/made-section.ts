/** A part of a page that is made from the code. Invariant: what stands around it is never touched. */

const END = '<!-- End of what is made. -->';

/** `text` with the section that is made from `source` as it is now. */
export function withMadeSection(text: string, source: string, section: string): string {
  const begin = `<!-- Made from ${source} by \`npm run docs\`; do not edit. -->`;
  const from = text.indexOf(begin);
  const to = text.indexOf(END, from);
  if (from < 0 || to < 0) throw new Error(`the page has lost the marks of what is made from ${source}`);
  return `${text.slice(0, from)}${begin}\n\n${section}\n${text.slice(to)}`;
}
