import { describe, expect, it } from 'vitest';
import { eventually } from '../../../test/support/eventually.ts';
import { deps, finished, isAlive, MIB, pidFrom, start } from '../../../test/support/running-scripts.ts';
import { tempDir } from '../../../test/support/temp.ts';
import { loopTurn } from '../../base/loop-turn.ts';
import { procStat } from '../../platform/posix-proc.ts';
import { omittedText } from './capture.ts';

describe.skipIf(process.platform === 'win32')('a script that is ended', () => {
  it('by its timeout: with what it wrote until then', async () => {
    expect(await finished('echo begun; sleep 60', { timeoutSecs: 1 })).toEqual({
      outcome: { kind: 'timeout' },
      stdout: 'begun\n',
      stderr: '',
    });
  });

  it('not before one second, if the timeout is 0 or less', async () => {
    expect((await finished('echo in time', { timeoutSecs: 0 })).outcome).toEqual({ kind: 'exited', code: 0 });
    expect((await finished('echo in time', { timeoutSecs: -5n })).outcome).toEqual({ kind: 'exited', code: 0 });
  });

  it('not at once, if the timeout is longer than timers reach', async () => {
    for (const timeoutSecs of [2 ** 31, Number.MAX_SAFE_INTEGER, 2n ** 63n - 1n]) {
      expect((await finished('sleep 0.2', { timeoutSecs })).outcome).toEqual({ kind: 'exited', code: 0 });
    }
  });

  it.each(['killed', 'stopped'] as const)('because it is %s', async (reason) => {
    const script = start('sleep 60');
    script.end(reason);
    expect((await script.done).outcome).toEqual({ kind: reason });
    expect(isAlive(script.pid)).toBe(false);
  });

  it('for the first reason that there was', async () => {
    const script = start('sleep 60');
    script.end('stopped');
    script.end('killed');
    script.end('killed');
    expect((await script.done).outcome).toEqual({ kind: 'stopped' });
    script.end('killed');
  });

  it('for no reason any more once it has ended by itself, but with what it left in the background', async () => {
    const directory = tempDir();
    const script = start('sleep 60 & echo $! > child; exit 5', { cwd: directory });
    const child = await pidFrom(directory, 'child');
    // Its end is collected, and known here a turn later; its output is still held open by the child.
    await eventually(() => expect(procStat(script.pid ?? 0)).toBeNull());
    await loopTurn();
    script.end('killed');
    expect((await script.done).outcome).toEqual({ kind: 'exited', code: 5 });
    expect(isAlive(child)).toBe(false);
  });

  it('with all of its tree, also what has left its session and forked twice', async () => {
    const directory = tempDir();
    const daemon = `setsid sh -c '(echo \\$\\$ > /dev/null; sh -c "echo \\$\\$ > daemon; exec sleep 60" >/dev/null 2>&1 </dev/null &)' &`;
    const script = start(`sleep 60 & echo $! > child; ${daemon} sleep 60`, { cwd: directory });
    const pids = [await pidFrom(directory, 'child'), await pidFrom(directory, 'daemon')];
    expect(pids.map(isAlive)).toEqual([true, true]);
    script.end('killed');
    await script.done;
    expect([script.pid, ...pids].map(isAlive)).toEqual([false, false, false]);
  });

  it('although it does not want to', async () => {
    const script = start('trap "" TERM; echo ready; sleep 60; sleep 60');
    await eventually(() => expect(script.tail().stdout).toBe('ready\n'));
    script.end('killed');
    expect((await script.done).outcome).toEqual({ kind: 'killed' });
    expect(isAlive(script.pid)).toBe(false);
  });

  it('in the middle of a flood, of which head and tail are kept', async () => {
    const script = start('yes', { timeoutSecs: 1 }, deps({ maxOutputBytes: 3 * MIB }));
    const { outcome, stdout } = await script.done;
    expect([outcome, stdout.cut]).toEqual([{ kind: 'timeout' }, true]);
    const omittedBytes = stdout.totalBytes - 3 * MIB;
    expect(omittedBytes).toBeGreaterThan(0);
    expect(stdout.text).toContain(omittedText(omittedBytes));
    expect(stdout.text.length).toBe(3 * MIB + omittedText(omittedBytes).length);
  });
});
