/**
 * A program that we start, may start again, and end. Invariant: it is in a process group of its own, so a Ctrl-C at the terminal
 * reaches us alone and we decide what ends first; and it never outlives an orderly end of ours.
 */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';

const KEPT_LOG_CHARS = 16_000;

export class ChildProgram {
  #launch;
  #stopMs;
  #child: ChildProcess | undefined;
  #log = '';
  #stopping = false;
  #onDeath: () => void = () => {};

  /** Resolves when it ends without being asked to. */
  died = new Promise<void>((resolve) => {
    this.#onDeath = resolve;
  });

  /**
   * @param launch detached, its standard streams as pipes
   * @param stopMs how long its own orderly end may take
   */
  constructor(launch: () => ChildProcess, stopMs: number) {
    this.#launch = launch;
    this.#stopMs = stopMs;
  }

  #onExit = () => void this.#child?.kill('SIGKILL');

  /** The end of what it wrote. */
  get log() {
    return this.#log;
  }

  get running() {
    return this.#child !== undefined;
  }

  /** Starts it, or starts it again. */
  start() {
    this.#stopping = false;
    const child = this.#launch();
    this.#child = child;
    process.on('exit', this.#onExit);
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text) => {
        this.#log = (this.#log + text).slice(-KEPT_LOG_CHARS);
      });
    }
    child.on('error', (error) => {
      this.#log += error.message;
    });
    child.on('close', () => {
      if (this.#child === child) this.#child = undefined;
      process.off('exit', this.#onExit);
      if (!this.#stopping) this.#onDeath();
    });
  }

  /** Ends it in an orderly way. */
  async stop() {
    await this.end('SIGTERM');
  }

  async end(signal: NodeJS.Signals) {
    const child = this.#child;
    this.#stopping = true;
    if (!child) return;
    const closed = once(child, 'close');
    child.kill(signal);
    const timer = setTimeout(() => child.kill('SIGKILL'), this.#stopMs);
    await closed;
    clearTimeout(timer);
  }
}
