import { expect, test } from 'vitest';
import { readableText } from './terminal-text.ts';

const ESC = '\u001b';

test.each([
  ['plain text', 'ab\n日本\t😀\n', 'ab\n日本\t😀\n'],
  ['lines of Windows', 'a\r\nb\r\n', 'a\nb\n'],
  ['colours', `${ESC}[32;1mName${ESC}[0m ${ESC}[38;5;9mred${ESC}[m`, 'Name red'],
  ['colours by C1', '\u009b31mred\u009b0m', 'red'],
  ['the keypad mode of PowerShell on Linux', `${ESC}[?1h${ESC}=ok`, 'ok'],
  ['a title', `${ESC}]0;owned\u0007text`, 'text'],
  ['a link', `${ESC}]8;;http://evil.example\u001b\\click${ESC}]8;;${ESC}\\ me`, 'click me'],
  ['a device string', `${ESC}P1$r0m${ESC}\\text\u0090q\u009ctext`, 'texttext'],
  ['a character set', `${ESC}(Btext${ESC}c`, 'text'],
  ['bold by backspaces', 'N\bNA\bAM\bME\bE', 'NAME'],
  ['more backspaces than letters', 'a\b\b\bxyz', 'xyz'],
  ['progress', '10 %\r20 %\r100 %\ndone', '100 %\ndone'],
  ['a line that is written over in part', 'abcdef\rxy', 'xycdef'],
  ['a line that is erased first', `loading…\r${ESC}[Kdone`, 'done'],
  ['a whole line that is erased', `loading${ESC}[2Kdone`, 'done'],
  ['the beginning of a line that is erased', `abc${ESC}[1Kd`, '   d'],
  ['moves within the line', `abc${ESC}[2Dx${ESC}[1Gy${ESC}[Cz`, 'yxz'],
  ['moves out of it', `a${ESC}[999999999Cb${ESC}[99Dc`, 'cb'],
  ['a lone escape', `a${ESC}`, 'a␛'],
  ['an escape before a line feed', `a${ESC}\nb`, 'a␛\nb'],
  ['a title without an end hides nothing', `${ESC}]0;the rest\nof the output`, '0;the rest\nof the output'],
  ['other control characters', 'a\u0000b\u0007c\u007fd\u0085e', 'a␀b␇c␡d␡e'],
  ['marks of direction', 'a\u202Egpj.exe\u200F', 'a␦gpj.exe␦'],
  ['half a character', 'a\ud800\u0007b', 'a\ud800␇b'],
])('%s', (_what, text, readable) => {
  expect(readableText(text)).toBe(readable);
});

test('whatever comes, no control character is left, nothing gets longer, and it takes no time', () => {
  let seed = 7;
  const random = (below: number) => {
    seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
    return seed % below;
  };
  const parts = [
    ESC,
    '[',
    ']',
    'P',
    '\u009b',
    '\u009d',
    '\u0007',
    '\\',
    '\r',
    '\b',
    '0',
    ';',
    'm',
    'K',
    'G',
    'a',
    '\n',
    '\u202e',
  ];
  for (let round = 0; round < 2_000; round++) {
    const text = Array.from({ length: 1 + random(60) }, () => parts[random(parts.length)]).join('');
    const readable = readableText(text);
    expect(readable).not.toMatch(/[^\P{Cc}\n\t]|[\u202a-\u202e]/u);
    expect(readable.length).toBeLessThanOrEqual(text.length);
  }
  // Each of them looks for an end that never comes.
  expect(readableText(`${ESC}]x`.repeat(200_000)).length).toBeGreaterThan(0);
});
