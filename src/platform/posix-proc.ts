/**
 * Who is who among processes, from /proc. A pid alone names nobody: it is reused. What names a process is its pid with its
 * start time and the boot it belongs to, and nothing here says "alive" of a zombie (PID 1 may never reap it). Invariant: of another
 * account's process only `status` and `cgroup` are read. For `stat` (since Linux 6.18) and `environ` the kernel waits for an exec of
 * that process to end, and an exec waits for whoever answers for a file that it closes: with FUSE that is anybody, for ever.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { errorCode } from '../shared/error-code.ts';

/** One process as /proc shows it. */
export interface ProcStat {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  readonly session: number;
  /** Of the four that it has, the one that counts (effective); null: they differ, or are not told. */
  readonly uid: number | null;
  /** Clock ticks between the boot and its start. Null: not read, since it is not all our own account's. */
  readonly startTicks: number | null;
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
    return stat?.startTicks == null ? null : `${currentBootId()}:${stat.startTicks}`;
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

/** Null if the process is gone. @throws where it can't be told (no file descriptor is left) */
export function procStat(pid: number): ProcStat | null {
  return readProc(pid, () => false);
}

function readProc(pid: number, mayHang: (status: string) => boolean): ProcStat | null {
  try {
    const text = readFileSync(`/proc/${pid}/status`, 'latin1');
    const status = parseStatus(text);
    if (status === null) return null;
    const isOurs = status.uid === process.geteuid?.() && !mayHang(text);
    return { pid, ...status, startTicks: isOurs ? ticksIn(readFileSync(`/proc/${pid}/stat`, 'latin1')) : null };
  } catch (error) {
    if (isNoRoom(error)) throw error;
    return null;
  }
}

/** `/proc/<pid>/status`. Numbers are as we count, whatever namespaces a process is in. */
export function parseStatus(text: string): Omit<ProcStat, 'pid' | 'startTicks'> | null {
  const state = /^State:\t(\w)/m.exec(text)?.[1];
  const parent = numberOf(text, 'PPid');
  if (state === undefined || parent === null) return null;
  const uids = /^Uid:\t(\d+)\t(\d+)\t(\d+)\t(\d+)$/m.exec(text)?.slice(1) ?? [];
  const [uid] = uids;
  return {
    parent,
    group: numberOf(text, 'NSpgid') ?? 0,
    session: numberOf(text, 'NSsid') ?? 0,
    uid: uid !== undefined && uids.every((one) => one === uid) ? Number(uid) : null,
    zombie: state === 'Z' || state === 'X',
  };
}

function numberOf(status: string, name: string): number | null {
  const found = new RegExp(`^${name}:\\t(\\d+)`, 'm').exec(status)?.[1];
  return found === undefined ? null : Number(found);
}

/** Field 22 of `/proc/<pid>/stat`. The name in field 2 may hold blanks and parentheses, so the fields are counted from the last `)`. */
export function ticksIn(stat: string): number | null {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ', 20);
  const ticks = Number(fields[19]);
  return fields.length < 20 || !Number.isFinite(ticks) ? null : ticks;
}

/** Of our own account, waiting for a disk or a share, with memory of its own (a thread of the kernel has none): it may never answer. */
function waitsForADisk(status: string): boolean {
  return /^State:\tD/m.test(status) && /^VmSize:/m.test(status);
}

/** Of so many processes (some 20 µs each) is read before others get their turn on the event loop. */
const READS_AT_A_TIME = 100;

/**
 * All processes that started at `sinceTicks` or later, or of which that is not told; zombies too. Gives the event loop its turns.
 * Rejects as {@link procStat}.
 */
export async function processesSince(sinceTicks: number): Promise<ProcStat[]> {
  const found: ProcStat[] = [];
  const pids = readdirSync('/proc').filter((name) => name.charCodeAt(0) >= 48 && name.charCodeAt(0) <= 57);
  for (const [index, pid] of pids.entries()) {
    if (index % READS_AT_A_TIME === READS_AT_A_TIME - 1) await new Promise(setImmediate);
    const stat = readProc(Number(pid), waitsForADisk);
    if (stat !== null && (stat.startTicks === null || stat.startTicks >= sinceTicks)) found.push(stat);
  }
  return found;
}

/** No file descriptor or no memory is left for a scan: what is there is not known, which is not the same as gone. */
export function isNoRoom(error: unknown): boolean {
  return ['EMFILE', 'ENFILE', 'ENOMEM'].includes(errorCode(error));
}
