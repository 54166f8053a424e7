/** The output of one run as the agent reads it out: rows from any place, places of a text, and the whole for copies and files. */
import { MAX_OUTPUT_ROWS } from '../../shared/output-limits.ts';
import type { OutputFound, OutputSize } from '../../shared/run-view.ts';
import { readableText } from '../../shared/terminal-text.ts';
import { wholeEnd } from '../../shared/whole-characters.ts';
import type { WindowClient } from './window-client.ts';

export type Stream = 'stdout' | 'stderr' | 'script';

export interface OutputView {
  readonly totalRows: number;
  readonly size: OutputSize;
  /** undefined: not read yet. */
  readonly row: (index: number) => string | undefined;
}

/** Beyond this many rows, those that were looked at longest ago are forgotten. */
const KEPT_BLOCKS = 40;

/** Reads only what is looked at. */
export class OutputRows {
  readonly #client: WindowClient;
  readonly #of: { readonly run: number; readonly stream: Stream };
  readonly #changed: (view: OutputView | 'failed') => void;
  readonly #blocks = new Map<number, (string | undefined)[]>();
  readonly #asking = new Set<number>();
  #closed = false;

  constructor(
    client: WindowClient,
    of: { readonly run: number; readonly stream: Stream },
    changed: (view: OutputView | 'failed') => void,
  ) {
    this.#client = client;
    this.#of = of;
    this.#changed = changed;
  }

  close(): void {
    this.#closed = true;
  }

  async open(): Promise<void> {
    await this.#read(0);
  }

  setVisible(first: number, last: number): void {
    for (let block = blockOf(first); block <= blockOf(last); block++) {
      if (!this.#blocks.has(block)) void this.#read(block);
    }
  }

  async #read(block: number): Promise<void> {
    if (this.#asking.has(block)) return;
    this.#asking.add(block);
    const from = block * MAX_OUTPUT_ROWS;
    const rows: string[] = [];
    for (;;) {
      const left = MAX_OUTPUT_ROWS - rows.length;
      const answer = await this.#client.ask('runs.outputRows', {
        ...this.#of,
        fromRow: from + rows.length,
        count: left,
      });
      if (this.#closed) return;
      if (!answer.ok) {
        this.#asking.delete(block);
        this.#changed('failed');
        return;
      }
      rows.push(...answer.value.rows);
      const { totalRows, size } = answer.value;
      const isWhole = answer.value.rows.length === 0 || from + rows.length >= totalRows;
      if (!isWhole && rows.length < MAX_OUTPUT_ROWS) continue;
      this.#keep(block, rows);
      this.#changed({ totalRows, size, row: (index) => this.#blocks.get(blockOf(index))?.[index % MAX_OUTPUT_ROWS] });
      return;
    }
  }

  #keep(block: number, rows: string[]): void {
    this.#asking.delete(block);
    this.#blocks.set(block, rows);
    for (const oldest of this.#blocks.keys()) {
      if (this.#blocks.size <= KEPT_BLOCKS) break;
      this.#blocks.delete(oldest);
    }
  }
}

function blockOf(row: number): number {
  return Math.floor(row / MAX_OUTPUT_ROWS);
}

/** In the whole output, also where nothing of it is read here; null: that could not be asked. */
export async function findInOutput(
  client: WindowClient,
  of: { readonly run: number; readonly stream: Stream },
  search: string,
): Promise<OutputFound | null> {
  const answer = await client.ask('runs.outputSearch', { ...of, search });
  return answer.ok ? answer.value : null;
}

/** All of it, as it is stored; null where it can't be read. */
export async function wholeOutput(client: WindowClient, run: number, stream: Stream): Promise<string | null> {
  const pieces: string[] = [];
  for (let offsetChars: number | null = 0; offsetChars !== null; ) {
    const answer: Awaited<ReturnType<typeof client.ask<'runs.output'>>> = await client.ask('runs.output', {
      run,
      stream,
      offsetChars,
    });
    if (!answer.ok) return null;
    pieces.push(answer.value.text);
    offsetChars = answer.value.nextOffsetChars;
  }
  return pieces.join('');
}

/** At most as much as fits the clipboard of the app shell with the other stream beside it. */
const MAX_COPIED_CHARS = 400_000;

export interface CopiedOutput {
  readonly text: string;
  /** How many characters in the middle are left out; the text says so too. */
  readonly leftOutChars: number;
}

/** Readable, with its beginning and its end where it is too long for a clipboard. `leftOut` says so in the text. */
export async function outputToCopy(
  client: WindowClient,
  of: { readonly run: number; readonly stream: Stream },
  leftOut: (chars: number) => string,
): Promise<CopiedOutput | null> {
  const whole = await wholeOutput(client, of.run, of.stream);
  return whole === null ? null : shortened(readableText(whole), leftOut);
}

/** Exported for its test. */
export function shortened(text: string, leftOut: (chars: number) => string, maxChars = MAX_COPIED_CHARS): CopiedOutput {
  if (text.length <= maxChars) return { text, leftOutChars: 0 };
  const headEnd = wholeEnd(text, maxChars / 2);
  const tailStart = wholeEnd(text, text.length - maxChars / 2);
  const leftOutChars = tailStart - headEnd;
  const note = `\n[… ${leftOut(leftOutChars)} …]\n`;
  return { text: text.slice(0, headEnd) + note + text.slice(tailStart), leftOutChars };
}
