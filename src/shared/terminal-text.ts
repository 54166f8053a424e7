/**
 * What a program has written for a terminal, as plain text: as a terminal would show it in the end, without colours, titles and
 * links, and without anything that acts on whoever reads it. Invariant: a sequence that never ends hides nothing, and what is left
 * of control characters is visible.
 */

const CONTROL = /[\p{Cc}\u200E\u200F\u202A-\u202E\u2066-\u2069]/u;
const ESC = '\u001b';
/** CSI: parameters, intermediates, a final byte (ECMA-48 §5.4). */
const CSI = new RegExp(`(?:${ESC}\\[|\\x9b)([0-?]*)[ -/]*([@-~])`, 'y');
/** OSC, DCS, SOS, PM and APC: a text up to its terminator, of which nothing is shown. */
const STRING = new RegExp(
  `(?:${ESC}[\\]PX^_]|[\\x90\\x98\\x9d-\\x9f])[^\\n\u0007${ESC}\\x9c]{0,4096}(?:\u0007|${ESC}\\\\|\\x9c)`,
  'y',
);
/** Other escape sequences: character sets, keypad modes, and the like. */
const ESCAPE = new RegExp(`${ESC}[ -/]*[0-~]`, 'y');

/** Lines end with `\n`. The result is never longer than the text. */
export function readableText(text: string): string {
  if (!CONTROL.test(text)) return text;
  return text.replaceAll('\r\n', '\n').split('\n').map(readableLine).join('\n');
}

function readableLine(line: string): string {
  if (!CONTROL.test(line)) return line;
  const screen = new Line();
  for (let at = 0; at < line.length; ) {
    const code = line.charCodeAt(at);
    if (code === 0x1b || (code >= 0x80 && code < 0xa0)) {
      const csi = matchAt(CSI, line, at);
      const other = csi ?? matchAt(STRING, line, at) ?? matchAt(ESCAPE, line, at);
      if (other !== null) {
        if (csi !== null) screen.control(csi[2] ?? '', csi[1] ?? '');
        at += other[0].length;
        continue;
      }
    }
    const character = String.fromCodePoint(line.codePointAt(at) ?? 0);
    screen.put(character);
    at += character.length;
  }
  return screen.text;
}

function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}

/** A column is a code point here: what is written over is rarely anything else. */
class Line {
  readonly #cells: string[] = [];
  #column = 0;

  get text(): string {
    return this.#cells.join('');
  }

  put(character: string): void {
    if (character === '\r') this.#column = 0;
    else if (character === '\b') this.#column = Math.max(0, this.#column - 1);
    else {
      this.#cells[this.#column] = pictureOf(character);
      this.#column += 1;
    }
  }

  /** Erasing and moving within the line; all else is colour, or about a screen that there is none of. */
  control(final: string, parameters: string): void {
    const number = Number.parseInt(parameters, 10);
    // Beyond what is written there are no cells.
    const moveTo = (column: number) => {
      this.#column = Math.min(Math.max(0, column), this.#cells.length);
    };
    if (final === 'C') moveTo(this.#column + (number || 1));
    if (final === 'D') moveTo(this.#column - (number || 1));
    if (final === 'G') moveTo((number || 1) - 1);
    if (final === 'K' && (number || 0) === 0) this.#cells.length = Math.min(this.#cells.length, this.#column);
    if (final === 'K' && number === 1) this.#cells.fill(' ', 0, this.#column);
    if (final === 'K' && number === 2) {
      this.#cells.length = 0;
      this.#column = 0;
    }
  }
}

/**
 * U+2400 and on are pictures of the control characters; the tab does what it is for. Marks that turn the direction of writing become
 * visible too: they can make a text read as something else.
 */
function pictureOf(character: string): string {
  if (character === '\t' || !CONTROL.test(character)) return character;
  const code = character.charCodeAt(0);
  if (code < 0x20) return String.fromCharCode(0x2400 + code);
  return code < 0xa0 ? '\u2421' : '\u2426';
}
