/**
 * A program that we start, may start again, and end. Invariant: it is in a process group of its own, so a Ctrl-C at the terminal
 * reaches us alone and we decide what ends first; and it never outlives an orderly end of ours.
 */
import { once } from 'node:events';

const KEPT_LOG_CHARS = 16_000;

export class ChildProgram {
  #launch;
  #stopMs;
  /** @type {import('node:child_process').ChildProcess | undefined} */
  #child;
  #log = '';
  #stopping = false;
  /** @type {() => void} */
  #onDeath = () => {};

  /**
   * Resolves when it ends without being asked to.
   * @type {Promise<void>}
   */
  died = new Promise((resolve) => {
    this.#onDeath = resolve;
  });

  /**
   * @param {() => import('node:child_process').ChildProcess} launch detached, its standard streams as pipes
   * @param {number} stopMs how long its own orderly end may take
   */
  constructor(launch, stopMs) {
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

  /** @param {NodeJS.Signals} signal */
  async end(signal) {
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
