/** Scripts of characters that no text file should hold: `[name, script, flags]`, as in `cases/*.txt`. */
export const SPECIAL_TEXTS: readonly (readonly [name: string, script: string, flags?: string])[] = [
  ['an empty script', ''],
  ['line feeds only', '\n\n\n'],
  ['CR and LF', "'a'\r\n'b'\r\n"],
  ['CR only', "'a'\r'b'\r"],
  ['CR and LF and LF', "'a'\r\n'b'\n'c'"],
  ['CR and LF in a here-string', "(@'\r\na\r\nb\r\n'@).Length"],
  ['LF in a here-string', "(@'\na\nb\n'@).Length"],
  ['CR and LF in a string', "'a\r\nb'.Length"],
  ['CR in a comment', "# a\r'b'"],
  ['a backtick before CR and LF', "'a' + `\r\n'b'"],
  ['a line feed at the end', "'a'\n"],
  ['a tab, a vertical tab and a form feed', "'a\t\v\fb'.Length"],
  [
    'control characters in a string',
    "('\u0001\u0008\u001b\u007f'.ToCharArray() | ForEach-Object { [int]$_ }) -join ','",
  ],
  ['control characters that are printed', "'\u0001\u0007\u001b[31mred'"],
  ['an escape sequence that is printed, with colours', "'\u001b[31mred\u001b[0m'", 'colour'],
  ['C1 characters', "('\u0080\u009b\u009f'.ToCharArray() | ForEach-Object { [int]$_ }) -join ','"],
  ['a no-break space as a blank', "Write-Output\u00a0'a'"],
  ['an ideographic space as a blank', "Write-Output\u3000'a'"],
  ['a line separator', "'a\u2028b\u2029c'.Length"],
  ['a next line', "'a\u0085b'.Length"],
  ['a zero width space', "'a\u200bb'.Length"],
  ['a zero width joiner', "'a\u200db'.Length"],
  ['marks of direction', "'a\u200e\u200f\u202eb'.Length"],
  ['a combining accent', "'e\u0301'.Length; 'e\u0301'.Normalize().Length"],
  ['a byte order mark in the middle', "'a\ufeffb'.Length"],
  ['no character at all', "'\uffff\ufffe'.Length"],
  ['the replacement character', "'\ufffd'.Length; [int][char]'\ufffd'"],
  ['a pair of surrogates', "'\ud83d\ude42'.Length"],
  ['many pairs of surrogates', `'${'\ud83d\ude42'.repeat(500)}'.Length`],
  ['every printable ASCII character', `'${asciiCharacters()}'`],
  ['every character of Latin-1', `'${range(0xa1, 0xff)}'.Length`],
  ['1,000 lines', lines(1000, (n) => `'line ${n}'`)],
  ['1,000 lines and a failure on the last', `${lines(999, () => '# nothing')}\nthrow 'on line 1000'`],
  ['a line of 20,000 characters', `'${'x'.repeat(20_000)}'.Length`],
  ['a deep nesting', `${'if ($true) { '.repeat(60)}'deep'${' }'.repeat(60)}`],
  ['a long pipeline', `1${' | ForEach-Object { $_ + 1 }'.repeat(40)}`],
  ['a long sum', `${Array.from({ length: 500 }, () => '1').join(' + ')}`],
  ['many functions', lines(200, (n) => `function f${n} { ${n} }`).concat('\nf199')],
];

function range(from: number, to: number): string {
  return String.fromCharCode(...Array.from({ length: to - from + 1 }, (_, index) => from + index));
}

function asciiCharacters(): string {
  return range(0x20, 0x7e).replaceAll("'", "''");
}

function lines(count: number, line: (n: number) => string): string {
  return Array.from({ length: count }, (_, n) => line(n)).join('\n');
}
