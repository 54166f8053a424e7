import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it, onTestFinished } from 'vitest';
import { native } from './native.ts';
import { giveLife, type ProcessEnd, whenEnded } from './process-end.ts';
import { openScriptPipe } from './script-pipe.ts';

const DUP_QUERY_SYNCHRONIZE = 0x0040 | 0x0400 | 0x0010_0000;

describe.runIf(process.platform === 'win32')('the end of a process', () => {
  /** A Node that runs `script` once it is told to, and whose end nobody looks for. */
  async function started(script: string): Promise<{ end: ProcessEnd; go: () => void }> {
    const child = spawn(
      process.execPath,
      ['-e', `process.stdin.once('data', () => { ${script} }); console.log('runs')`],
      {
        windowsHide: true,
      },
    );
    onTestFinished(() => void child.kill('SIGKILL'));
    await once(child.stdout, 'data');
    const handle = native().OpenProcess(DUP_QUERY_SYNCHRONIZE, 0, child.pid ?? 0);
    const life = openScriptPipe(false);
    const isGiven = giveLife(handle, life);
    native().CloseHandle(life.handle);
    expect([handle === 0, isGiven]).toEqual([false, true]);
    return { end: whenEnded(handle, life, isGiven, null), go: () => void child.stdin.write('go') };
  }

  it('is told, with its exit code, and not before', async () => {
    const { end, go } = await started('process.exit(7)');
    expect(end.isRunning()).toBe(true);
    go();
    expect(await end.exited).toBe(7);
    expect(end.isRunning()).toBe(false);
  });

  it('is told though what it has started, with all of its handles, goes on', async () => {
    const starts = "require('node:child_process').spawn(process.execPath, ['-e', 'setTimeout(() => {}, 10000)'], ";
    const { end, go } = await started(
      `${starts} { stdio: 'inherit', detached: true, windowsHide: true }).unref(); process.exit(8)`,
    );
    go();
    expect(await end.exited).toBe(8);
  });
});
