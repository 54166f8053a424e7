/** Where a text may be cut. */

/** `end` (0 or more, in UTF-16 units), or one less where a surrogate pair would be cut there. */
export function wholeEnd(text: string, end: number): number {
  // A code point above this takes two units.
  return (text.codePointAt(end - 1) ?? 0) > 0xffff ? end - 1 : end;
}
