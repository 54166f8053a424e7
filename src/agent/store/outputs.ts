/**
 * What scripts print, as it is stored. Invariants: it goes with the row that ends its run, in one transaction; but a large output
 * in a commit of its own before, as 17 MiB at once would hold the event loop for longer than anything may. A run that has ended is
 * not changed. What a process that was interrupted leaves belongs to a run that is open, and whoever ends that replaces it.
 */
import type { Database, Statement } from 'better-sqlite3';
import { loopTurn } from '../../base/loop-turn.ts';
import type { RunId } from '../../shared/ids.ts';
import { wholeEnd } from '../../shared/whole-characters.ts';
import type { GroupCommit } from './group-commit.ts';

const LARGE_CHARS = 256 * 1024;
const MAX_BYTES_PER_CHAR = 3;

const STREAMS = ['stdout', 'stderr'] as const;
type Stream = (typeof STREAMS)[number];
type Outputs = Readonly<Record<Stream, CapturedText>>;

/** One stream of a script, or the script itself, as it is kept. */
export interface StoredOutput {
  readonly text: string;
  /** All bytes that the script wrote, kept or not. */
  readonly totalBytes: number;
  /** Whether something is left out of `text`. */
  readonly cut: boolean;
}

/** The same on its way into the store and into a result. */
export interface CapturedText extends StoredOutput {
  /** Of `text` in UTF-8, where that is known. */
  readonly textBytes?: number;
}

export const NO_TEXT: CapturedText = { text: '', totalBytes: 0, cut: false };

export class OutputWriter {
  readonly #db: Database;
  readonly #group: GroupCommit;
  readonly #put: Statement;
  readonly #putLarge: Statement;
  readonly #drop: Statement;
  #last: Promise<unknown> = Promise.resolve();

  constructor(db: Database, group: GroupCommit) {
    this.#db = db;
    this.#group = group;
    this.#put = db.prepare(
      'INSERT OR REPLACE INTO outputs (run, stream, body, total_bytes, cut) VALUES (?, ?, ?, ?, ?)',
    );
    this.#putLarge = db.prepare(`
      INSERT OR REPLACE INTO outputs (run, stream, body, total_bytes, cut)
      SELECT run, ?, CAST(? AS TEXT), ?, ? FROM runs WHERE run = ? AND state <> 'finished'`);
    this.#drop = db.prepare('DELETE FROM outputs WHERE run = ? AND stream = ?');
  }

  /** Before the end: what of it is large. */
  async putLarge(run: RunId, outputs: Outputs): Promise<void> {
    for (const stream of STREAMS) if (isLarge(outputs[stream])) await this.#inTurn(run, stream, outputs[stream]);
  }

  /** With the end, in its transaction: the rest. */
  putRest(run: RunId, outputs: Outputs): void {
    for (const stream of STREAMS) {
      const { text, totalBytes, cut } = outputs[stream];
      if (totalBytes === 0) this.#drop.run(run, stream);
      else if (!isLarge(outputs[stream])) this.#put.run(run, stream, text, totalBytes, cut ? 1 : 0);
    }
  }

  /** One after the other, of whatever run: memory and WAL hold one of them at a time. */
  #inTurn(run: RunId, stream: Stream, output: CapturedText): Promise<void> {
    const done = this.#last.then(() => this.#putOne(run, stream, output));
    this.#last = done.catch(() => {});
    return done;
  }

  async #putOne(run: RunId, stream: Stream, { text, textBytes, totalBytes, cut }: CapturedText): Promise<void> {
    const body = await inUtf8(text, textBytes);
    this.#checkpoint();
    await loopTurn();
    await this.#group.submit(() => void this.#putLarge.run(stream, body, totalBytes, cut ? 1 : 0, run));
  }

  /** Now, or SQLite would do it in the midst of the commit, for this and for what came before. */
  #checkpoint(): void {
    try {
      this.#db.pragma('wal_checkpoint(PASSIVE)');
    } catch {
      // For want of room; what is in the WAL is stored all the same.
    }
  }
}

function isLarge({ text }: CapturedText): boolean {
  return text.length > LARGE_CHARS;
}

/** In pieces, as the whole would take long. */
async function inUtf8(text: string, textBytes = text.length * MAX_BYTES_PER_CHAR): Promise<Buffer> {
  const bytes = Buffer.allocUnsafeSlow(textBytes);
  let length = 0;
  for (let from = 0; from < text.length; ) {
    const end = wholeEnd(text, from + LARGE_CHARS);
    length += bytes.write(text.slice(from, end), length);
    from = end;
    await loopTurn();
  }
  return bytes.subarray(0, length);
}
