/**
 * A strict JSON parser for what comes from the wire. It keeps what `JSON.parse` loses and a decoder must see: duplicate
 * keys, integers beyond 2^53, and whether a number was written as an integer (protocol §3: `5.0` is no count). Bounded in
 * depth; never throws.
 */
import { JsonDecimal, type JsonObject, type JsonValue } from './json-value.ts';

export type ParsedJson =
  | { readonly ok: true; readonly value: JsonValue }
  /**
   * `salvaged`: the value of a text that is JSON but for duplicate keys (null in it) or lone surrogates (U+FFFD in it), so
   * that who sent it can still be told; null for anything worse.
   */
  | { readonly ok: false; readonly error: string; readonly salvaged: JsonValue };

/** Deeper nesting is refused, as by the fleet's own decoder. */
export const MAX_DEPTH = 127;
/** No number type of the wire has more; it bounds the cost of a bigint. */
const MAX_DIGITS = 309;

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Parses one JSON text in UTF-8. `error` says what was expected and at which byte. */
export function parseJson(body: Uint8Array): ParsedJson {
  let text: string;
  try {
    text = utf8.decode(body);
  } catch {
    return { ok: false, error: `invalid UTF-8 at byte ${validUtf8Bytes(body)}`, salvaged: null };
  }
  return new Parser(text).parse();
}

/** How many bytes at the start are valid UTF-8, a cut-off last character included. */
function validUtf8Bytes(body: Uint8Array): number {
  let low = 0;
  let high = body.length;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    try {
      new TextDecoder('utf-8', { fatal: true }).decode(body.subarray(0, middle), { stream: true });
      low = middle;
    } catch {
      high = middle - 1;
    }
  }
  return low;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const MINUS = 0x2d;
const DOT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;

/** Recursive descent over the text. A method that returns undefined has failed, and `#error` says why. */
class Parser {
  readonly #text: string;
  #pos = 0;
  #error = '';
  /** What is wrong with a text that is JSON nevertheless. */
  #flaw = '';

  constructor(text: string) {
    this.#text = text;
  }

