/**
 * How a script gets into PowerShell unharmed: over standard input, as ASCII, into a fixed command. So its size, its quotes,
 * the code page and the execution policy do not matter, and no file is left behind. docs/powershell.md says why each part is
 * as it is; what an operator's script does and how it exits must be what plain `-Command <script>` does (e2e/powershell).
 */
import { MARKER_VARIABLE } from './child-env.ts';

/** Never a condition: constrained language refuses it. */
const OUTPUT_IN_UTF8 = 'try{[Console]::OutputEncoding=[Text.UTF8Encoding]::new()}catch{};';

/** No text of ours has one of these as it is; at the end of the input it says that all of it is here. */
const END = '~';
/** Nothing of a text that has come in part: whoever wrote it has died meanwhile. */
const WHOLE_INPUT = `$input=-join$input;if(!$input.EndsWith('${END}')){exit 1};`;
const TEXT = `[regex]::Unescape($input.TrimEnd('${END}'))`;

/**
 * A parse error. PowerShell 7.6 says nothing at all of one at the very end of a text, since it can't draw the arrow below that; the
 * older view has none.
 */
const REFUSED = "catch{if(@($_.Exception.Errors)[0].IncompleteInput){$ErrorView='NormalView'}throw $_.Exception}";

/**
 * The text becomes a script block by way of a function that is gone again before the script begins, so that a parse error is
 * PowerShell's own. It runs in the global scope, in a pipeline like the one that plain `-Command` makes. What stands last in that
 * pipeline runs when the script has ended, also by `return`, and before anything could change `$?`: code 1, as plain `-Command`
 * gives it, when the last statement failed. `else` makes `$?` true again, which an error written by `$PSCmdlet` makes false here only.
 */
const DOT_SOURCED = dotSourced(TEXT);

/** `text`: an expression. */
function dotSourced(text: string): string {
  return (
    `if(.$(try{$function:run=${text};$function:run;$function:run=$null}${REFUSED}) 2>&1|` +
    'Out-Default|.{end{!$?}}){exit 1}else{$null}'
  );
}

/**
 * The same by a pipeline that is made as the host makes its own. Nothing comes out of it where the script has ended by `exit`, whose
 * code it leaves in `$LASTEXITCODE`. `Stop`: else the error of a script that has set `SilentlyContinue` would be silent here.
 */
const NESTED =
  `try{$input=${TEXT};$function:run=$input;$function:run=$null}${REFUSED};` +
  'try{$input=[runspace]::DefaultRunspace.CreateNestedPipeline($input,$false);' +
  "$input.Commands.Add('Out-Default');$input.Commands.AddScript('end{!$?}');$input=$input.Invoke()}" +
  "catch{$ErrorActionPreference='Stop';throw $_.Exception.InnerException};" +
  'if(!$input.Count){exit $LASTEXITCODE};if($input[0]){exit 1}';

/** The fixed command of nearly all scripts. What it needs is loaded as far as it can be before it waits for its input. */
export const POWERSHELL_BOOTSTRAP = OUTPUT_IN_UTF8 + WHOLE_INPUT + DOT_SOURCED;

/**
 * The fixed command of a script that looks at how it was called. By the other one it would find itself dot-sourced, and many a
 * script does nothing then (`if ($MyInvocation.InvocationName -ne '.') { Main }`). It is slower, and needs the full language.
 */
export const POWERSHELL_BOOTSTRAP_CALLED =
  `${OUTPUT_IN_UTF8}${WHOLE_INPUT}if($ExecutionContext.SessionState.LanguageMode-eq'FullLanguage'){${NESTED}}` +
  `else{${DOT_SOURCED}}`;

/** A UUID. */
const MARKER_UNITS = 36;

