import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { tempDir } from '../../../e2e/support/temp.ts';
import { systemClock } from '../base/clock.ts';
import { procStat, startIdentity } from '../os/posix-proc.ts';
import { omittedText } from './capture.ts';
import { scriptEnvironment } from './child-env.ts';
import type { Exit, Launcher, LaunchSpec } from './launcher.ts';
import { PosixLauncher } from './posix-launcher.ts';
import { type RunnerDeps, type RunningScript, type ScriptSpec, startScript } from './script-runner.ts';

const MIB = 1024 * 1024;
let runs = 0;

function deps(changes: Partial<RunnerDeps> & { env?: NodeJS.ProcessEnv } = {}): RunnerDeps {
  const { env = process.env, ...rest } = changes;
  return {
    launcher: new PosixLauncher({ environment: scriptEnvironment(env), belowNormalPriority: true }),
    clock: systemClock,
    maxOutputBytes: 8 * MIB,
    legacyDecoder: null,
    ...rest,
  };
}

function start(script: string, changes: Partial<ScriptSpec> = {}, with_: RunnerDeps = deps()): RunningScript {
  const marker = `runner-test-${process.pid}-${runs++}`;
  return startScript({ marker, shell: 'sh', script, cwd: null, runAs: 'system', timeoutSecs: 60, ...changes }, with_);
}

async function finished(
  ...args: Parameters<typeof start>
): Promise<{ outcome: unknown; stdout: string; stderr: string }> {
  const { outcome, stdout, stderr } = await start(...args).done;
  return { outcome, stdout: stdout.text, stderr: stderr.text };
}

function isAlive(pid: number | null): boolean {
  const stat = pid === null ? null : procStat(pid);
  return stat !== null && !stat.zombie;
}

function pidFrom(directory: string, name: string): Promise<number> {
  return vi.waitFor(() => {
    const text = readFileSync(join(directory, name), 'utf8');
    expect(text).toMatch(/^\d+\n$/);
    return Number(text);
  });
}

/** Ends a process that a test let live, at the end of the test. */
function killLater(pid: number): void {
  process.kill(pid, 'SIGKILL');
}

