import { randomUUID } from 'node:crypto';
import { dirname } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { NO_PWSH, PWSH } from '../../../test/support/powershell.ts';
import { tempDir } from '../../../test/support/temp.ts';
import { silentLogger } from '../../base/logger.ts';
import { sleep } from '../../base/sleep.ts';
import type { Shell } from '../wire/command.ts';
import type { Exit, Launched, Launcher, LaunchSpec } from './launcher.ts';
import { makeRunner } from './make-runner.ts';
import { POWERSHELL_AHEAD, powershellInput } from './powershell.ts';
import { startScript } from './script-runner.ts';
import { invocation } from './shell.ts';
import { markerAhead, ShellsAhead, type ShellsAheadOptions } from './shells-ahead.ts';

/** A child that the test decides over. */
class Child implements Launched {
  readonly kind = 'launched';
  readonly pid = 1;
  readonly spec: LaunchSpec;
  readonly end = Promise.withResolvers<Exit>();
  readonly exited = this.end.promise;
  readonly drained = Promise.resolve();
  fed: string | null = null;
  killedAs: string | null = null;
  runs = true;
  released = false;

  constructor(spec: LaunchSpec) {
    this.spec = spec;
  }

  get isAhead(): boolean {
    return this.spec.inputLater === true;
  }

  startTime(): null {
    return null;
  }
  isRunning(): boolean {
    return this.runs;
  }
  feed(input: string): void {
    this.fed = input;
  }
  async killTree(): Promise<void> {
    this.killedAs = this.spec.marker;
    this.runs = false;
  }
  release(): void {
    this.released = true;
  }
}

class Children implements Launcher {
  readonly all: Child[] = [];

  launch(spec: LaunchSpec): Child {
    const child = new Child(spec);
    this.all.push(child);
    return child;
  }

  get waiting(): Child[] {
    return this.all.filter((child) => child.isAhead && child.fed === null && child.killedAs === null && child.runs);
  }
}

const START_AFTER_MS = 250;
const KEPT_MS = 10 * 60_000;
/** Longer than all that happens by itself, but for the end of those that wait. */
const LONG_MS = 60_000;

/** On timers that the test moves. */
function stage(options: Partial<ShellsAheadOptions> = {}) {
  const children = new Children();
  const ahead = new ShellsAhead({
    launcher: children,
    most: 1,
    mayWait: () => true,
    log: silentLogger,
    directory: '/data',
    startAfterMs: START_AFTER_MS,
    ...options,
  });
  onTestFinished(() => ahead.close());
  const launch = (script: string, more: Partial<LaunchSpec> = {}, shell: Shell = 'powershell') =>
    ahead.launch({
      invocation: invocation(shell, script, 'win32'),
      runAs: 'system',
      cwd: null,
      marker: randomUUID(),
      onStdout: () => 0,
      onStderr: () => 0,
      ...more,
    }) as Child;
  const oneWaits = async () => {
    await vi.advanceTimersByTimeAsync(START_AFTER_MS);
    expect(children.waiting).toHaveLength(1);
  };
  return { children, ahead, launch, oneWaits };
}

