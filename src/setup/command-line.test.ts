import { expect, it } from 'vitest';
import { readCommandLine, wordsOf } from './command-line.ts';

it.each([
  ['C:\\setup.exe /S', {}],
  ['"C:\\my files\\setup.exe" /S /NATSURL=nats://a:4222,nats://b:4222', { NATSURL: 'nats://a:4222,nats://b:4222' }],
  [
    's.exe /CONFIG="C:\\my files\\a.toml" "/LOG=C:\\my log.txt"',
    { CONFIG: 'C:\\my files\\a.toml', LOG: 'C:\\my log.txt' },
  ],
  ['s.exe /pcid=PC-1 /notray /NOSTART=0', { PCID: 'PC-1', NOTRAY: true, NOSTART: false }],
  ['s.exe /PCID=PC-1 /D=C:\\Program Files\\Our /S', { PCID: 'PC-1' }],
  ['copy.exe /S /PURGE=1 /FROM="C:\\Program Files\\Kanade Tray"', { PURGE: true }],
  ['s.exe /TOKEN=a=b/c', { TOKEN: 'a=b/c' }],
])('%s', (line, expected) => {
  expect(readCommandLine(line)).toEqual(expected);
});

it.each([
  ['s.exe /S hello', 'word 2 of the command line is no parameter'],
  ['s.exe TOKEN=secret', 'TOKEN=… is no parameter'],
  ['s.exe /WHAT=1', '/WHAT is not a parameter'],
  ['s.exe /TOKEN', '/TOKEN needs a value'],
  ['s.exe /NOTRAY=yes', '/NOTRAY=yes: expected 0 or 1'],
  ['s.exe /MODE=cloud', '/MODE=cloud: expected service, tray'],
  ['s.exe /currentuser', 'for the whole PC only'],
])('%s is refused by name', (line, why) => {
  expect(() => readCommandLine(line)).toThrow(why);
});

it.each([
  's.exe TOKEN=secret',
  's.exe --token=secret',
  's.exe /TOKEN:secret',
  's.exe /TOKEN=a secret',
  's.exe /TOKN=secret',
  's.exe //TOKEN=secret',
])('%s: nothing of what may be a secret is repeated', (line) => {
  expect(() => readCommandLine(line)).toThrow(/^(?!.*secret)/);
});

it('splits as Windows does', () => {
  expect(wordsOf('a "b c"  d"e f"g ""')).toEqual(['a', 'b c', 'de fg', '']);
});
