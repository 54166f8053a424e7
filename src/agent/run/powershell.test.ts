import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { NO_PWSH, PWSH, PWSH_ENVIRONMENT, runPowerShell } from '../../../test/support/powershell.ts';
import { tempDir } from '../../../test/support/temp.ts';
import {
  POWERSHELL_AHEAD,
  POWERSHELL_BOOTSTRAP,
  POWERSHELL_BOOTSTRAP_CALLED,
  powershellCommand,
  powershellInput,
} from './powershell.ts';
import { invocation } from './shell.ts';

const EACH_UNIT = Array.from({ length: 65_536 }, (_, unit) => String.fromCharCode(unit)).join('');

/** What `[regex]::Unescape` makes of the input, in JavaScript. */
function unescaped(input: string): string {
  const named: Record<string, string> = { n: '\n', r: '\r' };
  return input
    .replace(/~\n$/, '')
    .replace(/\\(?:u([0-9a-f]{4})|(.))/g, (_, unit: string | undefined, character: string) =>
      unit === undefined ? (named[character] ?? character) : String.fromCharCode(Number.parseInt(unit, 16)),
    );
}

describe('the script on its way into PowerShell', () => {
  it.each([
    ['every kind of quote', `"a" 'b' \`c @'\nhere\n'@ / %PATH% $x`],
    ['backslashes', '\\ \\\\ \\n \\u0041 C:\\new\\'],
    ['日本語 and characters outside the BMP', '日本語 é 🙂 \u2028'],
    ['half of a character', 'a\ud83db\ude42'],
    ['control characters', '\0\x01\x7f\r\n\t\u009f'],
    ['nothing', ''],
    ['what stands at the end of each input', '~ a~'],
    ['line feeds at its end', 'a\n\n'],
    ['what looks like a date', '2024-01-01T00:00:00Z'],
    ['a byte order mark that is not in front', 'a\ufeff'],
    ['nothing', ''],
    // Behind an `x`, as the first of them would be cut off.
    ['each UTF-16 unit', `x${EACH_UNIT}`],
    // More than are escaped at a time, with a pair at each place where it could be cut.
    ['a large text of pairs', `${'\u{1f600}'.repeat(100_000)}x${'\u{1f600}'.repeat(100_000)}`],
    ['as much as is escaped at a time', 'é'.repeat(65_536)],
  ])('keeps %s', (_, script) => {
    const input = powershellInput(script);
    expect(unescaped(input)).toBe(script);
    expect(input).toMatch(/^[\x20-\x7d]*~\n$/);
  });

  it('loses a byte order mark in front, which PowerShell would take for a part of the first name', () => {
    expect(unescaped(powershellInput("\ufeff'a'"))).toBe("'a'");
    expect(invocation('powershell', "\ufeff'a'", 'linux').args.at(-1)).toBe("'a'");
  });

  it('goes into a command that no quoting can hurt', () => {
    for (const command of [POWERSHELL_BOOTSTRAP, POWERSHELL_BOOTSTRAP_CALLED, POWERSHELL_AHEAD]) {
      expect(command).toMatch(/^[\x20-\x7e]*$/);
      expect(command).not.toMatch(/["\\%]/);
    }
  });

  it('goes into another one where it looks at how it was called', () => {
    expect(powershellCommand('Get-Item .')).toBe(POWERSHELL_BOOTSTRAP);
    expect(powershellCommand("if ($myinvocation.InvocationName -ne '.') { 1 }")).toBe(POWERSHELL_BOOTSTRAP_CALLED);
  });
});

const CONSTRAINED = "$ExecutionContext.SessionState.LanguageMode='ConstrainedLanguage';";

/** By the fixed command, behind `before`. */
function run(shell: string, script: string, before = ''): { code: number | null; stdout: string; stderr: string } {
  const args = ['-NoProfile', '-NonInteractive', '-Command', before + powershellCommand(script)];
  const { status, stdout, stderr } = spawnSync(shell, args, {
    input: powershellInput(script),
    env: { ...process.env, ...PWSH_ENVIRONMENT, NO_COLOR: '1' },
    maxBuffer: 16 * 1024 * 1024,
    windowsHide: true,
  });
  const text = (bytes: Buffer) => bytes.toString('utf8').replaceAll('\r\n', '\n');
  return { code: status, stdout: text(stdout), stderr: text(stderr) };
}

if (PWSH === null) describe(`PowerShell: ${NO_PWSH}`, () => it.skip('is not tried here', () => {}));
else {
  const shell = PWSH;
  // What plain `-Command` can't show, since no argument can hold it. All else is in e2e/powershell.
  describe('a script in a real PowerShell', () => {
    it('may be 1 MB of many lines, with 日本語 in it', () => {
      const script = `${'# 日本語 🙂 comment\n'.repeat(70_000)}'日本語'; $MyInvocation.MyCommand.Definition.Length`;
      expect(script.length).toBeGreaterThan(1024 * 1024);
      expect(run(shell, script)).toEqual({ code: 0, stdout: `日本語\n${script.length}\n`, stderr: '' });
    });

    it('may be 1 MB on one line', () => {
      const text = 'é"\\'.repeat(350_000);
      expect(run(shell, `'${text}'`)).toEqual({ code: 0, stdout: `${text}\n`, stderr: '' });
    });

    it('keeps NUL and halves of characters', () => {
      const codes = (text: string) => `('${text}'.ToCharArray() | ForEach-Object { [int]$_ }) -join ','`;
      expect(run(shell, codes('a\0b\ud83d\ude42\ud83dc\ude42')).stdout).toBe('97,0,98,55357,56898,55357,99,56898\n');
    });

    it('is run whole or not at all: nothing of a part of it', () => {
      const input = powershellInput("'deleted C:\\work\\'; exit 0");
      for (const command of [POWERSHELL_BOOTSTRAP, POWERSHELL_BOOTSTRAP_CALLED, POWERSHELL_AHEAD])
        for (const length of [0, 15, input.length - 2]) {
          const args = ['-NoProfile', '-NonInteractive', '-Command', command];
          const { status, stdout } = spawnSync(shell, args, {
            input: input.slice(0, length),
            env: { ...process.env, ...PWSH_ENVIRONMENT },
            encoding: 'utf8',
            windowsHide: true,
          });
          expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
        }
    });

    it('may begin with a byte order mark', () => {
      expect(run(shell, "\ufeffWrite-Output 'a'")).toEqual({ code: 0, stdout: 'a\n', stderr: '' });
    });

    it('is not run where a character of it is wrong, and says where', () => {
      const ended = run(shell, "'one'\n'two' three\n");
      expect(ended).toMatchObject({ code: 1, stdout: '' });
      expect(ended.stderr).toBe(
        "ParserError: \nLine |\n   2 |  'two' three\n     |        ~~~~~\n     | Unexpected token 'three' in expression or statement.\n",
      );
    });

    it('is not run where it ends too early, and says so', () => {
      for (const before of ['', CONSTRAINED])
        expect(run(shell, 'if ($x', before)).toEqual({
          code: 1,
          stdout: '',
          stderr: expect.stringContaining("Missing closing ')' after expression in 'if' statement."),
        });
    });

    it('finds nothing that the fixed command has left', () => {
      expect(run(shell, '@(Get-Item function:run 2>$null).Count; @(Get-Module | Where-Object Name).Count').stdout).toBe(
        '0\n1\n',
      );
    });
  });

  describe('the fixed commands', () => {
    // The same text everywhere, and wine finds not all that this needs.
    it.skipIf(process.platform === 'win32')('have no syntax that Windows PowerShell 5.1 does not have', () => {
      const directory = tempDir();
      const [file, results] = [join(directory, 'fixed.ps1'), join(directory, 'uses.json')];
      writeFileSync(file, `${POWERSHELL_BOOTSTRAP}\n${POWERSHELL_BOOTSTRAP_CALLED}\n`);
      const uses = join(import.meta.dirname, '..', '..', '..', 'e2e', 'verify-windows', 'used-commands.ps1');
      expect(runPowerShell(uses, ['-Files', file, '-Results', results])).toMatchObject({ code: 0 });
      const [found] = JSON.parse(readFileSync(results, 'utf8')) as { errors: unknown; newer: unknown }[];
      expect(found).toMatchObject({ errors: [], newer: [] });
    });
  });

  describe('a script in constrained language', () => {
    it.each([
      ['runs', '$ExecutionContext.SessionState.LanguageMode', 0, 'ConstrainedLanguage\n'],
      ['is not cut or changed', "'日本語🙂'.Length; '\\n'", 0, '5\n\\n\n'],
      ['gives its exit code', 'exit 7', 7, ''],
      ['fails with its last statement', 'Get-Item /nope', 1, ''],
      ['fails with its last statement before a return', "'a'; Get-Item /nope; return", 1, 'a\n'],
      ['fails where it throws', "throw 'x'", 1, ''],
      ['fails where a character of it is wrong', "'a' b", 1, ''],
      ['has its parameters', 'param([Parameter(Mandatory)]$Path) "would delete [$Path]"', 1, ''],
      ['has its blocks', "begin { 'b' } process { 'p' } end { 'e' }", 0, 'b\np\ne\n'],
      ['is refused what it may not', "[int]::Parse('1'); [IO.File]::Exists('/')", 1, '1\n'],
      ['runs where it looks at how it was called', '$MyInvocation.MyCommand.Definition.Length', 0, '41\n'],
    ])('%s', (_, script, code, stdout) => {
      expect(run(shell, script, CONSTRAINED)).toMatchObject({ code, stdout });
    });

    it('says what is wrong once, and where', () => {
      expect(run(shell, "'a' b", CONSTRAINED).stderr).toBe(
        "ParserError: \nLine |\n   1 |  'a' b\n     |      ~\n     | Unexpected token 'b' in expression or statement.\n",
      );
    });
  });
}
