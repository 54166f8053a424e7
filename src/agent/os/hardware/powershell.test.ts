import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { eventually } from '../../../../e2e/support/eventually.ts';
import { tempDir } from '../../../../e2e/support/temp.ts';
import { PowerShellConversation, systemPowerShell } from './powershell.ts';

/**
 * Speaks as the library expects a PowerShell on a pipe to: it reads lines and prints what is asked to be printed. What
 * stands for our expression is JavaScript. Each start leaves a line in `starts`.
 */
const STAND_IN = `#!${process.execPath}
const { appendFileSync } = require('node:fs');
appendFileSync(__dirname + '/starts', JSON.stringify({ pid: process.pid, argv: process.argv.slice(2), env: Object.keys(process.env) }) + '\\n');
require('node:readline').createInterface({ input: process.stdin }).on('line', (line) => {
  const delimiter = /^\\[Console\\]::(Out|Error)\\.WriteLine\\("(\\w+)"\\)$/.exec(line);
  if (delimiter) return process[delimiter[1] === 'Out' ? 'stdout' : 'stderr'].write(delimiter[2] + '\\n');
  const expression = /-InputObject \\((.*)\\)\\)\\)\\)\\)$/.exec(line)[1];
  try {
    const value = eval(expression);
    if (value !== undefined) console.log(Buffer.from(JSON.stringify(value)).toString('base64'));
  } catch (error) {
    console.error(error.message);
  }
}).on('close', () => process.exit());
`;

function standIn() {
  const directory = tempDir();
  const executable = join(directory, 'stand-in.cjs');
  writeFileSync(executable, STAND_IN);
  chmodSync(executable, 0o755);
  const conversation = new PowerShellConversation(executable);
  onTestFinished(() => conversation.close());
  const starts = () =>
    existsSync(join(directory, 'starts'))
      ? readFileSync(join(directory, 'starts'), 'utf8')
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line) as { pid: number; argv: string[]; env: string[] })
      : [];
  return { conversation, starts, ask: (what: string, signal = never) => conversation.ask(what, signal) };
}

/** Blocks the stand-in without using the processor. */
const HANG = 'Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)';

const never = new AbortController().signal;

/** Seen as running by the kernel, and no zombie. */
function lives(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.startsWith('Z') === false;
  } catch {
    return false;
  }
}

test('one process answers many questions, whatever they are about, in order', async () => {
  const { ask, starts } = standIn();
  const questions = ['1 + 1', '"日本語 \\"quoted\\""', '[{ a: null }]', 'false'];
  expect(await Promise.all(questions.map((question) => ask(question)))).toEqual([
    2,
    '日本語 "quoted"',
    [{ a: null }],
    false,
  ]);
  expect(starts()).toHaveLength(1);
});

test('it is started without profile and prompt, and without our secrets', async () => {
  vi.stubEnv('KANADE_NATS_TOKEN', 'secret');
  onTestFinished(() => void vi.unstubAllEnvs());
  const { ask, starts } = standIn();
  await ask('1');
  expect(starts()[0]?.argv).toEqual(
    expect.arrayContaining(['-NoProfile', '-NonInteractive', '-NoExit', '-Command', '-']),
  );
  expect(starts()[0]?.env).not.toContain('KANADE_NATS_TOKEN');
  expect(starts()[0]?.env).toContain('PATH');
});

test('nothing is started before the first question', () => {
  expect(standIn().starts()).toEqual([]);
});

test('what PowerShell reports as an error is the error', async () => {
  const { ask } = standIn();
  await expect(ask('nonsense()')).rejects.toMatchObject({
    message: 'PowerShell gave no answer',
    cause: { message: 'nonsense is not defined' },
  });
  expect(await ask('3')).toBe(3);
});

test('an idle one that has died is replaced without a word', async () => {
  const { ask, starts } = standIn();
  await ask('1');
  const pid = starts()[0]?.pid ?? 0;
  process.kill(pid, 'SIGKILL');
  await eventually(() => expect(lives(pid)).toBe(false));
  expect(await ask('2')).toBe(2);
  expect(starts()).toHaveLength(2);
});

test('one that dies over a question is tried once more, then the question fails and the next one is answered', async () => {
  const { ask, starts } = standIn();
  await ask('1');
  await expect(ask('process.exit(7)')).rejects.toThrow('PowerShell gave no answer');
  expect(starts()).toHaveLength(2);
  expect(await ask('4')).toBe(4);
});

test('a question that hangs ends with its signal, and its process with it; the next one is answered', async () => {
  const { ask, starts } = standIn();
  const controller = new AbortController();
  const hanging = ask(HANG, controller.signal);
  const after = ask('5');
  await eventually(() => expect(starts()).toHaveLength(1));
  controller.abort(new Error('enough'));
  await expect(hanging).rejects.toMatchObject({ cause: { message: 'enough' } });
  expect(await after).toBe(5);
  const pid = starts()[0]?.pid ?? 0;
  await eventually(() => expect(lives(pid)).toBe(false));
});

test('a PowerShell that is not there is an error, not the end of the agent', async () => {
  const conversation = new PowerShellConversation(join(tempDir(), 'powershell.exe'));
  await expect(conversation.ask('1', never)).rejects.toThrow('PowerShell gave no answer');
});

test('closing ends the process and what is being asked', async () => {
  const { conversation, ask, starts } = standIn();
  await ask('1');
  const hanging = ask(HANG);
  conversation.close();
  await expect(hanging).rejects.toThrow();
  await expect(ask('1')).rejects.toThrow('the conversation was closed');
  const pid = starts()[0]?.pid ?? 0;
  await eventually(() => expect(lives(pid)).toBe(false));
});

test('the system directory names the one that is used', () => {
  expect(systemPowerShell({ SystemRoot: '/win' })).toBe(
    join('/win', 'System32', 'WindowsPowerShell', 'v1.0', 'powershell.exe'),
  );
});
