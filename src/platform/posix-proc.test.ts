import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it, onTestFinished } from 'vitest';
import { parseStatus, processesSince, procStat, startIdentity, ticksIn, ticksOfThisBoot } from './posix-proc.ts';

it('reads the start from a line of /proc/<pid>/stat whatever the name of the program', () => {
  const rest = `S 17 42 40 0 -1 4194560 ${'0 '.repeat(12)}98765 ${'0 '.repeat(30)}`;
  expect(ticksIn(`42 (a) (b c) ${rest}`)).toBe(98765);
  expect(ticksIn('42 (x) S 1')).toBeNull();
  expect(ticksIn('')).toBeNull();
});

it('reads what /proc/<pid>/status says, and an account only where all four are the same', () => {
  const status = (state: string, uids: string) =>
    `Name:\ta\\nUid:\t0\nState:\t${state} (sleeping)\nPPid:\t17\nUid:\t${uids}\nNSpgid:\t42\t7\nNSsid:\t40\t7\n`;
  const read = { parent: 17, group: 42, session: 40, uid: 1000, zombie: false };
  expect(parseStatus(status('S', '1000\t1000\t1000\t1000'))).toEqual(read);
  expect(parseStatus(status('Z', '1000\t0\t1000\t1000'))).toEqual({ ...read, uid: null, zombie: true });
  expect(parseStatus('')).toBeNull();
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

  it('lists what started since', async () => {
    const child = spawn('sleep', ['60']);
    onTestFinished(() => void child.kill('SIGKILL'));
    await once(child, 'spawn');
    const since = await processesSince(procStat(child.pid ?? 0)?.startTicks ?? 0);
    expect(since.map((one) => one.pid)).toContain(child.pid);
    expect(
      since.every((one) => (one.startTicks ?? Number.POSITIVE_INFINITY) >= (procStat(child.pid ?? 0)?.startTicks ?? 0)),
    ).toBe(true);
  });
});
