/**
 * Which processes were started with an assignment in their environment (Linux). Invariant: whatever a process does, the answer comes
 * in a bounded time and takes no more than two threads of Node's pool. The kernel waits for the other process before it shows that
 * (see `posix-proc.ts`; the lock of its memory too, which one that waits for a dead share holds). So our own account's are read here,
 * two at a time, and none is waited for that gives no answer; of other accounts only what may have been started by a script of ours,
 * what is in our own unit (nobody can move into one), is read, each by a program that is ended when it is late.
 */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { waitAtMost } from '../base/waiting.ts';
import { isNoRoom, type ProcStat } from './posix-proc.ts';

export interface Marked {
  readonly pids: ReadonlySet<number>;
  /** Why some could not be read; null: all were. */
  readonly why: string | null;
}

export interface EnvironmentsOptions {
  /** Default: `/proc`. */
  readonly proc?: string;
  /** Default: our own. */
  readonly uid?: number;
  /** What has not answered by then never will. A healthy one needs some 0.1 ms. */
  readonly hungAfterMs?: number;
}

const HUNG_AFTER_MS = 300;
/** Two of the four threads that Node has. */
const AT_A_TIME = 2;
const PROGRAMS_AT_A_TIME = 16;

export class Environments {
  readonly #proc: string;
  readonly #uid: number | undefined;
  readonly #hungAfterMs: number;
  /** Processes that give no answer. Each keeps a place. */
  readonly #hung = new Set<string>();
  readonly #waiting: ((place: boolean) => void)[] = [];
  #places = AT_A_TIME;
  #unit: string | null | undefined;

  constructor({ proc = '/proc', uid = process.geteuid?.(), hungAfterMs = HUNG_AFTER_MS }: EnvironmentsOptions = {}) {
    this.#proc = proc;
    this.#uid = uid;
    this.#hungAfterMs = hungAfterMs;
  }

  /**
   * Those with an assignment that begins so: `NAME=value`, with a NUL behind it where it is the whole value. Rejects where no file
   * descriptor is left to read one.
   */
  async marked(processes: readonly ProcStat[], assignment: string): Promise<Marked> {
    const pids = new Set<number>();
    const others = processes.filter((one) => one.uid !== this.#uid && this.#isInOurUnit(one.pid));
    const [why] = await Promise.all([
      this.#ownMarked(
        processes.filter((one) => one.uid === this.#uid),
        assignment,
        pids,
      ),
      this.#othersMarked(others, assignment, pids),
    ]);
    return { pids, why };
  }

  async #ownMarked(processes: readonly ProcStat[], assignment: string, pids: Set<number>): Promise<string | null> {
    const waiting = processes.filter((one) => !this.#hung.has(keyOf(one)));
    const work = async () => {
      while (waiting.length > 0 && (await this.#place())) {
        const next = waiting.pop();
        if (next === undefined) this.#giveBack();
        else if (await this.#read(next, assignment)) pids.add(next.pid);
      }
    };
    await Promise.all(Array.from({ length: AT_A_TIME }, work));
    return waiting.length === 0 ? null : `the environments of ${waiting.length} processes can not be read`;
  }

  /** False: whoever holds the places holds them for good. */
  #place(): Promise<boolean> | boolean {
    if (this.#hung.size >= AT_A_TIME) return false;
    if (this.#places === 0) return new Promise((resolve) => this.#waiting.push(resolve));
    this.#places -= 1;
    return true;
  }

  #giveBack(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#places += 1;
    else next(true);
  }

  async #read(one: ProcStat, assignment: string): Promise<boolean> {
    const key = keyOf(one);
    let has: boolean | null = null;
    const reading = readFile(`${this.#proc}/${one.pid}/environ`, 'latin1')
      .then(
        (environment) => {
          has = `\0${environment}`.includes(`\0${assignment}`);
        },
        (error: unknown) => {
          has = false; // gone, or not ours to read
          if (isNoRoom(error)) throw error;
        },
      )
      .finally(() => {
        this.#hung.delete(key);
        this.#giveBack();
      });
    // In two parts, since it may be this process that did not get its turn.
    for (let part = 0; part < 2 && has === null; part++) await waitAtMost(reading, this.#hungAfterMs / 2);
    if (has !== null) return has;
    this.#hung.add(key);
    if (this.#hung.size >= AT_A_TIME) for (const resolve of this.#waiting.splice(0)) resolve(false);
    return false;
  }

  async #othersMarked(others: readonly ProcStat[], assignment: string, pids: Set<number>): Promise<void> {
    for (let from = 0; from < others.length; from += PROGRAMS_AT_A_TIME) {
      const some = others.slice(from, from + PROGRAMS_AT_A_TIME);
      const has = await Promise.all(some.map(({ pid }) => this.#readFromOutside(pid, assignment)));
      for (const [index, { pid }] of some.entries()) if (has[index] === true) pids.add(pid);
    }
  }

  /** By a program, which can be ended while the kernel lets it wait. Slower than a read by some milliseconds. */
  #readFromOutside(pid: number, assignment: string): Promise<boolean> {
    // A "line" ends with a NUL here, and so does a whole value.
    const whole = assignment.endsWith('\0');
    const text = whole ? assignment.slice(0, -1) : assignment;
    const pattern = `^${text.replaceAll(/[^\w=-]/g, '.')}${whole ? '$' : ''}`;
    return new Promise((resolve) => {
      const child = spawn('grep', ['-aqsz', '-e', pattern, `${this.#proc}/${pid}/environ`], {
        stdio: 'ignore',
        env: { PATH: '/usr/bin:/bin', LC_ALL: 'C' },
        timeout: this.#hungAfterMs,
        killSignal: 'SIGKILL',
      });
      child.on('error', () => resolve(false));
      child.on('exit', (code) => resolve(code === 0));
    });
  }

  /** In the control group of the agent, or below it. Never where that is the root of all. */
  #isInOurUnit(pid: number): boolean {
    this.#unit ??= this.#groupOf('self');
    if (this.#unit === null) return false;
    const group = this.#groupOf(pid);
    return group !== null && `${group}/`.startsWith(`${this.#unit}/`);
  }

  #groupOf(pid: number | 'self'): string | null {
    try {
      const text = readFileSync(`${this.#proc}/${pid}/cgroup`, 'latin1');
      const group = /^(?:0:|\d+:name=systemd):(.+)$/m.exec(text)?.[1];
      return group === undefined || group === '/' ? null : group;
    } catch {
      return null; // gone
    }
  }
}

function keyOf({ pid, startTicks }: ProcStat): string {
  return `${pid}:${startTicks ?? '?'}`;
}
