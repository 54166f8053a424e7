import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, onTestFinished, test } from 'vitest';
import { eventually } from '../../test/support/eventually.ts';
import { takeMachineLock } from './machine-lock.ts';

const HELD = { kind: 'held', lock: { release: expect.any(Function) } };
const hasLock = process.platform === 'linux' || process.platform === 'win32';

/** A name that no agent of this machine has. */
function freshKey(): string {
  return `test-${crypto.randomUUID()}`;
}

test.skipIf(!hasLock)('one at a time holds the lock of a key, and the next one once it is released', async () => {
  const key = freshKey();
  const first = await takeMachineLock(key);
  expect([first, await takeMachineLock(key), await takeMachineLock(freshKey())]).toEqual([
    HELD,
    { kind: 'taken' },
    HELD,
  ]);
  if (first.kind === 'held') await first.lock.release();
  expect(await takeMachineLock(key)).toEqual(HELD);
});

test.skipIf(!hasLock)('a process that is killed frees it', async () => {
  const key = freshKey();
  const source = `
    const { takeMachineLock } = await import(${JSON.stringify(new URL('machine-lock.ts', import.meta.url).href)});
    console.log((await takeMachineLock(${JSON.stringify(key)})).kind);
    setInterval(() => {}, 1_000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', source], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const [said] = await once(child.stdout, 'data');
  expect([String(said).trim(), await takeMachineLock(key)]).toEqual(['held', { kind: 'taken' }]);
  child.kill('SIGKILL');
  await eventually(async () => expect(await takeMachineLock(key)).toEqual(HELD));
});

test.skipIf(!hasLock)('it does not keep a process alive', async () => {
  const source = `
    const { takeMachineLock } = await import(${JSON.stringify(new URL('machine-lock.ts', import.meta.url).href)});
    await takeMachineLock(${JSON.stringify(freshKey())});`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', source], { stdio: 'inherit' });
  onTestFinished(() => void child.kill('SIGKILL'));
  expect(await once(child, 'exit')).toEqual([0, null]);
});
