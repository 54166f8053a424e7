/** Real scripts, for the tests of the runner. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { scriptEnvironment } from '../../src/agent/run/child-env.ts';
import { PosixLauncher } from '../../src/agent/run/posix-launcher.ts';
import {
  type RunnerDeps,
  type RunningScript,
  type ScriptSpec,
  startScript,
} from '../../src/agent/run/script-runner.ts';
import { systemClock } from '../../src/base/clock.ts';
import { procStat } from '../../src/platform/posix-proc.ts';
import { eventually } from './eventually.ts';

export const MIB = 1024 * 1024;
let runs = 0;

export function deps(changes: Partial<RunnerDeps> & { env?: NodeJS.ProcessEnv } = {}): RunnerDeps {
  const { env = process.env, ...rest } = changes;
  return {
    launcher: new PosixLauncher({ environment: scriptEnvironment(env), priority: 'below_normal' }),
    clock: systemClock,
    maxOutputBytes: 8 * MIB,
    legacyDecoder: null,
    ...rest,
  };
}

export function start(script: string, changes: Partial<ScriptSpec> = {}, with_: RunnerDeps = deps()): RunningScript {
  const marker = `runner-test-${process.pid}-${runs++}`;
  return startScript({ marker, shell: 'sh', script, cwd: null, runAs: 'system', timeoutSecs: 60, ...changes }, with_);
}

export async function finished(
  ...args: Parameters<typeof start>
): Promise<{ outcome: unknown; stdout: string; stderr: string }> {
  const { outcome, stdout, stderr } = await start(...args).done;
  return { outcome, stdout: stdout.text, stderr: stderr.text };
}

/** A zombie is not alive: PID 1 may never reap it. */
export function isAlive(pid: number | null): boolean {
  if (pid !== null && process.platform === 'win32') return answers(pid);
  const stat = pid === null ? null : procStat(pid);
  return stat !== null && !stat.zombie;
}

function answers(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** The pid that a script wrote into the file `name`. */
export function pidFrom(directory: string, name: string): Promise<number> {
  return eventually(() => {
    const text = readFileSync(join(directory, name), 'utf8');
    expect(text).toMatch(/^\d+\n$/);
    return Number(text);
  });
}