describe('a shell that is started ahead', () => {
  const toFake = ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance'] as const;
  beforeEach(() => void vi.useFakeTimers({ toFake: [...toFake] }));
  afterEach(() => void vi.useRealTimers());

  it('is there after the first command, gets one script with the marker of its run, and another one follows', async () => {
    const { children, launch, oneWaits } = stage();
    expect(launch('1').isAhead).toBe(false);
    await oneWaits();
    const [waiting] = children.waiting;
    expect(waiting?.spec.invocation.args.at(-1)).toBe(POWERSHELL_AHEAD);
    const seen: string[] = [];
    const marker = randomUUID();
    const given = launch('2 \\ 日', { marker, onStdout: (chunk) => seen.push(String(chunk)) });
    expect(given).toBe(waiting);
    expect(given.fed).toBe(marker + powershellInput('2 \\ 日'));
    given.spec.onStdout(Buffer.from('out'));
    expect(seen).toEqual(['out']);
    await given.killTree();
    expect(given.killedAs).toBe(marker);
    await oneWaits();
    expect(children.waiting[0]).not.toBe(waiting);
  });

  it.each<[string, Partial<LaunchSpec>, Shell, string]>([
    ['another account', { runAs: 'user' }, 'powershell', '1'],
    ['another directory', { cwd: 'C:\\Other' }, 'powershell', '1'],
    ['another shell', {}, 'pwsh', '1'],
    ['cmd', {}, 'cmd', 'echo 1'],
    ['a script that looks at how it was called', {}, 'powershell', '$MyInvocation'],
    ['a script that goes as an argument', { invocation: invocation('powershell', '1', 'linux') }, 'powershell', '1'],
    ['a marker of another length', { marker: 'short' }, 'powershell', '1'],
  ])('is not for %s', async (_what, more, shell, script) => {
    const { launch, oneWaits } = stage();
    launch('1');
    await oneWaits();
    expect(launch(script, more, shell).isAhead).toBe(false);
  });

  it('that has died, or has said something, is never given a script', async () => {
    const { children, launch, oneWaits } = stage();
    launch('1');
    await oneWaits();
    const [dead] = children.waiting;
    if (dead !== undefined) dead.runs = false;
    expect(launch('2').isAhead).toBe(false);
    await oneWaits();
    const [loud] = children.waiting;
    loud?.spec.onStderr(Buffer.from('a warning'));
    expect(launch('3').isAhead).toBe(false);
    expect(loud?.killedAs).toMatch(/^ahead-/);
  });

  it('that ends by itself is not started again before the next command', async () => {
    const { children, launch, oneWaits } = stage();
    launch('1');
    await oneWaits();
    const before = children.all.length;
    const [waiting] = children.waiting;
    if (waiting !== undefined) waiting.runs = false;
    waiting?.end.resolve({ kind: 'exited', code: 1 });
    await vi.advanceTimersByTimeAsync(LONG_MS);
    expect(children.all).toHaveLength(before);
    launch('2');
    await oneWaits();
  });

  it('goes when no command comes any more, when there is nothing to spare, and at the end', async () => {
    let maySpare = true;
    const { children, launch, oneWaits, ahead } = stage({ mayWait: () => maySpare });
    launch('1');
    await oneWaits();
    await vi.advanceTimersByTimeAsync(KEPT_MS - LONG_MS);
    expect(children.waiting).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(LONG_MS);
    expect(children.waiting).toHaveLength(0);
    expect(children.all.at(-1)?.killedAs).toMatch(/^ahead-/);
    maySpare = false;
    launch('2');
    await vi.advanceTimersByTimeAsync(LONG_MS);
    maySpare = true;
    launch('3');
    expect(children.all.filter((child) => child.isAhead)).toHaveLength(1);
    await oneWaits();
    ahead.close();
    expect(children.waiting).toHaveLength(0);
    launch('4');
    await vi.advanceTimersByTimeAsync(LONG_MS);
    expect(children.all.filter((child) => child.isAhead)).toHaveLength(2);
  });

  it('is looked for by the agent that comes after one that died', () => {
    expect(markerAhead('/data')).toMatch(/^ahead-[0-9a-f]{12}-$/);
    expect(markerAhead('/data')).not.toBe(markerAhead('/other'));
  });

  it('that ends by itself gives back what it has', async () => {
    const { children, launch, oneWaits } = stage();
    launch('1');
    await oneWaits();
    const [waiting] = children.waiting;
    waiting?.end.resolve({ kind: 'exited', code: 1 });
    await vi.advanceTimersByTimeAsync(0);
    expect(waiting?.released).toBe(true);
  });

  it('is one of as many as may wait, each started by itself', async () => {
    const { children, launch } = stage({ most: 3 });
    launch('1');
    for (const waiting of [1, 2, 3, 3]) {
      await vi.advanceTimersByTimeAsync(START_AFTER_MS);
      expect(children.waiting).toHaveLength(waiting);
    }
    launch('2');
    await vi.advanceTimersByTimeAsync(LONG_MS);
    expect(children.waiting).toHaveLength(3);
    expect(children.all.filter((child) => child.isAhead)).toHaveLength(4);
  });

  it('is never started where none may wait', async () => {
    const { children, launch } = stage({ most: 0 });
    launch('1');
    await vi.advanceTimersByTimeAsync(LONG_MS);
    expect(children.all).toHaveLength(1);
  });
});

describe.skipIf(PWSH === null || process.platform === 'win32')(`with a real PowerShell (${PWSH ?? NO_PWSH})`, () => {
  it('a script sees what it would see in a fresh one, and each has its own', { timeout: 60_000 }, async () => {
    const path = `${PWSH?.includes('/') ? `${dirname(PWSH)}:` : ''}${process.env.PATH}`;
    const env = { ...process.env, PATH: path, POWERSHELL_TELEMETRY_OPTOUT: '1' };
    const runner = makeRunner({ env, maxOutputBytes: 1e6, priority: 'normal', directory: tempDir(), warmShells: 1 });
    onTestFinished(() => runner.close?.());
    const run = async (script: string) => {
      const marker = randomUUID();
      const running = startScript(
        { marker, shell: 'pwsh', script, cwd: null, runAs: 'system', timeoutSecs: 50 },
        runner,
      );
      const { outcome, stdout, stderr } = await running.done;
      return { marker, pid: running.pid, outcome, stdout: stdout.text, stderr: stderr.text };
    };
    const LOOK = `
      $marker = $env:KTRAY_RUN
      Get-Variable | Where-Object Name -NotIn 'marker', 'PID', 'PSBoundParameters', 'Error', 'StackTrace' | ForEach-Object { "$($_.Name)=$($_.Value)" }
      Get-ChildItem env: | Where-Object Name -ne 'KTRAY_RUN' | ForEach-Object { "$($_.Name)=$($_.Value)" }
      (Get-ChildItem function:).Name; (Get-Module).Name; (Get-History).Count; (Get-Location).Path; [Environment]::CurrentDirectory
      (Get-Culture).Name; $Error.Count; @($input).Count; [Console]::In.ReadToEnd().Length; $PSStyle.OutputRendering
      $global:left = 'behind'; function global:Left { }; $env:LEFT = 'behind'; Set-Location /; $Error.Add(1)`;
    // It was there before: for that the time has to pass, in which nobody can see it.
    const AGE = '((Get-Date) - (Get-Process -Id $PID).StartTime).TotalSeconds -gt 1';
    const cold = await run(LOOK);
    await sleep(3_000);
    const warm = await run(LOOK);
    await sleep(3_000);
    const again = await run(`${LOOK}; 'marker is ' + $marker; & printenv KTRAY_RUN; ${AGE}; exit 7`);
    expect(cold.stderr + warm.stderr + again.stderr).toBe('');
    expect(warm.stdout).toBe(cold.stdout);
    expect(again.stdout).toBe(`${cold.stdout}marker is ${again.marker}\n${again.marker}\nTrue\n`);
    expect(again.outcome).toEqual({ kind: 'exited', code: 7 });
    expect(new Set([cold.pid, warm.pid, again.pid]).size).toBe(3);
  });
});
