import fc from 'fast-check';
import { parse, stringify } from 'smol-toml';
import { expect, test } from 'vitest';
import { keyLines, lineOf } from './toml-lines.ts';

const DOCUMENT = `# comment with [brackets] = and "quotes
a = 1
"b c" = "x # no comment" # [x]
'd.e' = 'y'
f . g . h = [
  1, # ]
  "]", [2],
]
i = """
[j]
k = 1 \\""" "\\
"""" # four quotes end it
l = '''
'''''
m = { n = 1, o = [ { p = "}" } ] }

[ q . "r" ]
s = 2026-01-01 10:00:00
t.u = 1

[[v]]
w = 1
[[v]]
w = 2
x = 3
`;

test('every kind of key and value keeps its line', () => {
  expect(Object.keys(parse(DOCUMENT))).toEqual(['a', 'b c', 'd.e', 'f', 'i', 'l', 'm', 'q', 'v']);
  expect(Object.fromEntries(keyLines(DOCUMENT))).toEqual({
    a: 2,
    'b c': 3,
    'd.e': 4,
    'f.g.h': 5,
    i: 9,
    l: 13,
    m: 15,
    'q.r': 17,
    'q.r.s': 18,
    'q.r.t.u': 19,
    v: 21,
    'v.w': 22,
    'v.x': 25,
  });
});

test('a key without a line of its own has that of the table around it', () => {
  const lines = keyLines('[a]\nb = { c = { d = 1 } }\n');
  expect(['a.b.c.d', 'a.x', 'y'].map((key) => lineOf(lines, key))).toEqual([2, 1, null]);
});

test('any text that the parser reads is gone through to its last key', () => {
  const key = fc.stringMatching(/^[a-z]{1,5}$/);
  const value = fc.oneof(
    fc.string(),
    fc.boolean(),
    fc.array(fc.string(), { maxLength: 3 }),
    fc.dictionary(key, fc.string()),
  );
  fc.assert(
    fc.property(fc.dictionary(key, value, { maxKeys: 6 }), (content) => {
      const document = `${stringify(content)}\n[last_table]\nlast_key = 1\n`;
      const at = document.split('\n').indexOf('last_key = 1') + 1;
      expect(keyLines(document).get('last_table.last_key')).toBe(at);
    }),
  );
});
