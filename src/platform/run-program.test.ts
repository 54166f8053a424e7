import { tmpdir } from 'node:os';
import { expect, test } from 'vitest';
import { runProgram } from './run-program.ts';

const run = (script: string, more: { limitMs?: number; signal?: AbortSignal } = {}) =>
  runProgram(process.execPath, ['-e', script], {
    env: process.env,
    cwd: tmpdir(),
    limitMs: 60_000,
    signal: new AbortController().signal,
    ...more,
  });

test('how it ended, and what it said', async () => {
  expect(await run('console.log("out"); console.error("err"); process.exit(3)')).toEqual({
    code: 3,
    stdout: 'out\n',
    stderr: 'err\n',
  });
  expect(await run('')).toMatchObject({ code: 0 });
});

test('one that does not end is ended, one that says too much as well', async () => {
  expect(await run('setInterval(() => {}, 1000)', { limitMs: 200 })).toMatchObject({ code: null });
  expect(await run('for (;;) console.log("x".repeat(9999))')).toMatchObject({ code: null });
});

test('one that is not there is no exception', async () => {
  const how = { env: {}, cwd: tmpdir(), limitMs: 1_000, signal: new AbortController().signal };
  expect(await runProgram('/nowhere/program', [], how)).toMatchObject({
    code: null,
    stderr: expect.stringContaining('ENOENT'),
  });
});

test('our own stop ends it', async () => {
  const ending = new AbortController();
  const running = run('setInterval(() => {}, 1000)', { signal: ending.signal });
  ending.abort(new Error('stopping'));
  await expect(running).rejects.toThrow('stopping');
});
