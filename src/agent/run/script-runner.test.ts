import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { deps, finished, isAlive, MIB, pidFrom, start } from '../../../test/support/running-scripts.ts';
import { tempDir } from '../../../test/support/temp.ts';
import { loopTurn } from '../../base/loop-turn.ts';
import { startIdentity } from '../../platform/posix-proc.ts';
import { scriptEnvironment } from './child-env.ts';
import type { Exit, Launcher, LaunchSpec } from './launcher.ts';
import { PosixLauncher } from './posix-launcher.ts';

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

  it('sees nothing of KANADE_* and of the service manager, and its own marker (D38)', async () => {
    const ofTheService = { KANADE_NATS_TOKEN: 'secret', NOTIFY_SOCKET: '/run/x', OTHER: 'x' };
    const with_ = deps({ env: { ...process.env, ...ofTheService, TZ: 'Asia/Tokyo' } });
    const { stdout } = await finished('env', { marker: 'my-run' }, with_);
    expect(stdout).not.toMatch(/KANADE_|NOTIFY_|OTHER/);
    expect(stdout).toMatch(/^TZ=Asia\/Tokyo$/m);
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
    const launcher = new PosixLauncher({ environment: scriptEnvironment(process.env), priority: 'normal' });
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
    expect(script.startTime()).toBe(startIdentity(script.pid ?? 0));
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
    process.kill(child, 'SIGKILL');
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

describe('whatever the launcher does', () => {
  /** A child whose end the test decides; its output never ends. */
  function held(killTree: () => Promise<void>): { launcher: Launcher; exit: (exit: Exit) => void } {
    const exited = Promise.withResolvers<Exit>();
    const drained = new Promise<void>(() => {});
    const child = {
      kind: 'launched',
      pid: 1,
      startTime: () => null,
      isRunning: () => true,
      feed() {},
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

  it('a tree that can not be ended is no reason to lose the answer, nor to end the agent', async () => {
    const fails = () => Promise.reject(new Error('EMFILE: too many open files'));
    const killed = held(fails);
    const first = start('', {}, deps({ launcher: killed.launcher }));
    first.end('killed');
    expect((await first.done).outcome).toEqual({ kind: 'killed' });
    // Here nobody waits for the end of the tree yet when it fails.
    const ended = held(fails);
    const second = start('', {}, deps({ launcher: ended.launcher }));
    ended.exit({ kind: 'exited', code: 3 });
    // Its exit is known by then, and its output is still being read.
    await loopTurn();
    second.end('killed');
    expect((await second.done).outcome).toEqual({ kind: 'exited', code: 3 });
  });

  it('an answer comes although the output never ends and the child does not die', async () => {
    const { launcher } = held(() => Promise.resolve());
    const script = start('', { timeoutSecs: 1 }, deps({ launcher }));
    expect((await script.done).outcome).toEqual({ kind: 'timeout' });
  });
});
