/**
 * Who is who among processes, from /proc. A pid alone names nobody: it is reused. What names a process is its pid with its
 * start time and the boot it belongs to, and nothing here says "alive" of a zombie (PID 1 may never reap it).
 */
import { readdirSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { errorCode } from '../shared/error-code.ts';

/** One process as /proc/<pid>/stat shows it. */
export interface ProcStat {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  readonly session: number;
  /** Clock ticks between the boot and its start (field 22). */
  readonly startTicks: number;
  readonly zombie: boolean;
}

/** Field 22 is a tick count since the boot, so the boot belongs to the identity. */
let bootId: string | null = null;

function currentBootId(): string {
  bootId ??= readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
  return bootId;
}

/** What names the process over restarts of the agent: `<boot id>:<start ticks>`; null if it is gone or can't be told. */
export function startIdentity(pid: number): string | null {
  try {
    const stat = procStat(pid);
    return stat === null ? null : `${currentBootId()}:${stat.startTicks}`;
  } catch {
    return null;
  }
}

/** The ticks of an identity of this boot; null if it is of another boot or no identity. */
export function ticksOfThisBoot(identity: string): number | null {
  const at = identity.lastIndexOf(':');
  const ticks = Number(identity.slice(at + 1));
  return at > 0 && identity.slice(0, at) === currentBootId() && Number.isSafeInteger(ticks) ? ticks : null;
}

/** No file descriptor or no memory is left for a look: what is there is not known, which is not the same as gone. */
function isNoRoom(error: unknown): boolean {
  return ['EMFILE', 'ENFILE', 'ENOMEM'].includes(errorCode(error));
}

/** One read of a few dozen bytes; null if the process is gone. @throws where it can't be told (no file descriptor is left) */
export function procStat(pid: number): ProcStat | null {
  try {
    return parseStat(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch (error) {
    if (isNoRoom(error)) throw error;
    return null;
  }
}

/** The name in field 2 may hold blanks and parentheses, so the fields are counted from the last `)`. */
export function parseStat(text: string): ProcStat | null {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ', 20);
  const startTicks = Number(fields[19]);
  if (fields.length < 20 || !Number.isFinite(startTicks)) return null;
  return {
    pid: Number.parseInt(text, 10),
    parent: Number(fields[1]),
    group: Number(fields[2]),
    session: Number(fields[3]),
    startTicks,
    zombie: fields[0] === 'Z' || fields[0] === 'X',
  };
}

/** So many reads (some 10 µs each) are done before others get their turn on the event loop. */
const READS_AT_A_TIME = 100;

/** All processes that started at `sinceTicks` or later, zombies too. Gives the event loop its turns. Rejects as {@link procStat}. */
export async function processesSince(sinceTicks: number): Promise<ProcStat[]> {
  const found: ProcStat[] = [];
  const pids = readdirSync('/proc').filter((name) => name.charCodeAt(0) >= 48 && name.charCodeAt(0) <= 57);
  for (const [index, pid] of pids.entries()) {
    if (index % READS_AT_A_TIME === READS_AT_A_TIME - 1) await new Promise(setImmediate);
    const stat = procStat(Number(pid));
    if (stat !== null && stat.startTicks >= sinceTicks) found.push(stat);
  }
  return found;
}

/** So many environments are read at a time: each holds a file descriptor. */
const ENVIRONMENTS_AT_A_TIME = 32;

/**
 * Those of `pids` that were started with an assignment in their environment that begins so: `NAME=value`, with a NUL behind it where
 * it is the whole value. Rejects as {@link procStat}.
 */
export async function withEnvironment(pids: readonly number[], assignment: string): Promise<Set<number>> {
  const found = new Set<number>();
  for (let from = 0; from < pids.length; from += ENVIRONMENTS_AT_A_TIME) {
    const some = pids.slice(from, from + ENVIRONMENTS_AT_A_TIME);
    const has = await Promise.all(some.map((pid) => hasInEnvironment(pid, assignment)));
    for (const [index, pid] of some.entries()) if (has[index] === true) found.add(pid);
  }
  return found;
}

/**
 * Read off the event loop's thread: the kernel takes the memory lock of the other process for it, which a stuck one may hold
 * for ever.
 */
async function hasInEnvironment(pid: number, assignment: string): Promise<boolean> {
  try {
    const environment = await readFile(`/proc/${pid}/environ`, 'latin1');
    return `\0${environment}`.includes(`\0${assignment}`);
  } catch (error) {
    if (isNoRoom(error)) throw error;
    return false; // gone, or another user's
  }
}