describe.skipIf(process.platform === 'win32')('a script that ends by itself', () => {
  it('gives its exit code and both streams', async () => {
    expect(await finished('echo out; echo err >&2; exit 3')).toEqual({
      outcome: { kind: 'exited', code: 3 },
      stdout: 'out\n',
      stderr: 'err\n',
    });
  });

  it('gives what its shell makes of codes above 255', async () => {
    expect((await finished('sh -c "exit 255"')).outcome).toEqual({ kind: 'exited', code: 255 });
    expect((await finished('exit 256')).outcome).toEqual({ kind: 'exited', code: 0 });
  });

  it('tells the signal that it died from', async () => {
    expect((await finished('kill -9 $$')).outcome).toEqual({ kind: 'signalled', signal: 'SIGKILL' });
  });

  it('keeps everything around bytes that are not UTF-8 (D7)', async () => {
    expect((await finished("printf '\\377 hi 日本'")).stdout).toBe('\ufffd hi 日本');
  });

  it('can open its output by path', async () => {
    const { stdout, stderr } = await finished('echo a > /dev/stderr; echo b | tee /dev/stderr > /dev/stdout');
    expect({ stdout, stderr }).toEqual({ stdout: 'b\n', stderr: 'a\nb\n' });
  });

  it('finds its input at the end', async () => {
    expect((await finished('cat; echo done')).stdout).toBe('done\n');
  });

  it('sees nothing of KANADE_*, and its own marker (D38)', async () => {
    const with_ = deps({ env: { ...process.env, KANADE_NATS_TOKEN: 'secret', OTHER: 'kept' } });
    const { stdout } = await finished('env', { marker: 'my-run' }, with_);
    expect(stdout).not.toMatch(/KANADE_/);
    expect(stdout).toMatch(/^OTHER=kept$/m);
    expect(stdout).toMatch(/^KTRAY_RUN=my-run$/m);
  });

  it('runs in its directory, and in ours if the text is empty', async () => {
    const directory = tempDir();
    expect((await finished('pwd', { cwd: directory })).stdout).toBe(`${directory}\n`);
    expect((await finished('pwd', { cwd: '' })).stdout).toBe(`${process.cwd()}\n`);
  });

  it('takes ~ and %VAR% as names of directories (protocol §4.6)', async () => {
    const directory = tempDir();
    mkdirSync(join(directory, '%HOME%'));
    expect((await finished('pwd', { cwd: join(directory, '%HOME%') })).stdout).toBe(`${directory}/%HOME%\n`);
    expect((await finished('pwd', { cwd: '~' })).outcome).toEqual({
      kind: 'spawn-failed',
      why: 'the working directory "~" does not exist',
    });
  });

  it('runs below normal priority unless that is switched off', async () => {
    const launcher = new PosixLauncher({ environment: scriptEnvironment(process.env), belowNormalPriority: false });
    const normal = Number((await finished('nice', {}, deps({ launcher }))).stdout);
    // The priority is lowered right after the start, which a first command can outrun.
    expect(Number((await finished('sleep 0.2; nice')).stdout)).toBeGreaterThan(normal);
  });

  it('may be 1 MB long, and may be full of quotes and 日本語', async () => {
    const script = `# ${'x'.repeat(MIB)}\necho "日本語" 'a"b' \\\\ $((6 * 7)); cat; exit 7`;
    expect(await finished(script)).toEqual({
      outcome: { kind: 'exited', code: 7 },
      stdout: '日本語 a"b \\ 42\n',
      stderr: '',
    });
  });

  it('may leave a large script unread', async () => {
    const launcher = launcherOf((spec) => ({
      ...spec,
      invocation: { file: 'true', args: [], stdin: 'x'.repeat(MIB) },
    }));
    expect((await finished('', {}, deps({ launcher }))).outcome).toEqual({ kind: 'exited', code: 0 });
  });

  it('is named by pid and start time from the moment it is started', async () => {
    const script = start('sleep 60');
    expect(script.pid).toBeGreaterThan(0);
    expect(script.startTime).toBe(startIdentity(script.pid ?? 0));
    script.end('killed');
    await script.done;
  });

  it('stamps its own start and end', async () => {
    const beforeMs = Date.now();
    const { startedAtMs, finishedAtMs } = await start('true').done;
    const stamps = [beforeMs, startedAtMs, finishedAtMs, Date.now()];
    expect(stamps).toEqual(stamps.toSorted((a, b) => a - b));
  });

  it('is answered although a child in the background holds its output, and that child lives on (D8)', async () => {
    const directory = tempDir();
    const script = start('sleep 60 & echo $! > child; echo parent done; exit 4', { cwd: directory });
    const { outcome, stdout } = await script.done;
    const child = await pidFrom(directory, 'child');
    expect([outcome, stdout.text, isAlive(child)]).toEqual([{ kind: 'exited', code: 4 }, 'parent done\n', true]);
    killLater(child);
  });

  it('gives what a child in the background writes shortly after', async () => {
    expect((await finished('(sleep 0.3; echo late) & echo early')).stdout).toBe('early\nlate\n');
  });
});

/** A launcher that changes what it is asked to start. */
function launcherOf(change: (spec: LaunchSpec) => LaunchSpec): Launcher {
  const real = deps().launcher;
  return { launch: (spec) => real.launch(change(spec)) };
}

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
    await vi.waitFor(() => expect(isAlive(script.pid)).toBe(false));
    // The exit is known here a turn later; its output is still held open by the child.
    await new Promise((resolve) => setTimeout(resolve, 100));
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
    await vi.waitFor(() => expect(script.tail().stdout).toBe('ready\n'));
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

