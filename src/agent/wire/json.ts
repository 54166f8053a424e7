/**
 * JSON as the fleet's other members read it: fatal UTF-8, no duplicate keys, no lone surrogates, bounded depth, integers
 * kept apart from `5.0` and exact beyond 2^53 (protocol §3). `JSON.parse` lets all of that through without a word.
 */

/** A number that was written with a fraction or an exponent. */
export class JsonFloat {
  readonly value: number;
  constructor(value: number) {
    this.value = value;
  }
}

export type JsonValue = null | boolean | number | bigint | string | JsonFloat | JsonValue[] | JsonObject;
/** Without a prototype, so that a key such as `__proto__` is a key. */
export type JsonObject = { [key: string]: JsonValue };

export type ParsedJson =
  | { readonly ok: true; readonly value: JsonValue }
  | { readonly ok: false; readonly error: string };

const MAX_DEPTH = 127;
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Parses one document. The error names what is wrong and at which character. */
export function parseJson(body: Uint8Array): ParsedJson {
  let text: string;
  try {
    text = decoder.decode(body);
  } catch {
    return { ok: false, error: 'not valid UTF-8' };
  }
  return parseJsonText(text);
}

export function parseJsonText(text: string): ParsedJson {
  const parser = new Parser(text);
  try {
    return { ok: true, value: parser.document() };
  } catch (error) {
    if (error instanceof JsonFault) return { ok: false, error: error.message };
    throw error;
  }
}

export function isJsonObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof JsonFloat);
}

class JsonFault extends Error {}

const NUMBER = /-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?/y;
const SPACE = /[ \t\n\r]*/y;

class Parser {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  document(): JsonValue {
    const value = this.#value(0);
    this.#space();
    if (this.#at < this.#text.length) throw this.#fault('nothing more');
    return value;
  }

  #fault(expected: string): JsonFault {
    const found = this.#at < this.#text.length ? `at character ${this.#at}` : 'at the end';
    return new JsonFault(`not valid JSON: expected ${expected} ${found}`);
  }

  #space(): void {
    const code = this.#text.charCodeAt(this.#at);
    if (code > 32 || Number.isNaN(code)) return;
    SPACE.lastIndex = this.#at;
    SPACE.test(this.#text);
    this.#at = SPACE.lastIndex;
  }

  #value(depth: number): JsonValue {
    this.#space();
    const char = this.#text[this.#at];
    switch (char) {
      case '{':
        return this.#object(depth + 1);
      case '[':
        return this.#array(depth + 1);
      case '"':
        return this.#string();
      case 't':
        return this.#word('true', true);
      case 'f':
        return this.#word('false', false);
      case 'n':
        return this.#word('null', null);
      default:
        return this.#number();
    }
  }

  #word<T>(word: string, value: T): T {
    if (!this.#text.startsWith(word, this.#at)) throw this.#fault('a value');
    this.#at += word.length;
    return value;
  }

  #number(): number | bigint | JsonFloat {
    NUMBER.lastIndex = this.#at;
    const match = NUMBER.exec(this.#text);
    if (match === null) throw this.#fault('a value');
    this.#at = NUMBER.lastIndex;
    const [digits, fraction, exponent] = match;
    if (fraction !== undefined || exponent !== undefined) return new JsonFloat(Number(digits));
    const value = Number(digits);
    if (Number.isSafeInteger(value)) return value === 0 ? 0 : value;
    return BigInt(digits);
  }

  #string(): string {
    const start = this.#at + 1;
    // Mostly there is no escape: then the rest of the string is found in one step.
    const end = this.#text.indexOf('"', start);
    if (end < 0) throw this.#fault('the end of a string');
    let close = end;
    let escaped = false;
    for (let slash = this.#text.indexOf('\\', start); slash >= 0 && slash < close; ) {
      escaped = true;
      if (slash + 1 === close) {
        close = this.#text.indexOf('"', close + 1);
        if (close < 0) throw this.#fault('the end of a string');
      }
      slash = this.#text.indexOf('\\', slash + 2);
    }
    const raw = this.#text.slice(start, close);
    const value = this.#unescaped(raw, start, escaped);
    this.#at = close + 1;
    return value;
  }

  #unescaped(raw: string, start: number, escaped: boolean): string {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: raw control characters are what JSON forbids
    const control = raw.search(/[\u0000-\u001f]/);
    if (control >= 0) {
      this.#at = start + control;
      throw this.#fault('no raw control character');
    }
    if (!escaped) return raw;
    let value: string;
    try {
      value = JSON.parse(`"${raw}"`) as string;
    } catch {
      throw this.#fault('a known escape');
    }
    if (!value.isWellFormed()) throw this.#fault('no lone surrogate');
    return value;
  }

  #array(depth: number): JsonValue[] {
    this.#deeper(depth);
    const values: JsonValue[] = [];
    this.#at += 1;
    this.#space();
    if (this.#take(']')) return values;
    for (;;) {
      values.push(this.#value(depth));
      this.#space();
      if (this.#take(']')) return values;
      if (!this.#take(',')) throw this.#fault('"," or "]"');
    }
  }

  #object(depth: number): JsonObject {
    this.#deeper(depth);
    const object = Object.create(null) as JsonObject;
    this.#at += 1;
    this.#space();
    if (this.#take('}')) return object;
    for (;;) {
      this.#space();
      if (this.#text[this.#at] !== '"') throw this.#fault('a key');
      const key = this.#string();
      if (key in object) throw new JsonFault(`duplicate field "${key}"`);
      this.#space();
      if (!this.#take(':')) throw this.#fault('":"');
      object[key] = this.#value(depth);
      this.#space();
      if (this.#take('}')) return object;
      if (!this.#take(',')) throw this.#fault('"," or "}"');
    }
  }

  #deeper(depth: number): void {
    if (depth > MAX_DEPTH) throw this.#fault(`at most ${MAX_DEPTH} levels`);
  }

  #take(char: string): boolean {
    if (this.#text[this.#at] !== char) return false;
    this.#at += 1;
    return true;
  }
}
