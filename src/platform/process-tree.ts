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
import {
  type ProcStat,
  processesSince,
  procStat,
  startIdentity,
  ticksOfThisBoot,
  withEnvironment,
} from './posix-proc.ts';

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
const FIRST_PAUSE_MS = 10;
const LONGEST_PAUSE_MS = 100;
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
  const known = new Set<string>();
  let asked = false;
  let last = root.pid === null ? [] : [root.pid];
  let pauseMs = FIRST_PAUSE_MS;
  for (let emptyScans = 0; ; ) {
    const members = await livingMembers(root, known).catch(errorText);
    const elapsedMs = performance.now() - begunMs;
    if (typeof members === 'string') {
      // No file descriptor is left for a look. It may be a matter of moments, and a signal needs none.
      if (elapsedMs > GIVE_UP_MS) return { left: last, why: members };
      emptyScans = 0;
      if (root.pid !== null && root.isOwnChild?.() === true) {
        if (elapsedMs >= graceMs) signalGroup(root.pid, 'SIGKILL');
        else if (!asked) signalGroup(root.pid, 'SIGTERM');
        asked = true;
      }
      await delay(LONGEST_PAUSE_MS);
      continue;
    }
    last = members.map((member) => member.pid);
    emptyScans = members.length === 0 ? emptyScans + 1 : 0;
    if (emptyScans === EMPTY_SCANS) return { left: [] };
    if (elapsedMs > GIVE_UP_MS) return { left: last };
    for (const member of members) {
      if (elapsedMs >= graceMs) signal(member, 'SIGKILL');
      else if (!known.has(idOf(member))) signal(member, 'SIGTERM');
      known.add(idOf(member));
    }
    if (members.length === 0) continue;
    await delay(pauseMs);
    pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
  }
}

function idOf(process: ProcStat): string {
  return `${process.pid}:${process.startTicks}`;
}

/** Looks once more whether it still is who it was: the scan may be some milliseconds old. */
function signal(member: ProcStat, name: NodeJS.Signals): void {
  try {
    if (procStat(member.pid)?.startTicks !== member.startTicks) return;
    process.kill(member.pid, name);
  } catch {
    // Gone (ESRCH), not ours to end (EPERM), or not to be told at present: the next scan tells.
  }
}

/** `known` are members of earlier scans: they stay ours after what made them ours (parent, leader) has died. */
async function livingMembers(root: TreeRoot, known: ReadonlySet<string>): Promise<ProcStat[]> {
  const sinceTicks = root.startTime === null ? 0 : ticksOfThisBoot(root.startTime);
  if (sinceTicks === null) return []; // the machine was started anew: nothing of it can be alive
  const all = (await processesSince(sinceTicks)).filter((one) => one.pid !== process.pid);
  const living = all.filter((one) => !one.zombie);
  const ours = await withEnvironment(
    living.map((one) => one.pid),
    root.markerBegins === true ? root.marker : `${root.marker}\0`,
  );
  for (const one of all) if (known.has(idOf(one))) ours.add(one.pid);
  addGroup(ours, all, root, sinceTicks);
  addDescendants(ours, all);
  return living.filter((one) => ours.has(one.pid));
}

/**
 * The script leads a group and session of its own, named by its pid. While the leader is there, its start time tells whose
 * they are. Without it the number may have been given away since: then a member must be known as ours.
 */
function addGroup(ours: Set<number>, all: readonly ProcStat[], root: TreeRoot, sinceTicks: number): void {
  if (root.pid === null) return;
  const isOwnChild = root.isOwnChild?.() === true;
  if (root.startTime === null && !isOwnChild) return;
  const members = all.filter((one) => one.group === root.pid || one.session === root.pid);
  const leader = procStat(root.pid);
  const known = leader === null ? members.some((one) => ours.has(one.pid)) : leader.startTicks === sinceTicks;
  const isOurs = isOwnChild || known;
  if (isOurs) for (const one of members) ours.add(one.pid);
}

function addDescendants(ours: Set<number>, all: readonly ProcStat[]): void {
  for (let before = -1; before !== ours.size; ) {
    before = ours.size;
    for (const one of all) if (ours.has(one.parent)) ours.add(one.pid);
  }
}

async function endGroup({ pid }: TreeRoot, graceMs: number): Promise<TreeEnd> {
  if (pid === null || !signalGroup(pid, 'SIGTERM')) return { left: [] };
  const begunMs = performance.now();
  for (let elapsedMs = 0; elapsedMs < GIVE_UP_MS; elapsedMs = performance.now() - begunMs) {
    await delay(LONGEST_PAUSE_MS);
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
