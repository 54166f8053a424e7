/**
 * Where each key of a TOML text stands. The parser tells the line of what it can't read, but not of what it read, and a
 * problem in a value must name its line too. The text has been parsed before, so only valid TOML is scanned here.
 */

/** Dotted key → line (from 1) of its assignment or header; keys of inline tables stand under their table's key. */
export type KeyLines = ReadonlyMap<string, number>;

export function keyLines(toml: string): KeyLines {
  const lines = new Map<string, number>();
  const scanner = new Scanner(toml);
  let table: string[] = [];
  while (scanner.toStatement()) {
    const line = scanner.line;
    if (scanner.peek() === '[') {
      table = scanner.header();
      note(lines, table, line);
    } else {
      note(lines, [...table, ...scanner.key('=')], line);
      scanner.skipValue();
    }
  }
  return lines;
}

/** The line of `key`, else of the nearest table around it, else null. */
export function lineOf(lines: KeyLines, key: string): number | null {
  for (let name = key; name !== ''; name = name.slice(0, Math.max(0, name.lastIndexOf('.')))) {
    const line = lines.get(name);
    if (line !== undefined) return line;
  }
  return null;
}

function note(lines: Map<string, number>, path: readonly string[], line: number): void {
  const key = path.join('.');
  if (!lines.has(key)) lines.set(key, line);
}

class Scanner {
  readonly #text: string;
  #at = 0;
  line = 1;

  constructor(text: string) {
    this.#text = text.startsWith('\uFEFF') ? text.slice(1) : text;
  }

  peek(): string {
    return this.#text.charAt(this.#at);
  }

  /** Goes to the next table header or key; false at the end. */
  toStatement(): boolean {
    while (this.#at < this.#text.length) {
      if (this.peek() === '#') this.#skipComment();
      else if (/\s/.test(this.peek())) this.#step();
      else return true;
    }
    return false;
  }

  header(): string[] {
    while (this.peek() === '[') this.#step();
    const path = this.key(']');
    while (this.peek() === ']') this.#step();
    return path;
  }

  /** The parts of a dotted key up to `end`, which is passed over. */
  key(end: string): string[] {
    const parts: string[] = [];
    let part = '';
    while (this.#at < this.#text.length && this.peek() !== end) {
      const char = this.peek();
      if (char === '"' || char === "'") part += this.#string();
      else {
        if (char === '.') {
          parts.push(part);
          part = '';
        } else if (!/\s/.test(char)) part += char;
        this.#step();
      }
    }
    this.#step();
    return [...parts, part];
  }

  /** Passes over a value: to the end of its line, or further where brackets or a string are open. */
  skipValue(): void {
    let depth = 0;
    while (this.#at < this.#text.length) {
      const char = this.peek();
      if (char === '"' || char === "'") this.#string();
      else if (char === '#') this.#skipComment();
      else {
        if (char === '[' || char === '{') depth += 1;
        if (char === ']' || char === '}') depth -= 1;
        this.#step();
        if (char === '\n' && depth === 0) return;
      }
    }
  }

  /** Passes over a string of any of the four kinds; returns what stands between its quotes, escapes as written. */
  #string(): string {
    const quote = this.peek();
    const triple = quote.repeat(3);
    const mark = this.#text.startsWith(triple, this.#at) ? triple : quote;
    const start = this.#at + mark.length;
    this.#step(mark.length);
    while (this.#at < this.#text.length && !this.#text.startsWith(mark, this.#at)) {
      this.#step(quote === '"' && this.peek() === '\\' ? 2 : 1);
    }
    const inner = this.#text.slice(start, this.#at);
    this.#step(mark.length);
    // Up to two quotes may stand right before the closing three.
    while (mark === triple && this.peek() === quote) this.#step();
    return inner;
  }

  #skipComment(): void {
    while (this.#at < this.#text.length && this.peek() !== '\n') this.#step();
  }

  #step(count = 1): void {
    for (let i = 0; i < count; i += 1) {
      if (this.peek() === '\n') this.line += 1;
      this.#at += 1;
    }
  }
}
