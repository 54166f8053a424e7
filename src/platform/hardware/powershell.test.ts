import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { eventually } from '../../../test/support/eventually.ts';
import { tempDir } from '../../../test/support/temp.ts';
import { PowerShellConversation, systemPowerShell } from './powershell.ts';

/**
 * Speaks as a PowerShell on a pipe does: it reads lines and prints what is asked for between other things. What stands for our
 * expression is JavaScript. Each start leaves a line in `starts`.
 */
const STAND_IN = `#!${process.execPath}
const { appendFileSync } = require('node:fs');
appendFileSync(__dirname + '/starts', JSON.stringify({ pid: process.pid, argv: process.argv.slice(2), env: Object.keys(process.env) }) + '\\n');
require('node:readline').createInterface({ input: process.stdin }).on('line', (line) => {
  const [, quoted, frame] = /Invoke-Expression '@\\{ v = (.*) \\}'.* '(\\w+ \\d+) ' \\+ \\$answer \\}$/.exec(line);
  const ascii = (value) => JSON.stringify(value).replace(/[^ -~]/g, (c) => '\\\\u' + c.charCodeAt(0).toString(16).padStart(4, '0'));
  const answer = (value) => console.log('\\x1b[?1h\\x1b=' + frame + ' ' + ascii(value));
  try {
    const value = eval(quoted.replaceAll("''", "'"));
    answer({ v: value });
  } catch (error) {
    answer({ e: error.message });
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
  const questions = ['1 + 1', '"\\u65e5\\u672c\\u8a9e \\"quoted\\" \'"', '[{ a: null }]', 'false'];
  expect(await Promise.all(questions.map((question) => ask(question)))).toEqual([
    2,
    '日本語 "quoted" \'',
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
  expect(starts()[0]?.argv).toEqual(expect.arrayContaining(['-NoProfile', '-NonInteractive', '-Command', '-']));
  expect(starts()[0]?.env).not.toContain('KANADE_NATS_TOKEN');
  expect(starts()[0]?.env).toContain('PATH');
});

test('nothing is started before the first question', () => {
  expect(standIn().starts()).toEqual([]);
});

test('what PowerShell reports as an error is the answer, and costs no process', async () => {
  const { ask, starts } = standIn();
  await expect(ask('nonsense()')).rejects.toMatchObject({
    message: 'PowerShell gave no answer',
    cause: { message: 'nonsense is not defined' },
  });
  await expect(ask('"日本語"')).rejects.toMatchObject({
    cause: { message: expect.stringContaining('printable ASCII') },
  });
  expect(await ask('3')).toBe(3);
  expect(starts()).toHaveLength(1);
});

test('an answer is found whatever else is said, on either stream, also in pieces', async () => {
  const { ask, starts } = standIn();
  const noise = 'console.error("a warning"), console.log("WARNING: \\u65e5"), process.stdout.write("no line feed ")';
  expect(await ask(`(${noise}, 6)`)).toBe(6);
  const long = await ask('"x".repeat(3000000)');
  expect(long).toBe('x'.repeat(3_000_000));
  expect(starts()).toHaveLength(1);
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
  await expect(ask('(console.error("its last words"), process.exit(7))')).rejects.toMatchObject({
    cause: { message: 'PowerShell has ended (7): its last words' },
  });
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