/** What is done with the input, done once before there is any: .NET compiles each part of it when it is first needed. */
const INPUT_REHEARSED =
  `$env:${MARKER_VARIABLE}=$env:${MARKER_VARIABLE};if(!('a'+'${END}').EndsWith('${END}')){exit 1};` +
  `$null=[regex]::Unescape((-join@([char]92,'u0041${END}')).Substring(0).TrimEnd('${END}'));`;

/**
 * The fixed command of a shell that is started before its script is known: it goes its own way once, with an empty text, and then
 * waits. In front of the script comes the marker of its run (`child-env.ts`), which the script is to see as if it had been started
 * with it.
 */
export const POWERSHELL_AHEAD =
  `${OUTPUT_IN_UTF8}${dotSourced("''")};${INPUT_REHEARSED}${WHOLE_INPUT}` +
  `$env:${MARKER_VARIABLE}=$input.Substring(0,${MARKER_UNITS});` +
  dotSourced(`[regex]::Unescape($input.Substring(${MARKER_UNITS}).TrimEnd('${END}'))`);

/**
 * What {@link POWERSHELL_AHEAD} reads in place of a shell that was started with `args` and `stdin`; null: those are not of
 * {@link POWERSHELL_BOOTSTRAP}, or this marker is none for it.
 */
export function inputAhead(args: readonly string[], stdin: string | null, marker: string): string | null {
  const isOfIt = args.at(-1) === POWERSHELL_BOOTSTRAP && stdin !== null && marker.length === MARKER_UNITS;
  return isOfIt ? marker + stdin : null;
}

/** Which of the two, for this script. */
export function powershellCommand(script: string): string {
  return /MyInvocation/i.test(script) ? POWERSHELL_BOOTSTRAP_CALLED : POWERSHELL_BOOTSTRAP;
}

const BYTE_ORDER_MARK = '\ufeff';

/** Plain `-Command` takes it for a part of the first command's name, which then is not found. */
export function withoutByteOrderMark(script: string): string {
  return script.startsWith(BYTE_ORDER_MARK) ? script.slice(1) : script;
}

/** So many UTF-16 units of a script are escaped at a time: the room for them is made once. */
const PORTION_UNITS = 64 * 1024;
/** `\\u0041`. */
const LONGEST_ESCAPE = 6;

/**
 * The script as one line of printable ASCII, escaped for `[regex]::Unescape`, and what says that it is whole. Unit for unit, so that
 * half of a surrogate pair comes out as it went in; not by `replace`, which took half a second for the largest scripts.
 */
export function powershellInput(script: string): string {
  const text = withoutByteOrderMark(script);
  const bytes = Buffer.allocUnsafe(Math.min(text.length, PORTION_UNITS) * LONGEST_ESCAPE);
  let input = '';
  for (let from = 0; from < text.length; from += PORTION_UNITS) {
    const to = Math.min(from + PORTION_UNITS, text.length);
    input += bytes.toString('latin1', 0, escapeInto(bytes, text, from, to));
  }
  return `${input}${END}\n`;
}

const [BACKSLASH, NEWLINE, RETURN, TILDE] = [0x5c, 0x0a, 0x0d, 0x7e];
const HEX_DIGITS = Buffer.from('0123456789abcdef');

/** Returns how many bytes it has written. */
function escapeInto(bytes: Buffer, text: string, from: number, to: number): number {
  let at = 0;
  for (let index = from; index < to; index++) {
    const unit = text.charCodeAt(index);
    if (unit >= 0x20 && unit < TILDE && unit !== BACKSLASH) {
      bytes[at++] = unit;
      continue;
    }
    bytes[at++] = BACKSLASH;
    if (unit === BACKSLASH) bytes[at++] = BACKSLASH;
    else if (unit === NEWLINE) bytes[at++] = 0x6e;
    else if (unit === RETURN) bytes[at++] = 0x72;
    else {
      bytes[at++] = 0x75;
      for (let shift = 12; shift >= 0; shift -= 4) bytes[at++] = HEX_DIGITS[(unit >> shift) & 0xf] ?? 0;
    }
  }
  return at;
}
