/** Seeded damage to messages: the same seed gives the same damage. */
import { nested } from './command-text.ts';

export interface Mutate {
  (message: Uint8Array): Buffer;
  readonly random: () => number;
}

/** Values that readers trip over, as they stand in JSON. */
const VALUES = [
  'null',
  'true',
  '0',
  '-1',
  '5.0',
  '1e3',
  '9007199254740993',
  '9223372036854775808',
  '18446744073709551616',
  '""',
  '"\\u0000"',
  '"\\ud800"',
  '"../x"',
  '"a b"',
  '">"',
  '"*"',
  '"日本語"',
  '[]',
  '{}',
  '[[[[[[[[]]]]]]]]',
  '{"mode":"strict"}',
  '{"mode":"strict","max_cache_age":"-5s"}',
  '"PT5M"',
  '"2026-02-30T00:00:00Z"',
  '"9999-12-31T23:59:59.999999999+14:00"',
];
const SNIPPETS = ['{', '}', '[', ']', '"', ',', ':', '\\', '\\u', '\0', '\n', ' ', 'null', '\ufeff', '"id":', '//'];

const PREFIXES = ['x', ' ', '../', '*', '\\u0000', '\\ud83d\\ude00', '日本', 'x'.repeat(5_000)];
const NAMES = [
  'id',
  'request_id',
  'exec_id',
  'job_id',
  'jitter_secs',
  'deadline_at',
  'cwd',
  'operation',
  'command_kind',
  'script_object',
  'x',
  '__proto__',
];
/** A field's value, and the colon before it. */
const VALUE = /:("(?:[^"\\]|\\.)*"|null|true|false|-?[0-9.]+)/g;

/** Damages a message once or twice. */
export function mutator(random: () => number): Mutate {
  const below = (limit: number) => Math.floor(random() * Math.max(1, limit));
  const oneOf = <T>(items: readonly T[]): T => items[below(items.length)] as T;
  const ways: ((message: Buffer) => Buffer)[] = [
    // A byte changes.
    (message) => {
      const changed = Buffer.from(message);
      if (changed.length > 0) changed[below(changed.length)] = below(256);
      return changed;
    },
    // The end is missing, or a part in the middle.
    (message) => message.subarray(0, below(message.length)),
    (message) => {
      const from = below(message.length);
      return Buffer.concat([message.subarray(0, from), message.subarray(from + below(20))]);
    },
    // A part comes twice.
    (message) => {
      const from = below(message.length);
      const part = message.subarray(from, from + below(60));
      return Buffer.concat([message.subarray(0, from), part, part, message.subarray(from + part.length)]);
    },
    // Something is put in.
    (message) => {
      const at = below(message.length + 1);
      return Buffer.concat([message.subarray(0, at), Buffer.from(oneOf(SNIPPETS)), message.subarray(at)]);
    },
    // The value of a field is another one.
    (message) => replaceNth(message, VALUE, below, () => `:${oneOf(VALUES)}`),
    (message) => replaceNth(message, VALUE, below, () => `:${oneOf(VALUES)}`),
    // A text or a number has become something else of its kind.
    (message) => replaceNth(message, /:"/g, below, () => `:"${oneOf(PREFIXES)}`),
    (message) => replaceNth(message, /:\d/g, below, () => `:${1 + below(9)}${'0'.repeat(below(25))}`),
    // Two values are each other's.
    (message) => swapTwo(message, VALUE, below),
    // A field has another name, or the one of another.
    (message) => replaceNth(message, /"[a-z_]+":/g, below, () => `"${oneOf(NAMES)}":`),
    // There is one field more.
    (message) => replaceNth(message, /\{/g, below, () => `{"${oneOf(NAMES)}":${oneOf(VALUES)},`),
    // It lies deeper, or one of its values does.
    (message) => Buffer.concat([Buffer.from('['.repeat(below(200))), message]),
    (message) => replaceNth(message, VALUE, below, () => `:${nested(oneOf([1, 124, 125, 126, 127, 2_000]))}`),
  ];
  const mutate = (message: Uint8Array): Buffer => {
    let damaged: Buffer = Buffer.from(message);
    for (let left = 1 + below(2); left > 0; left -= 1) damaged = oneOf(ways)(damaged);
    return damaged;
  };
  return Object.assign(mutate, { random });
}

function replaceNth(message: Buffer, what: RegExp, below: (limit: number) => number, by: () => string): Buffer {
  const text = message.toString();
  const found = [...text.matchAll(what)];
  const chosen = found[below(found.length)];
  if (chosen === undefined) return message;
  return Buffer.from(text.slice(0, chosen.index) + by() + text.slice(chosen.index + chosen[0].length));
}

function swapTwo(message: Buffer, what: RegExp, below: (limit: number) => number): Buffer {
  const text = message.toString();
  const found = [...text.matchAll(what)];
  const at = below(found.length - 1);
  const [first, second] = [found[at], found[at + 1 + below(found.length - at - 1)]];
  if (first === undefined || second === undefined) return message;
  const between = text.slice(first.index + first[0].length, second.index);
  const after = text.slice(second.index + second[0].length);
  return Buffer.from(text.slice(0, first.index) + second[0] + between + first[0] + after);
}
