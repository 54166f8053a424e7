/**
 * Whoever runs a statement of the store and meets a page that is damaged, or that the disk does not give: it is told in one place
 * (architecture §6). Invariant: what could not be read is read again here, wherever it was met and whether or not somebody asks for it
 * once more. One error of the disk is no damage; a page that it does not give for {@link UNREAD_FOR_MS} is.
 */
import type { Database } from 'better-sqlite3';
import { errorText } from '../../base/logger.ts';
import { isCorrupt, isUnreadable, UNREAD_FOR_MS } from './sqlite-errors.ts';

const REREAD_MS = 1_000;
/** Where the disk is away, everything fails: some of it is enough to tell when it is back. */
const REREADS_MAX = 4;

/** When to read again; absent: every second, for {@link UNREAD_FOR_MS}. */
export interface Rereads {
  readonly everyMs: number;
  readonly forMs: number;
}

interface Unread {
  readonly again: () => unknown;
  readonly text: string;
  leftMs: number;
}

export class DamageWatch {
  readonly #db: Database;
  readonly #onDamage: (what: string) => void;
  readonly #rereads: Rereads;
  readonly #exec: (sql: string) => unknown;
  /** By what has failed: what it is called with may change from try to try. */
  readonly #unread = new Map<unknown, Unread>();
  #timer: NodeJS.Timeout | undefined;

  /** From here on `onDamage` hears of whatever fails on a damaged page of `db`, besides the one who asked for it. */
  constructor(
    db: Database,
    onDamage: (what: string) => void,
    rereads: Rereads = { everyMs: REREAD_MS, forMs: UNREAD_FOR_MS },
  ) {
    this.#db = db;
    this.#onDamage = onDamage;
    this.#rereads = rereads;
    this.#exec = db.exec.bind(db);
    this.#watch(db, 'exec', (work) => this.#undone(work));
    this.#watch(db, 'pragma', (work) => work());
    this.#watch(
      db,
      'prepare',
      (work) => work(),
      (prepared) => {
        const statement = prepared as ReturnType<typeof db.prepare>;
        const begins = /^\s*BEGIN\b/i.test(statement.source);
        const inReread = (work: () => unknown) => (begins ? this.#begun(work) : this.#undone(work));
        for (const name of ['run', 'get', 'all'] as const) this.#watch(statement, name, inReread);
      },
    );
  }

  /** A read whose errors are not those of a statement. Gives what it gives, and throws what it throws. */
  read<T>(what: string, read: () => T): T {
    try {
      return read();
    } catch (error) {
      this.#failed(what, error, `${what}: ${errorText(error)}`, read);
      throw error;
    }
  }

  /** Nothing is read again from here on. */
  close(): void {
    clearInterval(this.#timer);
    this.#unread.clear();
  }

  #watch<T extends object>(
    target: T,
    name: keyof T,
    inReread: (work: () => unknown) => unknown,
    onResult: (result: unknown) => unknown = () => {},
  ): void {
    const method = target[name];
    if (typeof method !== 'function') return;
    const call: (...args: unknown[]) => unknown = method.bind(target);
    const value = (...args: unknown[]) => {
      try {
        const result = call(...args);
        onResult(result);
        return result;
      } catch (error) {
        this.#failed(call, error, errorText(error), () => inReread(() => call(...args)));
        throw error;
      }
    };
    Object.defineProperty(target, name, { value });
  }

  #failed(what: unknown, error: unknown, text: string, again: () => unknown): void {
    if (isCorrupt(error)) this.#onDamage(text);
    if (!isUnreadable(error) || this.#unread.has(what) || this.#unread.size >= REREADS_MAX) return;
    this.#unread.set(what, { again, text, leftMs: this.#rereads.forMs });
    this.#timer ??= setInterval(() => this.#readAgain(), this.#rereads.everyMs).unref();
  }

  /** One that can't be read yet is enough: a disk that fails may take long for each. */
  #readAgain(): void {
    for (const [what, unread] of this.#unread) {
      const beganAtMs = performance.now();
      const error = errorOf(unread.again);
      if (isUnreadable(error)) {
        unread.leftMs -= this.#rereads.everyMs + performance.now() - beganAtMs;
        if (unread.leftMs > 0) return;
      }
      this.#unread.delete(what);
      if (isUnreadable(error) || isCorrupt(error)) this.#onDamage(unread.text);
    }
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** A transaction is begun within none. */
  #begun(work: () => unknown): void {
    work();
    this.#exec('ROLLBACK');
  }

  /** A write, too, may have met the page; what it writes is taken back. */
  #undone(work: () => unknown): void {
    this.#exec('SAVEPOINT reread');
    try {
      work();
    } finally {
      if (this.#db.inTransaction) this.#exec('ROLLBACK TO reread; RELEASE reread');
    }
  }
}

function errorOf(work: () => unknown): unknown {
  try {
    work();
    return null;
  } catch (error) {
    return error;
  }
}
