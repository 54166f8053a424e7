import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { tempDir } from '../../test/support/temp.ts';
import { silentLogger } from '../base/logger.ts';
import { until } from '../base/watched.ts';
import type { FactsShell } from './hardware/powershell.ts';
import { checkPendingRestart, startRestartPending } from './restart-pending.ts';

const never = new AbortController().signal;

function shellWith(answer: unknown): FactsShell & { asked: string[] } {
  const asked: string[] = [];
  return {
    asked,
    ask: async (expression) => {
      asked.push(expression);
      return answer;
    },
    close() {},
  };
}

function start(check: () => Promise<boolean>) {
  const restart = startRestartPending({ check, log: silentLogger, refreshMs: 1 });
  onTestFinished(() => restart.close());
  return restart.pending;
}

test('it is looked at from the start on, again and again', async () => {
  const answers = [true, false, true];
  const pending = start(async () => answers.shift() ?? true);
  await until(pending, (value) => value);
  await until(pending, (value) => !value);
  await until(pending, (value) => value);
});

test('a look that fails changes nothing', async () => {
  let looks = 0;
  const pending = start(async () => {
    looks += 1;
    if (looks === 2) throw new Error('no answer');
    return looks < 4;
  });
  await until(pending, (value) => value);
  const seen: boolean[] = [];
  pending.watch((value) => seen.push(value));
  await until(pending, (value) => !value);
  expect({ seen, looks }).toEqual({ seen: [false], looks: 4 });
});

test('on Windows its own flags are asked for in one line', async () => {
  const shell = shellWith(true);
  expect(await checkPendingRestart(shell, 'win32')(never)).toBe(true);
  expect(shell.asked[0]).toContain('Component Based Servicing\\RebootPending');
  expect(shell.asked[0]).toContain('Auto Update\\RebootRequired');
  expect(shell.asked[0]).not.toMatch(/[\r\n]/);
  await expect(checkPendingRestart(shellWith('True'), 'win32')(never)).rejects.toThrow('something else');
});

test('on Debian it is the flag file that tells', async () => {
  const flag = join(tempDir(), 'reboot-required');
  const check = checkPendingRestart(shellWith(null), 'linux', flag);
  expect(await check(never)).toBe(false);
  writeFileSync(flag, '*** System restart required ***');
  expect(await check(never)).toBe(true);
});

test('where no operating system tells, nothing is pending and nothing is asked', async () => {
  const shell = shellWith(true);
  expect(await checkPendingRestart(shell, 'darwin')(never)).toBe(false);
  expect(shell.asked).toEqual([]);
});
