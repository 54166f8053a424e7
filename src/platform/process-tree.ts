/**
 * Ends a script with everything it started: gone within 2 s of the decision (invariant 6), also what called setsid, forked
 * twice or closed its pipes, and nothing that is not ours, even if pids were reused meanwhile.
 *
 * Linux: ours is what carries the run's marker in its environment, what is in the process group or session of the script,
 * and what descends from any of these. Other Unix systems: the process group only; nothing there shows a process's
 * environment. Windows: Job Objects (`windows/job.ts`) end the tree; they die with the agent, so nothing is left over.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { errorText } from '../base/logger.ts';
import { Environments } from './posix-environment.ts';
import { type ProcStat, processesSince, procStat, startIdentity, ticksOfThisBoot } from './posix-proc.ts';

export interface TreeRoot {
  /** Null: not known (the agent died between the spawn and its note); then the marker alone finds the tree. */
  readonly pid: number | null;
  /** As {@link processStart} gave it. */
  readonly startTime: string | null;
  /** Name and value, `KTRAY_RUN=<result_id>`, of the variable that the script got. */
  readonly marker: string;
  /** `marker` is only how it begins. */
  readonly markerBegins?: boolean;
  /** While true, the pid is a child of ours that was not waited for, so that it can be nobody else's. */
  readonly isOwnChild?: () => boolean;
}

export interface TreeEnd {
  /** Pids that could not be ended in time: another user's, or stuck in the kernel. */
  readonly left: readonly number[];
  /** Why it is not known what is left; then `left` is what was known last. */
  readonly why?: string;
}

/** From the first SIGTERM to SIGKILL. Short, since the whole tree has 2 s. */
const GRACE_MS = 500;
/** Then it is given up and reported. */
const GIVE_UP_MS = 1_900;
/** How soon it is checked again who is left: often at first, since most trees end at once. */
const FIRST_POLL_MS = 10;
const LONGEST_POLL_MS = 100;
/** A scan is no snapshot: what forks and dies during it can slip through one, but hardly through two. */
const EMPTY_SCANS = 2;

/** Where nothing else tells processes apart, an agent vouches for the children of its own process, and for no others. */
const THIS_AGENT = `agent:${process.pid}:${Date.now()}`;

/** The identity of a child for a later {@link endTree}: cheap, synchronous. Null on Windows, which needs none. */
export function processStart(pid: number): string | null {
  if (process.platform === 'win32') return null;
  return process.platform === 'linux' ? startIdentity(pid) : THIS_AGENT;
}

/** Whether a child of ours still runs, also where nobody has collected its end yet. Always true where that can't be told. */
export function isRunning(pid: number): boolean {
  if (process.platform !== 'linux') return true;
  try {
    const stat = procStat(pid);
    return stat !== null && !stat.zombie;
  } catch {
    return true;
  }
}

/** Ends the tree: SIGTERM, then SIGKILL after 500 ms. Never rejects. The root itself may be long gone. */
export async function endTree(root: TreeRoot, graceMs = GRACE_MS): Promise<TreeEnd> {
  if (process.platform === 'win32') return { left: [] };
  if (process.platform !== 'linux') return root.startTime === THIS_AGENT ? endGroup(root, graceMs) : { left: [] };
  return endMembers(root, graceMs);
}

async function endMembers(root: TreeRoot, graceMs: number): Promise<TreeEnd> {
  const begunMs = performance.now();
  const tree = new Tree(root);
  let asked = false;
  let last = root.pid === null ? [] : [root.pid];
  let why: string | null = null;
  let pollMs = FIRST_POLL_MS;
  const end = (members: readonly ProcStat[]) => {
    for (const member of members) {
      if (performance.now() - begunMs >= graceMs) signal(member, 'SIGKILL');
      else if (!tree.knows(member)) signal(member, 'SIGTERM');
      tree.know(member);
    }
  };
  for (let emptyScans = 0; ; ) {
    try {
      // Those that need no scan of what other processes hold are told first.
      end(await tree.members());
      const marked = await tree.membersByMarker();
      end(marked.members);
      last = marked.members.map((member) => member.pid);
      why = marked.why;
    } catch (error) {
      // No file descriptor is left for a scan. It may be a matter of moments, and a signal needs none.
      const elapsedMs = performance.now() - begunMs;
      if (elapsedMs > GIVE_UP_MS) return { left: last, why: errorText(error) };
      emptyScans = 0;
      if (root.pid !== null && root.isOwnChild?.() === true) {
        if (elapsedMs >= graceMs) signalGroup(root.pid, 'SIGKILL');
        else if (!asked) signalGroup(root.pid, 'SIGTERM');
        asked = true;
      }
      await delay(LONGEST_POLL_MS);
      continue;
    }
    emptyScans = last.length === 0 ? emptyScans + 1 : 0;
    if (emptyScans === EMPTY_SCANS || performance.now() - begunMs > GIVE_UP_MS) {
      return why === null ? { left: last } : { left: last, why };
    }
    if (last.length === 0) continue;
    await delay(pollMs);
    pollMs = Math.min(pollMs * 2, LONGEST_POLL_MS);
  }
}

