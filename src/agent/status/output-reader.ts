/**
 * One stored output as it is read on a screen: in rows, as plain text, from any place on, and searched as a whole. Invariants: no
 * step takes more than some ms of the agent's one thread; of an account, whatever number of calls it makes at once, one output is
 * held, up to a minute after it was read; a slow account holds up no other.
 */
import type { Result } from '../../shared/contract.ts';
import { occurrences } from '../../shared/occurrences.ts';
import { MAX_OUTPUT_PLACES, MAX_OUTPUT_ROW_CHARS } from '../../shared/output-limits.ts';
import { readableText } from '../../shared/terminal-text.ts';
import { wholeEnd } from '../../shared/whole-characters.ts';
import type { Turn } from './account-share.ts';
import { outputSlice } from './output-slice.ts';
import type { StoredOutput } from './ports.ts';
import { sizeOf } from './views.ts';

const KEPT_MS = 60_000;
/** So much text is made readable, or searched, between two turns of the loop. */
const STEP_CHARS = 128 * 1024;
/** Of one answer, as JSON: below the largest frame with room for the rest. */
const MAX_ANSWER_BYTES = 512 * 1024;

interface Rows {
  readonly text: string;
  /** Where each row begins; a line that is too long for a row goes on in the next. */
  readonly starts: readonly number[];
}

interface Held {
  readonly key: string;
  readonly output: StoredOutput;
  /** Made when somebody asks for them. */
  rows: Promise<Rows> | null;
}

/** One for each account that was ever served. */
export class OutputReaders {
  readonly #readers = new Map<string, OutputReader>();

  of(account: string): OutputReader {
    const known = this.#readers.get(account);
    if (known !== undefined) return known;
    const reader = new OutputReader();
    this.#readers.set(account, reader);
    return reader;
  }
}

/** Of one account. One call is at work at a time: the next one begins when that has let go of its output. */
export class OutputReader {
  #held: Held | null = null;
  #timer: NodeJS.Timeout | undefined;
  #calls: Promise<unknown> | null = null;

  /** `key` names what `load` loads: the same key is the same text. See {@link outputSlice}. */
  slice(
    key: string,
    load: () => StoredOutput,
    { offsetChars, limitChars }: { readonly offsetChars: number; readonly limitChars: number },
    turn: Turn,
  ): Promise<Result<'runs.output'>> {
    return this.#alone(turn, () => outputSlice(this.#open(key, load).output, offsetChars, limitChars));
  }

  /** At most `count` rows from `fromRow` on, fewer where they are long. */
  rows(
    key: string,
    load: () => StoredOutput,
    place: { readonly fromRow: number; readonly count: number },
    turn: Turn,
  ): Promise<Result<'runs.outputRows'>> {
    return this.#alone(turn, () => rowsFrom(this.#open(key, load), place, turn));
  }

  /** Where `search` occurs, capital and small letters alike: how often, and the first places. */
  search(key: string, load: () => StoredOutput, search: string, turn: Turn): Promise<Result<'runs.outputSearch'>> {
    return this.#alone(turn, () => placesOf(this.#open(key, load), search, turn));
  }

  /** After the calls before; how they ended is theirs. */
  async #alone<T>(turn: Turn, work: () => T | Promise<T>): Promise<T> {
    const before = this.#calls;
    const call = (async () => {
      if (before !== null) {
        await before.catch(() => {});
        await turn();
      }
      return work();
    })();
    this.#calls = call;
    try {
      return await call;
    } finally {
      if (this.#calls === call) this.#calls = null;
    }
  }

  #open(key: string, load: () => StoredOutput): Held {
    let held = this.#held;
    if (held?.key !== key) {
      // Not both at once.
      this.#held = null;
      held = { key, output: load(), rows: null };
      this.#held = held;
    }
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#held = null;
    }, KEPT_MS);
    this.#timer.unref();
    return held;
  }
}

async function rowsFrom(
  held: Held,
  { fromRow, count }: { readonly fromRow: number; readonly count: number },
  turn: Turn,
): Promise<Result<'runs.outputRows'>> {
  const { text, starts } = await rowsOnce(held, turn);
  const found: string[] = [];
  let bytes = 0;
  for (let row = fromRow; row < Math.min(starts.length, fromRow + count); row++) {
    const shown = rowText(text, starts, row);
    bytes += Buffer.byteLength(JSON.stringify(shown)) + 1;
    if (bytes > MAX_ANSWER_BYTES && found.length > 0) break;
    found.push(shown);
  }
  return { rows: found, totalRows: starts.length, size: sizeOf(held.output) };
}

async function placesOf(held: Held, search: string, turn: Turn): Promise<Result<'runs.outputSearch'>> {
  const { text, starts } = await rowsOnce(held, turn);
  const places: { row: number; column: number }[] = [];
  let total = 0;
  let row = 0;
  let next = 0;
  for (let from = 0; from < text.length; from += STEP_CHARS) {
    for (const place of occurrences(text.slice(from, from + STEP_CHARS + search.length - 1), search)) {
      const at = from + place;
      // Found from the step before, up to here.
      if (at < next) continue;
      next = at + search.length;
      total += 1;
      if (places.length >= MAX_OUTPUT_PLACES) continue;
      while ((starts[row + 1] ?? Number.POSITIVE_INFINITY) <= at) row += 1;
      places.push({ row, column: at - (starts[row] ?? 0) });
    }
    await turn();
  }
  return { total, places };
}

function rowsOnce(held: Held, turn: Turn): Promise<Rows> {
  held.rows ??= rowsOf(held.output.text, turn);
  return held.rows;
}

async function rowsOf(stored: string, turn: Turn): Promise<Rows> {
  const pieces: string[] = [];
  const starts: number[] = [];
  let length = 0;
  let atLineStart = true;
  for (let from = 0; from < stored.length; ) {
    const to = stepEnd(stored, from);
    const piece = readableText(stored.slice(from, to));
    from = to;
    for (let at = 0; at < piece.length; ) {
      const newline = piece.indexOf('\n', at);
      const end = newline === -1 ? piece.length : newline;
      if (atLineStart && end === at) starts.push(length + at);
      for (let row = at; row < end; row = wholeEnd(piece, Math.min(end, row + MAX_OUTPUT_ROW_CHARS))) {
        starts.push(length + row);
      }
      atLineStart = newline !== -1;
      at = newline === -1 ? piece.length : newline + 1;
    }
    pieces.push(piece);
    length += piece.length;
    await turn();
  }
  return { text: pieces.join(''), starts };
}

/** After a line end where there is one; a line without an end is cut, and may show a control sequence that lies there. */
function stepEnd(text: string, from: number): number {
  if (from + STEP_CHARS >= text.length) return text.length;
  const newline = text.lastIndexOf('\n', from + STEP_CHARS);
  return newline > from ? newline + 1 : wholeEnd(text, from + STEP_CHARS);
}

function rowText(text: string, starts: readonly number[], row: number): string {
  const from = starts[row] ?? text.length;
  const end = starts[row + 1] ?? text.length;
  return text.slice(from, text[end - 1] === '\n' ? end - 1 : end);
}