  parse(): ParsedJson {
    const value = this.#value(0);
    if (value === undefined) return { ok: false, error: this.#error, salvaged: null };
    this.#white();
    if (this.#pos < this.#text.length) {
      this.#fail('the end');
      return { ok: false, error: this.#error, salvaged: null };
    }
    return this.#flaw === '' ? { ok: true, value } : { ok: false, error: this.#flaw, salvaged: value };
  }

  #value(depth: number): JsonValue | undefined {
    this.#white();
    const code = this.#text.charCodeAt(this.#pos);
    if (code === QUOTE) return this.#string();
    if (code === MINUS || (code >= ZERO && code <= NINE)) return this.#number();
    switch (this.#text[this.#pos] ?? '') {
      case '{':
        return this.#object(depth + 1);
      case '[':
        return this.#array(depth + 1);
      case 't':
        return this.#word('true', true);
      case 'f':
        return this.#word('false', false);
      case 'n':
        return this.#word('null', null);
      default:
        return this.#fail('a value');
    }
  }

  #object(depth: number): JsonObject | undefined {
    if (depth > MAX_DEPTH) return this.#fail(`at most ${MAX_DEPTH} levels`);
    this.#pos += 1;
    const object: Record<string, JsonValue> = Object.create(null);
    if (this.#closes('}')) return object;
    for (;;) {
      this.#white();
      const keyAt = this.#pos;
      if (this.#text.charCodeAt(keyAt) !== QUOTE) return this.#fail('a key in quotes');
      const key = this.#string();
      if (key === undefined) return undefined;
      this.#white();
      if (this.#text.charCodeAt(this.#pos) !== COLON) return this.#fail('":"');
      this.#pos += 1;
      const value = this.#value(depth);
      if (value === undefined) return undefined;
      if (key in object) {
        this.#flaw ||= `duplicate key ${JSON.stringify(key.slice(0, 64))} at byte ${this.#byteOffset(keyAt)}`;
        object[key] = null;
      } else object[key] = value;
      if (this.#closes('}')) return object;
      if (this.#text.charCodeAt(this.#pos) !== COMMA) return this.#fail('"," or "}"');
      this.#pos += 1;
    }
  }

  #array(depth: number): readonly JsonValue[] | undefined {
    if (depth > MAX_DEPTH) return this.#fail(`at most ${MAX_DEPTH} levels`);
    this.#pos += 1;
    const array: JsonValue[] = [];
    if (this.#closes(']')) return array;
    for (;;) {
      const value = this.#value(depth);
      if (value === undefined) return undefined;
      array.push(value);
      if (this.#closes(']')) return array;
      if (this.#text.charCodeAt(this.#pos) !== COMMA) return this.#fail('"," or "]"');
      this.#pos += 1;
    }
  }

  #closes(bracket: string): boolean {
    this.#white();
    if (this.#text[this.#pos] !== bracket) return false;
    this.#pos += 1;
    return true;
  }

  #string(): string | undefined {
    const text = this.#text;
    const start = this.#pos;
    let escaped = false;
    for (let at = start + 1; ; ) {
      const code = text.charCodeAt(at);
      if (code === QUOTE) {
        this.#pos = at + 1;
        return escaped ? this.#unescaped(start) : text.slice(start + 1, at);
      }
      if (code === BACKSLASH) {
        escaped = true;
        at += 2;
      } else if (code >= 0x20) at += 1;
      else {
        // A control character; or past the end, where the code is NaN.
        this.#pos = Math.min(at, text.length);
        return this.#fail('the closing quote');
      }
    }
  }

  /** The string that ends here, by the engine's own parser: it is by far the fastest at escapes, and as strict. */
  #unescaped(start: number): string | undefined {
    let value: string;
    try {
      value = JSON.parse(this.#text.slice(start, this.#pos)) as string;
    } catch {
      this.#pos = start;
      return this.#fail('a string without unknown escapes');
    }
    if (value.isWellFormed()) return value;
    this.#flaw ||= `half a surrogate pair in the string at byte ${this.#byteOffset(start)}`;
    return value.toWellFormed();
  }

  #number(): JsonValue | undefined {
    const text = this.#text;
    const start = this.#pos;
    const negative = text.charCodeAt(start) === MINUS;
    const firstDigit = negative ? start + 1 : start;
    let at = this.#digits(firstDigit);
    const digits = at - firstDigit;
    if (digits === 0 || (digits > 1 && text.charCodeAt(firstDigit) === ZERO)) return this.#fail('a number');
    let whole = true;
    if (text.charCodeAt(at) === DOT) {
      whole = false;
      const end = this.#digits(at + 1);
      if (end === at + 1) return this.#fail('a number');
      at = end;
    }
    if (text[at] === 'e' || text[at] === 'E') {
      whole = false;
      const sign = text[at + 1] === '+' || text[at + 1] === '-' ? 2 : 1;
      const end = this.#digits(at + sign);
      if (end === at + sign) return this.#fail('a number');
      at = end;
    }
    const value = Number(text.slice(start, at));
    if (!Number.isFinite(value) || (whole && digits > MAX_DIGITS)) return this.#fail('a number in range');
    this.#pos = at;
    if (!whole || Object.is(value, -0)) return new JsonDecimal(value);
    return Number.isSafeInteger(value) ? value : BigInt(text.slice(start, at));
  }

  /** The position after the digits that begin at `at`. */
  #digits(at: number): number {
    let end = at;
    for (let code = this.#text.charCodeAt(end); code >= ZERO && code <= NINE; ) code = this.#text.charCodeAt(++end);
    return end;
  }

  #word<T extends boolean | null>(word: string, value: T): T | undefined {
    if (!this.#text.startsWith(word, this.#pos)) return this.#fail('a value');
    this.#pos += word.length;
    return value;
  }

  #white(): void {
    for (;;) {
      const code = this.#text.charCodeAt(this.#pos);
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return;
      this.#pos += 1;
    }
  }

  #fail(expected: string): undefined {
    const found = this.#pos < this.#text.length ? '' : ', found the end';
    this.#error = `invalid JSON at byte ${this.#byteOffset(this.#pos)}: expected ${expected}${found}`;
    return undefined;
  }

  #byteOffset(pos: number): number {
    return Buffer.byteLength(this.#text.slice(0, pos));
  }
}
