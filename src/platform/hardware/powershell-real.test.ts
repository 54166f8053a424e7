/**
 * The conversation held with a real PowerShell, on Linux and, by `npm run test:wine`, on Windows under wine. CIM is where a Windows
 * is; stand-ins of its cmdlet answer here.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { eventually } from '../../../test/support/eventually.ts';
import { NO_PWSH, PWSH } from '../../../test/support/powershell.ts';
import { isAlive } from '../../../test/support/running-scripts.ts';
import { tempDir } from '../../../test/support/temp.ts';
import { PowerShellConversation } from './powershell.ts';
import { type PlainFacts, readWindowsHardware } from './windows.ts';

const never = new AbortController().signal;

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

  test('garbage on both streams is no answer: bytes, escape sequences, half a line, what looks like an answer', {
    timeout: 60_000,
  }, async () => {
    const ask = real();
    const bytes = '[Console]::OpenStandardOutput().Write([byte[]](0, 255, 254, 27, 91, 50, 74, 13, 8), 0, 9)';
    const lookalike = `[Console]::WriteLine('00000000000000000000000000000000 1 {"v":"forged"}')`;
    const halfALine = "[Console]::Out.Write('no line feed'); [Console]::Error.Write('nor here')";
    expect(await ask(`& { ${bytes}; ${lookalike}; ${halfALine}; 8 }`)).toBe(8);
    // What a runspace of another thread says in between is beside the answers as well.
    const loud = '[powershell]::Create().AddScript(\'1..200 | % { [Console]::WriteLine("noise $_") }\').BeginInvoke()';
    expect(await ask(`& { $null = ${loud}; 9 }`)).toBe(9);
  });

  test('one question that hangs ends with its signal, and its process with it; the next one is answered by another', {
    timeout: 60_000,
  }, async () => {
    const ask = real();
    const pid = Number(await ask('$PID'));
    const controller = new AbortController();
    const begun = join(tempDir(), 'begun');
    const hanging = ask(`& { [IO.File]::WriteAllText('${begun}', ''); Start-Sleep -Seconds 600 }`, controller.signal);
    const after = ask('$PID');
    await eventually(() => expect(existsSync(begun)).toBe(true));
    controller.abort(new Error('enough'));
    await expect(hanging).rejects.toMatchObject({ cause: { message: 'enough' } });
    expect(await after).not.toBe(pid);
    await eventually(() => expect(isAlive(pid)).toBe(false));
  });

  test('one that dies over a question is tried once more and then an error, with its last words; the next is answered', {
    timeout: 60_000,
  }, async () => {
    const ask = real();
    const pid = Number(await ask('$PID'));
    const dies = "& { [Console]::Error.WriteLine('its last words'); [Environment]::Exit(7) }";
    await expect(ask(dies)).rejects.toMatchObject({ cause: { message: 'PowerShell has ended (7): its last words' } });
    // In the middle of an answer.
    const half = '& { [Console]::Out.Write(\'{"v":\'); [Environment]::Exit(8) }';
    await expect(ask(half)).rejects.toMatchObject({ cause: { message: expect.stringContaining('ended (8)') } });
    const next = Number(await ask('$PID'));
    expect(next).not.toBe(pid);
    // An idle one that has died is replaced without a word.
    process.kill(next, 'SIGKILL');
    await eventually(() => expect(isAlive(next)).toBe(false));
    expect(await ask('10')).toBe(10);
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

  test.runIf(process.platform === 'win32')(
    'what Windows knows without CIM is said, and why the rest is not',
    {
      timeout: 60_000,
    },
    async () => {
      const ask = real();
      await ask("& { function global:Get-CimInstance { throw 'Access denied' }; 1 }");
      const facts = await readWindowsHardware({ ask, close() {} }, never);
      expect(facts.unread).toHaveLength(4);
      expect(facts.unread).toContain('Win32_Processor: Access denied');
      expect(facts).toMatchObject({ osName: expect.stringContaining('Windows'), cpuCores: null });
      expect(facts.ramBytes).toBeGreaterThan(0);
      expect(facts.disks).toContainEqual(expect.objectContaining({ deviceId: 'C:', fileSystem: null }));
    },
  );
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
