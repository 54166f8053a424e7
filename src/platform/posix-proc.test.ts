import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it, onTestFinished } from 'vitest';
import { parseStat, processesSince, procStat, startIdentity, ticksOfThisBoot, withEnvironment } from './posix-proc.ts';

it('reads a line of /proc/<pid>/stat whatever the name of the program', () => {
  const rest = `S 17 42 40 0 -1 4194560 ${'0 '.repeat(12)}98765 ${'0 '.repeat(30)}`;
  expect(parseStat(`42 (a) (b c) ${rest}`)).toEqual({
    pid: 42,
    parent: 17,
    group: 42,
    session: 40,
    startTicks: 98765,
    zombie: false,
  });
  expect(parseStat(`42 (x) Z${rest.slice(1)}`)?.zombie).toBe(true);
  expect(parseStat('42 (x) S 1')).toBeNull();
  expect(parseStat('')).toBeNull();
});

describe.runIf(process.platform === 'linux')('on Linux', () => {
  it('names a process by boot and start time', () => {
    const identity = startIdentity(process.pid);
    expect(identity).toMatch(/^[0-9a-f-]{36}:\d+$/);
    expect(ticksOfThisBoot(identity ?? '')).toBe(procStat(process.pid)?.startTicks);
  });

  it('knows no process that is gone, and none of another boot', () => {
    expect(startIdentity(2 ** 22 + 1)).toBeNull();
    expect(ticksOfThisBoot('00000000-0000-0000-0000-000000000000:5')).toBeNull();
    expect(ticksOfThisBoot('5')).toBeNull();
  });

  it('lists what started since, and finds the marked among it', async () => {
    const marker = `KTRAY_RUN=proc-test-${process.pid}`;
    const child = spawn('sleep', ['60'], { env: { KTRAY_RUN: `proc-test-${process.pid}` } });
    onTestFinished(() => void child.kill('SIGKILL'));
    await once(child, 'spawn');
    const since = await processesSince(procStat(child.pid ?? 0)?.startTicks ?? 0);
    expect(since.map((one) => one.pid)).toContain(child.pid);
    expect(since.every((one) => one.startTicks >= (procStat(child.pid ?? 0)?.startTicks ?? 0))).toBe(true);
    const pids = (await processesSince(0)).map((one) => one.pid);
    expect(await withEnvironment(pids, `${marker}\0`)).toEqual(new Set([child.pid]));
    expect(await withEnvironment(pids, marker.slice(0, -1))).toEqual(new Set([child.pid]));
    expect(await withEnvironment(pids, `${marker.slice(0, -1)}\0`)).toEqual(new Set());
  });
});
