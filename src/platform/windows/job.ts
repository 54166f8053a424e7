/**
 * A Job Object holds a script with all that it starts, whatever becomes of their parents. If the agent dies, Windows closes
 * the job and ends what is in it: nothing of an interrupted run is left over (invariant 4).
 */
import { setTimeout as delay } from 'node:timers/promises';
import { atEnd } from '../../base/at-end.ts';
import { type Handle, lastError, native } from './native.ts';

const EXTENDED_LIMIT_INFORMATION = 9;
const EXTENDED_LIMIT_BYTES = 144;
const LIMIT_FLAGS_AT = 16;
const KILL_ON_JOB_CLOSE = 0x2000;
/** Installers and updaters ask for it for what they leave behind, and fail where it is refused. What has left is not ended with the script. */
const BREAKAWAY_OK = 0x0800;
const BASIC_ACCOUNTING_INFORMATION = 1;
const BASIC_ACCOUNTING_BYTES = 48;
const ACTIVE_PROCESSES_AT = 40;
const PROCESS_TERMINATE_AND_SET_QUOTA = 0x0001 | 0x0100;

const GONE_WITHIN_MS = 1_900;
const POLL_EVERY_MS = 20;

export class Job {
  #handle: Handle;

  /** Throws if Windows refuses. */
  constructor() {
    this.#handle = native().CreateJobObjectW(null, null);
    if (this.#handle === 0) throw lastError('CreateJobObject');
    this.#setLimits(KILL_ON_JOB_CLOSE | BREAKAWAY_OK);
  }

  #setLimits(flags: number): void {
    const info = Buffer.alloc(EXTENDED_LIMIT_BYTES);
    info.writeUInt32LE(flags, LIMIT_FLAGS_AT);
    if (native().SetInformationJobObject(this.#handle, EXTENDED_LIMIT_INFORMATION, info, info.length) === 0) {
      throw lastError('SetInformationJobObject');
    }
  }

  /** False if Windows refuses; what the process starts from now on belongs to the job. */
  assign(process: Handle): boolean {
    return native().AssignProcessToJobObject(this.#handle, process) !== 0;
  }

  /** For a process that already runs: what it has started until now is not caught. */
  assignPid(pid: number): boolean {
    const process = native().OpenProcess(PROCESS_TERMINATE_AND_SET_QUOTA, 0, pid);
    if (process === 0) return false;
    using _ = atEnd(() => native().CloseHandle(process));
    return this.assign(process);
  }

  /** Ends all processes of the job and waits, at most 2 s, until none is left. */
  async terminate(): Promise<void> {
    if (this.#handle === 0) return;
    native().TerminateJobObject(this.#handle, 1);
    const begunMs = performance.now();
    while (this.#activeProcesses() > 0 && performance.now() - begunMs < GONE_WITHIN_MS) await delay(POLL_EVERY_MS);
  }

  #activeProcesses(): number {
    const info = Buffer.alloc(BASIC_ACCOUNTING_BYTES);
    if (this.#handle === 0) return 0;
    native().QueryInformationJobObject(this.#handle, BASIC_ACCOUNTING_INFORMATION, info, info.length, null);
    return info.readUInt32LE(ACTIVE_PROCESSES_AT);
  }

  /** Gives the job back; what still runs in it goes on (D8). */
  release(): void {
    if (this.#handle === 0) return;
    this.#setLimits(BREAKAWAY_OK);
    native().CloseHandle(this.#handle);
    this.#handle = 0;
  }
}
