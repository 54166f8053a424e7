import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MAX_DEPTH, parseJson } from './json.ts';
import { JsonDecimal, type JsonValue } from './json-value.ts';

const parse = (text: string) => parseJson(Buffer.from(text));

/** The value as `JSON.parse` has it, so that both can be compared. */
function plain(value: JsonValue): unknown {
  if (value instanceof JsonDecimal) return value.value;
  if (typeof value === 'bigint') return Number(value);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, plain(each)]));
}

test('agrees with JSON.parse on whatever JSON.stringify writes, with white space around it', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.constantFrom(undefined, 1, '\t', '\r\n '), (value, indent) => {
      const text = JSON.stringify(value, null, indent);
      const parsed = parse(` ${text}\n`);
      expect(parsed.ok && plain(parsed.value)).toEqual(JSON.parse(text));
    }),
  );
});

test('accepts no text that JSON.parse refuses, and refuses none that it accepts but for our own rules', () => {
  const piece = fc.constantFrom(
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '"a"',
    '"b',
    '1',
    '-',
    '.5',
    'e3',
    '0',
    'true',
    'nul',
    ' ',
    '\\u00e9',
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
      const text = pieces.join('');
      const parsed = parse(text);
      let accepted = true;
      try {
        JSON.parse(text, (_, value) => {
          // JSON.parse makes it infinite; a number that can not be kept is refused here.
          if (typeof value === 'number' && !Number.isFinite(value)) throw new RangeError(text);
          return value;
        });
      } catch {
        accepted = false;
      }
      if (!parsed.ok && parsed.error.startsWith('duplicate key')) return;
      expect({ text, ok: parsed.ok }).toEqual({ text, ok: accepted });
    }),
    { numRuns: 2_000 },
  );
});

describe('numbers', () => {
  test.each([
    ['0', 0],
    ['-7', -7],
    ['9007199254740991', Number.MAX_SAFE_INTEGER],
    ['9007199254740992', 2n ** 53n],
    ['-9007199254740992', -(2n ** 53n)],
    ['18446744073709551616', 2n ** 64n],
    ['5.0', new JsonDecimal(5)],
    ['1e3', new JsonDecimal(1000)],
    ['-0', new JsonDecimal(-0)],
    ['2.5E-3', new JsonDecimal(0.0025)],
  ])('%s', (text, value) => {
    expect(parse(text)).toEqual({ ok: true, value });
  });

  test.each(['01', '+1', '.5', '1.', '1e', '-', '0x1', 'NaN', '1e400', '1'.repeat(310)])('%s is refused', (text) => {
    expect(parse(text)).toMatchObject({ ok: false, salvaged: null });
  });
});

test.each([
  ['', 'invalid JSON at byte 0: expected a value, found the end'],
  ['{"a":1', 'invalid JSON at byte 6: expected "," or "}", found the end'],
  ['{"é":tru}', 'invalid JSON at byte 6: expected a value'],
  ['{"a" 1}', 'invalid JSON at byte 5: expected ":"'],
  ['{a:1}', 'invalid JSON at byte 1: expected a key in quotes'],
  ['{"a":1,}', 'invalid JSON at byte 7: expected a key in quotes'],
  ['[1 2]', 'invalid JSON at byte 3: expected "," or "]"'],
  ['1 2', 'invalid JSON at byte 2: expected the end'],
  ['"a\nb"', 'invalid JSON at byte 2: expected the closing quote'],
  ['"a\\', 'invalid JSON at byte 3: expected the closing quote, found the end'],
  ['["\\x"]', 'invalid JSON at byte 1: expected a string without unknown escapes'],
  ['\ufeff{}', 'invalid JSON at byte 0: expected a value'],
])('%j is refused with the byte and what was expected', (text, error) => {
  expect(parse(text)).toEqual({ ok: false, error, salvaged: null });
});

test.each([
  [[0x22, 0xff, 0x22], 1],
  [[0x22, 0xc3, 0x28], 2],
  [[0x22, 0x61, 0xed, 0xa0, 0x80, 0x22], 3],
])('bytes %j are refused as no UTF-8', (bytes, at) => {
  expect(parseJson(Uint8Array.from(bytes))).toMatchObject({ ok: false, error: `invalid UTF-8 at byte ${at}` });
});

test('a duplicate key is an error at any level, however it is written; the rest can still be read', () => {
  expect(parse('{"request_id":"r","a":[{"b":1,"\\u0062":2}]}')).toEqual({
    ok: false,
    error: 'duplicate key "b" at byte 30',
    salvaged: { request_id: 'r', a: [{ b: null }] },
  });
});

test('half a surrogate pair is an error, a whole one is a character', () => {
  expect(parse('"\\ud83d\\ude00"')).toEqual({ ok: true, value: '😀' });
  for (const text of ['"\\ud83d"', '"\\ude00"', '"\\ude00\\ud83d"', '"\\ud83dx"', '{"\\ud83d":1}']) {
    expect(parse(text)).toMatchObject({ ok: false, error: expect.stringContaining('half a surrogate pair') });
  }
});

test('nesting is bounded', () => {
  const nested = (levels: number) => parse('['.repeat(levels) + ']'.repeat(levels));
  expect(nested(MAX_DEPTH).ok).toBe(true);
  expect(nested(MAX_DEPTH + 1)).toMatchObject({
    ok: false,
    error: 'invalid JSON at byte 127: expected at most 127 levels',
  });
  expect(parse('{"a":'.repeat(100_000))).toMatchObject({ ok: false });
});

test('__proto__ is a key like any other', () => {
  const parsed = parse('{"__proto__":{"polluted":1},"constructor":2}');
  expect(parsed.ok && Object.keys(parsed.value ?? {})).toEqual(['__proto__', 'constructor']);
  expect(({} as Record<string, unknown>).polluted).toBeUndefined();
});
