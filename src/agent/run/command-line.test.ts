import { expect, it } from 'vitest';
import { commandLine, quoteArgument } from './command-line.ts';

it.each([
  ['plain', 'plain'],
  ['', '""'],
  ['two words', '"two words"'],
  ['tab\there', '"tab\there"'],
  ['line\nfeed', 'line\nfeed'],
  ['say "hi"', '"say \\"hi\\""'],
  ['a"b', 'a\\"b'],
  ['C:\\dir\\', 'C:\\dir\\'],
  ['C:\\my dir\\', '"C:\\my dir\\\\"'],
  ['a\\"b c', '"a\\\\\\"b c"'],
  ['a\\\\b c', '"a\\\\b c"'],
  ['100% & <x> ^', '"100% & <x> ^"'],
])('quotes %j as C programs read it', (argument, quoted) => {
  expect(quoteArgument(argument)).toBe(quoted);
});

it('puts the program in front, quoted', () => {
  expect(commandLine('C:\\my tools\\x.exe', ['/C', '"echo hi"'])).toBe('"C:\\my tools\\x.exe" /C "echo hi"');
});
