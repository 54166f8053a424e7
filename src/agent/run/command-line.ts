/**
 * Builds Windows command lines by the rules that C programs split them with, and as the original's runtime does (protocol
 * §4.4): an argument is quoted if it is empty or holds a blank or tab; a quote becomes `\"`; backslashes count only before one.
 */

/** `args`: quoted, as the program reads them. */
export function commandLine(file: string, args: readonly string[]): string {
  return [quoteProgram(file), ...args].join(' ');
}

/** The program itself is always quoted and never escaped: its name can hold no quote. */
export function quoteProgram(file: string): string {
  return `"${file}"`;
}

export function quoteArgument(argument: string): string {
  const parts = argument.split('"');
  const last = parts.pop() ?? '';
  const escaped = parts.map((part) => `${part}${trailingBackslashes(part)}\\"`).join('');
  if (argument !== '' && !/[ \t]/.test(argument)) return escaped + last;
  return `"${escaped}${last}${trailingBackslashes(last)}"`;
}

function trailingBackslashes(text: string): string {
  let from = text.length;
  while (from > 0 && text[from - 1] === '\\') from--;
  return text.slice(from);
}
