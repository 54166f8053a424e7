import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { eventually } from '../../../test/support/eventually.ts';
import { NO_PWSH, PWSH } from '../../../test/support/powershell.ts';
import { tempDir } from '../../../test/support/temp.ts';
import { PowerShellConversation, systemPowerShell } from './powershell.ts';
import { type PlainFacts, readWindowsHardware } from './windows.ts';

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

describe.skipIf(PWSH === null)(`a real PowerShell (${PWSH ?? NO_PWSH})`, () => {
  function real() {
    const conversation = new PowerShellConversation(PWSH ?? '');
    onTestFinished(() => conversation.close());
    return (expression: string, signal = never) => conversation.ask(expression, signal);
  }

  test('answers, whatever it says beside; errors of every kind cost no process', { timeout: 60_000 }, async () => {
    const ask = real();
    const pid = await ask('$PID');
    expect(await ask('-join ([char]0x65E5, [char]0x672C, [char]0x8A9E)')).toBe('日本語');
    expect(await ask("@(1, 'two', $null)")).toEqual([1, 'two', null]);
    expect(await ask("@('one')")).toEqual(['one']);
    expect(await ask('& { Write-Warning w; Write-Host h; Write-Error e -ErrorAction Continue; 7 }')).toBe(7);
    expect(await ask("'x' * 3000000")).toBe('x'.repeat(3_000_000));
    for (const [wrong, why] of [
      ["throw 'no'", /^no$/],
      ['throw -join ([char]0x65E5, "it\'s")', /^日it's$/],
      ['Get-Nothing', /Get-Nothing/],
      ['1 + (', /./],
      ['1 }; 2', /./],
      ["'open", /./],
    ] as const)
      await expect(ask(wrong)).rejects.toMatchObject({ cause: { message: expect.stringMatching(why) } });
    expect(await ask('$PID')).toBe(pid);
  });

  test('answers in constrained language mode too', { timeout: 60_000 }, async () => {
    const ask = real();
    const constrain = "& { $ExecutionContext.SessionState.LanguageMode = 'ConstrainedLanguage'; 1 }";
    expect(await ask(constrain)).toBe(1);
    expect(await ask('"$($ExecutionContext.SessionState.LanguageMode)"')).toBe('ConstrainedLanguage');
    expect(await ask('-join ([char]0x65E5, [char]0x672C)')).toBe('日本');
    await expect(ask('[Console]::Beep()')).rejects.toThrow('PowerShell gave no answer');
  });

  test('says the hardware facts, with stand-ins for CIM: all of them, or what one class does not tell', {
    timeout: 60_000,
  }, async () => {
    const ask = real();
    await ask(CIM);
    const shell = { ask, close() {} };
    const facts = await readWindowsHardware(shell, never, () => PLAIN);
    expect(facts).toEqual({
      osName: 'Windows 日本',
      osVersion: '10.0.22631',
      osBuild: '22631',
      cpuModel: 'CPU',
      cpuCores: 6,
      ramBytes: 17_179_869_184,
      disks: [{ deviceId: 'C:', sizeBytes: 512_000_000_000, freeBytes: 5, fileSystem: 'NTFS' }],
      unread: [],
    });
    await ask("& { $global:broken = 'Win32_Processor'; 1 }");
    const rest = await readWindowsHardware(shell, never, () => PLAIN);
    expect(rest).toEqual({
      ...facts,
      cpuModel: 'plain CPU',
      cpuCores: null,
      unread: ['Win32_Processor: Invalid class'],
    });
  });
});

/** Defines `Get-CimInstance` for the whole conversation; `$broken` names a class that it does not know. */
const CIM = [
  "& { $global:broken = ''",
  'function global:Get-CimInstance($ClassName, $Property, $Filter) { Write-Warning $ClassName',
  "if ($ClassName -eq $global:broken) { throw 'Invalid class' }",
  'switch ($ClassName) {',
  "'Win32_OperatingSystem' { [pscustomobject] @{ Caption = 'Windows ' + [char]0x65E5 + [char]0x672C; Version = '10.0.22631'; BuildNumber = '22631' } }",
  "'Win32_ComputerSystem' { [pscustomobject] @{ TotalPhysicalMemory = [uint64] 17179869184 } }",
  "'Win32_Processor' { 1..2 | ForEach-Object { [pscustomobject] @{ Name = 'CPU'; NumberOfCores = [uint32] 3 } } }",
  "'Win32_LogicalDisk' { [pscustomobject] @{ DeviceID = 'C:'; Size = [uint64] 512000000000; FreeSpace = [uint64] 5; FileSystem = 'NTFS' }; [pscustomobject] @{ DeviceID = 'E:'; Size = $null } }",
  '} }; 1 }',
]
  .join('; ')
  .replaceAll('{;', '{')
  .replaceAll('};', '};')
  .replaceAll('} };', '} };');

const PLAIN: PlainFacts = {
  osName: 'plain Windows',
  osVersion: '10.0.1',
  cpuModel: 'plain CPU',
  ramBytes: 1,
  disks: async () => [],
};
