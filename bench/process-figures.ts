/** What the kernel says about a process: CPU time and memory. Linux only. */
import { readdirSync, readFileSync } from 'node:fs';

const MS_PER_TICK = 10;
const NS_PER_MS = 1e6;
const KB_PER_MB = 1024;

/** CPU time of one process so far, its ended children not counted. */
export interface CpuReading {
  /** In ticks of 10 ms, threads that have ended included. */
  readonly wholeMs: number;
  /** Exact, by thread. */
  readonly threadsMs: ReadonlyMap<string, number>;
}

export function readCpu(pid: number): CpuReading {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const wholeMs = (Number(fields[11]) + Number(fields[12])) * MS_PER_TICK;
  const threadsMs = new Map<string, number>();
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    try {
      const [runNs = '0'] = readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ');
      threadsMs.set(thread, Number(runNs) / NS_PER_MS);
    } catch {
      // Ended while we looked, or a kernel without these statistics: the ticks count.
    }
  }
  return { wholeMs, threadsMs };
}

/** CPU time of the children of a process that have ended and that it has waited for, in ticks of 10 ms. */
export function childrenCpuMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[13]) + Number(fields[14])) * MS_PER_TICK;
}

/** The direct children of a process. */
export function childrenOf(pid: number): number[] {
  return readdirSync(`/proc/${pid}/task`).flatMap((thread) => {
    const children = readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').trim();
    return children === '' ? [] : children.split(' ').map(Number);
  });
}

/** CPU milliseconds between two readings: exact while no thread has ended in between, else in ticks of 10 ms. */
export function cpuMsBetween(before: CpuReading, after: CpuReading): number {
  let sum = 0;
  for (const [thread, ms] of after.threadsMs) sum += ms - (before.threadsMs.get(thread) ?? 0);
  const complete = after.threadsMs.size > 0 && [...before.threadsMs.keys()].every((id) => after.threadsMs.has(id));
  return complete ? sum : after.wholeMs - before.wholeMs;
}

/** Resident memory now and at most so far, in MB (MiB as the kernel counts). */
export function readMemory(pid: number): { rssMb: number; peakMb: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const read = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1]) / KB_PER_MB;
  return { rssMb: read('VmRSS'), peakMb: read('VmHWM') };
}
