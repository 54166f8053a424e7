/**
 * When scripts end: the last act of each is to write its name into a named pipe that we read. Writing it is a builtin of the
 * shell, so it starts no process of its own; the shell itself is gone some tens of microseconds later.
 */
import { execFileSync } from 'node:child_process';
import { closeSync, constants, openSync } from 'node:fs';
import { Socket } from 'node:net';
import { within } from './waiting.ts';

export class ScriptEnds {
  readonly #path: string;
  readonly #socket: Socket;
  readonly #atMs = new Map<string, number>();
  #check: (() => void) | null = null;
  #rest = '';

  /** @param path where the named pipe is made */
  constructor(path: string) {
    execFileSync('mkfifo', ['-m', '600', path]);
    this.#path = path;
    // Open for both, so that it never reads as ended between two scripts.
    const fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
    try {
      this.#socket = new Socket({ fd, readable: true, writable: false });
    } catch (error) {
      closeSync(fd);
      throw error;
    }
    this.#socket.setEncoding('utf8').on('data', (text) => this.#read(String(text)));
  }

  /** The last line of a script that is to be seen ending. */
  mark(name: string): string {
    return `echo ${name} >${this.#path}`;
  }

  /** The same for PowerShell: a named pipe is no file that it can append to. */
  powershellMark(name: string): string {
    const bytes = [...Buffer.from(`${name}\n`)].join(',');
    return `$f=[IO.FileStream]::new('${this.#path}','Open','Write');$f.Write([byte[]](${bytes}),0,${name.length + 1});$f.Dispose()`;
  }

  /** When the script called `name` ended (`performance.now()`). */
  async ended(name: string, timeoutMs: number, signal: AbortSignal): Promise<number> {
    const there = this.#atMs.get(name);
    if (there !== undefined) return there;
    const arrived = new Promise<number>((resolve) => {
      this.#check = () => {
        const atMs = this.#atMs.get(name);
        if (atMs !== undefined) resolve(atMs);
      };
    });
    try {
      return await within(arrived, `the end of the script ${name}`, timeoutMs, signal);
    } finally {
      this.#check = null;
    }
  }

  close(): void {
    this.#socket.destroy();
  }

  #read(text: string): void {
    const nowMs = performance.now();
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) this.#atMs.set(line, nowMs);
    this.#check?.();
  }
}
