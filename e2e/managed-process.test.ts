/** The one managed process and the one polling wait of scripts and tests. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { ROOT } from '../scripts/bootstrap/paths.mjs';
import { ManagedProcess } from '../scripts/lib/managed-process.ts';
import { isAlive } from '../scripts/lib/observing.ts';
import { until } from '../scripts/lib/waiting.ts';
import { eventually, PATIENCE_MS } from '../test/support/eventually.ts';

/** A Node that runs `script`; one that has to be killed at its stop gets the time `stopMs`. */
function program(script: string, stopMs = PATIENCE_MS): ManagedProcess {
  const made = new ManagedProcess(() => spawn(process.execPath, ['-e', script]), { stopMs });
  onTestFinished(() => made.kill());
  return made;
}

describe('a managed process', () => {
  test('that ends by itself has died, with its log, and can be started again', async () => {
    const made = program('console.log("out"); console.error("err"); process.exitCode = 3');
    made.start();
    await made.died;
    expect(await made.ended).toEqual({ code: 3, signal: null });
    expect(made.running).toBe(false);
    expect(made.log).toContain('out\n');
    expect(made.log).toContain('err\n');
    made.start();
    await made.died;
    expect(made.log.match(/out/g)).toHaveLength(2);
  });

  test('that is stopped has not died', async () => {
    const made = program('setInterval(() => {}, 1000); console.log("runs")');
    let died = false;
    void made.died.then(() => {
      died = true;
    });
    made.start();
    expect(() => made.start()).toThrow('it runs already');
    await eventually(() => expect(made.log).toBe('runs\n'));
    expect(await made.end('SIGTERM')).toEqual({ code: null, signal: 'SIGTERM' });
    expect(died).toBe(false);
    expect(await made.end('SIGTERM'), 'how it ended last').toEqual({ code: null, signal: 'SIGTERM' });
  });

  test.skipIf(process.platform === 'win32')('that does not end in time is killed', async () => {
    const made = program('process.on("SIGTERM", () => {}); setInterval(() => {}, 1000); console.log("runs")', 50);
    made.start();
    await eventually(() => expect(made.log).toBe('runs\n'));
    await made.stop();
    expect(await made.ended).toEqual({ code: null, signal: 'SIGKILL' });
  });

  test('that can not be started has died, and says why', async () => {
    const made = new ManagedProcess(() => spawn(join(ROOT, 'no-such-program')), { stopMs: PATIENCE_MS });
    made.start();
    await made.died;
    expect(made.log).toContain('ENOENT');
  });

  test.skipIf(process.platform === 'win32')(
    'that leaves a child with its streams has ended where its exit counts',
    async () => {
      const script = 'sleep 60 & echo $!; exit 0';
      const made = new ManagedProcess(() => spawn('sh', ['-c', script]), { stopMs: PATIENCE_MS, endsAt: 'exit' });
      const { stdout } = made.start();
      const [text] = stdout === null ? [''] : await once(stdout, 'data');
      onTestFinished(() => void process.kill(Number(text), 'SIGKILL'));
      expect(await made.ended).toEqual({ code: 0, signal: null });
    },
  );

  test('never outlives whoever started it', async () => {
    const module = join(ROOT, 'scripts', 'lib', 'managed-process.ts');
    const script = `
      import { spawn } from 'node:child_process';
      import { ManagedProcess } from ${JSON.stringify(module)};
      const launch = () => spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore', detached: true });
      console.log(new ManagedProcess(launch, { stopMs: 1000 }).start().pid);
      process.exit(0);`;
    const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
    const pid = Number(stdout);
    expect(pid).toBeGreaterThan(0);
    await eventually(() => expect(isAlive(pid)).toBe(false));
  });
});

describe('until', () => {
  test('resolves with the first value that is found', async () => {
    const answers = [undefined, false as const, 0];
    const found: number = await until('a number', () => answers.shift(), { timeoutMs: PATIENCE_MS, everyMs: 1 });
    expect(found).toBe(0);
  });

  test('rejects with what it waited for, with what the look throws, or with the reason of the signal', async () => {
    await expect(until('rain', () => false, { timeoutMs: 0 })).rejects.toThrow('waited for 0 s: rain');
    const fails = () => Promise.reject(new Error('no window'));
    await expect(until('rain', fails, { timeoutMs: PATIENCE_MS })).rejects.toThrow('no window');
    const signal = AbortSignal.abort(new Error('home'));
    await expect(until('rain', () => false, { timeoutMs: PATIENCE_MS, signal })).rejects.toThrow('home');
  });
});
