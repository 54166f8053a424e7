/**
 * How a script gets into PowerShell unharmed: over standard input, as ASCII, into a fixed command. So its size, its quotes,
 * the code page and the execution policy do not matter, and no file is left behind. docs/powershell.md says why each part is
 * as it is; what an operator's script does and how it exits must be what plain `-Command <script>` does.
 */
import { wholeEnd } from '../../shared/whole-characters.ts';

/**
 * The fixed command. In order: output in UTF-8 where that is allowed (never a condition: constrained language refuses it);
 * the lines of input become the text again; the text runs in the global scope. The second string runs right after the first
 * with nothing between them that could change `$?`, also when the script ended by `return`: it gives the exit code 1 that
 * plain `-Command` gives when the last statement failed.
 */
export const POWERSHELL_BOOTSTRAP =
  'try{[Console]::OutputEncoding=New-Object System.Text.UTF8Encoding $false}catch{};' +
  "(-join($input|ForEach-Object{(ConvertFrom-Json $_).s})),'if(!$?){exit 1}'|Invoke-Expression";

/** Each line stays below the 2,097,152 characters that ConvertFrom-Json of Windows PowerShell may be limited to. */
const CHUNK_UNITS = 256 * 1024;

/** The script as lines of JSON in pure ASCII, `{"s":"…"}`, to be joined again. */
export function powershellInput(script: string): string {
  // With a line feed at the end no text is empty (Invoke-Expression refuses that) or looks like a date (ConvertFrom-Json of
  // PowerShell 7 would make one of it).
  const text = `${script}\n`;
  let lines = '';
  for (let from = 0; from < text.length; ) {
    // Either half of a surrogate pair would come out as U+FFFD.
    const to = wholeEnd(text, from + CHUNK_UNITS);
    lines += `{"s":${asciiJson(text.slice(from, to))}}\n`;
    from = to;
  }
  return lines;
}

function asciiJson(text: string): string {
  return JSON.stringify(text).replace(
    /[^\x20-\x7e]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