/** Checks once more whether it still is who it was: the scan may be some milliseconds old. */
function signal(member: ProcStat, name: NodeJS.Signals): void {
  try {
    const now = procStat(member.pid);
    if (now !== null && isSame(now, member)) process.kill(member.pid, name);
  } catch {
    // Gone (ESRCH), not ours to end (EPERM), or not to be told at present: the next scan tells.
  }
}

/** Where no start time is told, nobody else has this pid in the same session within some milliseconds. */
function isSame(one: ProcStat, other: ProcStat): boolean {
  if (one.startTicks !== null && other.startTicks !== null) return one.startTicks === other.startTicks;
  return one.session === other.session && one.group === other.group;
}

const environments = new Environments();

/** What is ours of the processes of the PC, scan for scan. */
class Tree {
  readonly #root: TreeRoot;
  /** Members of earlier scans: they stay ours after what made them ours (parent, leader) has died. */
  readonly #known = new Map<number, ProcStat>();
  /** Null: of another boot; nothing of it can be alive. */
  #sinceTicks: number | null | undefined;
  #all: ProcStat[] = [];

  constructor(root: TreeRoot) {
    this.#root = root;
  }

  knows(one: ProcStat): boolean {
    const known = this.#known.get(one.pid);
    return known !== undefined && isSame(known, one);
  }

  know(one: ProcStat): void {
    this.#known.set(one.pid, one);
  }

  /** A scan of all processes: those that are ours by group, session and descent. */
  async members(): Promise<ProcStat[]> {
    const { startTime } = this.#root;
    this.#sinceTicks ??= startTime === null ? 0 : ticksOfThisBoot(startTime);
    const all = this.#sinceTicks === null ? [] : await processesSince(this.#sinceTicks);
    this.#all = all.filter((one) => one.pid !== process.pid);
    return this.#ours(new Set());
  }

  /** Of the same scan also those that carry the marker, and what belongs to them. */
  async membersByMarker(): Promise<{ readonly members: ProcStat[]; readonly why: string | null }> {
    const { marker, markerBegins } = this.#root;
    const living = this.#all.filter((one) => !one.zombie);
    const { pids, why } = await environments.marked(living, markerBegins === true ? marker : `${marker}\0`);
    return { members: this.#ours(pids), why };
  }

  #ours(marked: ReadonlySet<number>): ProcStat[] {
    const ours = new Set(marked);
    for (const one of this.#all) if (this.knows(one)) ours.add(one.pid);
    this.#addGroup(ours);
    this.#addDescendants(ours);
    return this.#all.filter((one) => !one.zombie && ours.has(one.pid));
  }

  /**
   * The script leads a group and session of its own, named by its pid. While the leader is there, its start time tells whose
   * they are. Without it the number may have been given away since: then a member must be known as ours.
   */
  #addGroup(ours: Set<number>): void {
    const { pid, startTime } = this.#root;
    if (pid === null) return;
    const isOwnChild = this.#root.isOwnChild?.() === true;
    if (startTime === null && !isOwnChild) return;
    const members = this.#all.filter((one) => one.group === pid || one.session === pid);
    const leader = procStat(pid)?.startTicks ?? null;
    const known = leader === null ? members.some((one) => ours.has(one.pid)) : leader === this.#sinceTicks;
    if (isOwnChild || known) for (const one of members) ours.add(one.pid);
  }

  #addDescendants(ours: Set<number>): void {
    for (let before = -1; before !== ours.size; ) {
      before = ours.size;
      for (const one of this.#all) if (ours.has(one.parent)) ours.add(one.pid);
    }
  }
}

async function endGroup({ pid }: TreeRoot, graceMs: number): Promise<TreeEnd> {
  if (pid === null || !signalGroup(pid, 'SIGTERM')) return { left: [] };
  const begunMs = performance.now();
  for (let elapsedMs = 0; elapsedMs < GIVE_UP_MS; elapsedMs = performance.now() - begunMs) {
    await delay(LONGEST_POLL_MS);
    if (!signalGroup(pid, elapsedMs < graceMs ? 0 : 'SIGKILL')) return { left: [] };
  }
  return { left: [pid] };
}

/** False if the group has no member (or none of ours). */
function signalGroup(pid: number, name: NodeJS.Signals | 0): boolean {
  try {
    process.kill(-pid, name);
    return true;
  } catch {
    return false;
  }
}
