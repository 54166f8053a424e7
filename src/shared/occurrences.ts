/** Where `search` occurs in `text`, in UTF-16 units, one place behind the other. Capital and small letters are the same. */
export function* occurrences(text: string, search: string): Generator<number> {
  const [where, what] = [text.toLowerCase(), search.toLowerCase()];
  // A few letters change their length in small: then places would not fit the text.
  const fits = where.length === text.length && what.length === search.length;
  const [haystack, needle] = fits ? [where, what] : [text, search];
  if (needle === '') return;
  for (let at = haystack.indexOf(needle); at !== -1; at = haystack.indexOf(needle, at + needle.length)) yield at;
}
