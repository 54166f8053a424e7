/**
 * A program that we start, may start again, and end. Invariant: it never outlives an orderly end of ours. One that is launched
 * detached is in a process group of its own: a Ctrl-C at the terminal reaches us alone, and we decide what ends first.
 */
import type { ChildProcess } from 'node:child_process';

const LOG_CHARS = 16_000;

export interface ProcessEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface ManagedOptions {
  /** How long its own orderly end may take. */
  readonly stopMs: number;
  /** What counts as its end: all that it wrote is read, or, where it leaves children with its streams, it has exited. */
  readonly endsAt?: 'close' | 'exit';
  /** So much of the end of what it writes is kept. */
  readonly keptLogChars?: number;
  /** How it is asked for its orderly end; by the signal, if absent. */
  readonly askToEnd?: (child: ChildProcess, signal: NodeJS.Signals) => void;
}

const living = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of living) child.kill('SIGKILL');
});

export class ManagedProcess {
  readonly #launch: () => ChildProcess;
  readonly #options: ManagedOptions;
  #child: ChildProcess | undefined;
  #ended: Promise<ProcessEnd> = Promise.resolve({ code: null, signal: null });
  #death = Promise.withResolvers<void>();
  #hasDied = false;
  #log = '';
  #stopping = false;

  constructor(launch: () => ChildProcess, options: ManagedOptions) {
    this.#launch = launch;
    this.#options = options;
  }

  /** The end of what it wrote to the streams that are pipes. */
  get log(): string {
    return this.#log;
  }

  /** While it runs. */
  get child(): ChildProcess | undefined {
    return this.#child;
  }

  get running(): boolean {
    return this.#child !== undefined;
  }

  /** Resolves when it ends without being asked to; a start after that begins again. */
  get died(): Promise<void> {
    return this.#death.promise;
  }

  /** How it ends, or ended last. */
  get ended(): Promise<ProcessEnd> {
    return this.#ended;
  }

  /** Starts it, or starts it again. */
  start(): ChildProcess {
    if (this.#child) throw new Error('it runs already');
    if (this.#hasDied) this.#death = Promise.withResolvers<void>();
    this.#hasDied = false;
    this.#stopping = false;
    const child = this.#launch();
    const ended = Promise.withResolvers<ProcessEnd>();
    this.#child = child;
    this.#ended = ended.promise;
    living.add(child);
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#log = (this.#log + text).slice(-(this.#options.keptLogChars ?? LOG_CHARS));
      });
    }
    child.on('error', (error) => {
      this.#log += error.message;
    });
    const settle = (code: number | null, signal: NodeJS.Signals | null) => {
      if (!living.delete(child)) return;
      this.#child = undefined;
      ended.resolve({ code, signal });
      if (this.#stopping) return;
      this.#hasDied = true;
      this.#death.resolve();
    };
    // One that could not be started closes without an exit.
    child.on('close', settle);
    if (this.#options.endsAt === 'exit') child.on('exit', settle);
    return child;
  }

  /** Ends it in an orderly way. */
  async stop(): Promise<void> {
    await this.end('SIGTERM');
  }

  /** Ends it as a crash or a power cut would. */
  async kill(): Promise<void> {
    await this.end('SIGKILL');
  }

  /** Sends the signal, and resolves to how it ended; one that does not end in time is killed. */
  async end(signal: NodeJS.Signals): Promise<ProcessEnd> {
    const child = this.#child;
    this.#stopping = true;
    if (!child) return this.#ended;
    if (signal === 'SIGKILL' || this.#options.askToEnd === undefined) child.kill(signal);
    else this.#options.askToEnd(child, signal);
    const timer = setTimeout(() => child.kill('SIGKILL'), this.#options.stopMs);
    try {
      return await this.#ended;
    } finally {
      clearTimeout(timer);
    }
  }
}