describe.skipIf(process.platform === 'win32')('a script that can not be started', () => {
  const failed = (why: string) => ({ outcome: { kind: 'spawn-failed', why }, stdout: '', stderr: '' });

  it('says that its directory is not there', async () => {
    expect(await finished('true', { cwd: '/nope/x' })).toEqual(
      failed('the working directory "/nope/x" does not exist'),
    );
  });

  it('says that its directory is a file', async () => {
    const file = join(tempDir(), 'file');
    writeFileSync(file, '');
    expect(await finished('true', { cwd: file })).toEqual(failed(`the working directory "${file}" is not a directory`));
  });

  it('says that its shell is not there, also which two for powershell', async () => {
    const with_ = deps({ env: { PATH: tempDir() } });
    expect(await finished('true', { shell: 'cmd' }, with_)).toEqual(
      failed('the shell "cmd" was not found on the PATH'),
    );
    expect(await finished('true', { shell: 'pwsh' }, with_)).toEqual(
      failed('the shell "pwsh" was not found on the PATH'),
    );
    expect(await finished('true', { shell: 'powershell' }, with_)).toEqual(
      failed('neither the shell "powershell" nor "pwsh" was found on the PATH'),
    );
  });

  it('says that a NUL is in the way', async () => {
    expect(await finished('echo a\0b')).toEqual(failed('the script contains a NUL character'));
    expect(await finished('true', { cwd: '/tmp\0' })).toEqual(failed('the working directory contains a NUL character'));
  });

  it('says that it is too long for a shell that takes no input', async () => {
    const directory = tempDir();
    writeFileSync(join(directory, 'cmd'), '#!/bin/sh\n', { mode: 0o755 });
    const with_ = deps({ env: { PATH: directory } });
    expect((await finished('x'.repeat(200_000), { shell: 'cmd' }, with_)).outcome).toEqual({
      kind: 'spawn-failed',
      why: 'the script is too long for the command line of "cmd" (E2BIG)',
    });
  });

  it('has no pid, and may still be killed', async () => {
    const script = start('true', { cwd: '/nope' });
    expect([script.pid, script.startTime]).toEqual([null, null]);
    script.end('killed');
    expect(['killed', 'spawn-failed']).toContain((await script.done).outcome.kind);
  });

  it.each(['user', 'system_gui'] as const)('is not supported with run_as %s', async (runAs) => {
    const { outcome } = await start('true', { runAs }).done;
    expect(outcome).toEqual({ kind: 'unsupported', why: `run_as ${runAs} needs Windows` });
  });

  it('costs no file descriptor', async () => {
    const openFds = () => readdirSync('/proc/self/fd').length;
    const before = openFds();
    for (let index = 0; index < 100; index++) await finished('true', { cwd: '/nope' });
    expect(openFds() - before).toBeLessThan(50);
  });
});

describe('whatever the launcher does', () => {
  /** A child whose end the test decides; its output never ends. */
  function held(killTree: () => Promise<void>): { launcher: Launcher; exit: (exit: Exit) => void } {
    const exited = Promise.withResolvers<Exit>();
    const drained = new Promise<void>(() => {});
    const child = {
      kind: 'launched',
      pid: 1,
      startTime: null,
      exited: exited.promise,
      drained,
      killTree,
      release() {},
    } as const;
    return { launcher: { launch: () => child }, exit: exited.resolve };
  }

  it('a kill in the tick of the exit gives one answer, and kills once', async () => {
    let kills = 0;
    const { launcher, exit } = held(async () => void kills++);
    const script = start('', {}, deps({ launcher }));
    exit({ kind: 'exited', code: 0 });
    script.end('killed');
    expect((await script.done).outcome).toEqual({ kind: 'killed' });
    expect(kills).toBe(1);
  });

  it('an answer comes although the output never ends and the child does not die', async () => {
    const { launcher } = held(() => Promise.resolve());
    const script = start('', { timeoutSecs: 1 }, deps({ launcher }));
    expect((await script.done).outcome).toEqual({ kind: 'timeout' });
  });
});
