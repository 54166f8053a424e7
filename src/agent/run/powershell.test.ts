import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { POWERSHELL_BOOTSTRAP, powershellInput } from './powershell.ts';

/** What the bootstrap does with its input, in JavaScript. */
function joined(input: string): string {
  const lines = input.split('\n').filter((line) => line !== '');
  return lines.map((line) => (JSON.parse(line) as { s: string }).s).join('');
}

describe('the script on its way into PowerShell', () => {
  it.each([
    ['every kind of quote', `"a" 'b' \`c @'\nhere\n'@ \\ / %PATH% $x`],
    ['日本語 and characters outside the BMP', '日本語 é 🙂 \u2028'],
    ['control characters', '\0\x01\x7f\r\n\t\u009f'],
    ['nothing', ''],
    ['what looks like a date', '2024-01-01T00:00:00Z'],
  ])('keeps %s', (_, script) => {
    const input = powershellInput(script);
    expect(joined(input)).toBe(`${script}\n`);
    expect(input).toMatch(/^[\x20-\x7e\n]*$/);
  });

  it('is cut into lines that any ConvertFrom-Json takes, never inside a character', () => {
    const script = `x${'🙂'.repeat(400_000)}`;
    const lines = powershellInput(script).trimEnd().split('\n');
    expect(lines.length).toBeGreaterThan(1);
    for (const line of lines) {
      expect(line.length).toBeLessThan(2_097_152);
      expect((JSON.parse(line) as { s: string }).s.isWellFormed()).toBe(true);
    }
    expect(joined(lines.join('\n'))).toBe(`${script}\n`);
  });

  it('goes into a command that no quoting can hurt', () => {
    expect(POWERSHELL_BOOTSTRAP).toMatch(/^[\x20-\x7e]*$/);
    expect(POWERSHELL_BOOTSTRAP).not.toMatch(/["\\%]/);
  });
});

const SHELLS = ['powershell', 'pwsh'].filter(
  (shell) => spawnSync(shell, ['-Version'], { timeout: 20_000 }).error === undefined,
);
const plainArgs = ['-NoProfile', '-NonInteractive', '-Command'];

describe.skipIf(SHELLS.length > 0)('a real PowerShell', () => {
  it.skip('is not on the PATH here: how scripts behave in it is not tested on this machine', () => {});
});

describe.each(SHELLS)('in a real %s', (shell) => {
  /** Scripts whose end could differ between the bootstrap and plain `-Command`. */
  it.each([
    ['success', "'ok'"],
    ['a failed last statement', 'Get-Item /nope'],
    ['a failure that is not the last statement', "Get-Item /nope; 'ok'"],
    ['a return after a failure', 'Get-Item /nope; return'],
    ['exit 3', 'exit 3'],
    ['throw', "throw 'x'"],
    ['a parse error', 'if ('],
    ['a trailing pipe', "'a' |"],
    ['a trailing assignment', '$x ='],
    ['a trailing comment', "'ok' # comment"],
    ['a trailing backtick', "'ok' `"],
    ['a here-string', "@'\n\"x\" 'y'\n'@"],
    ['a native failure', `& '${process.execPath}' -e 'process.exit(5)'`],
    ['a native failure passed on', `& '${process.execPath}' -e 'process.exit(5)'; exit $LASTEXITCODE`],
    ['using', "using namespace System.IO\n[Path]::GetFileName('a/b')"],
    ['param', "param($a = 'x')\n$a"],
    ['#Requires', "#Requires -Version 3\n'ok'"],
    ['stop on errors', "$ErrorActionPreference = 'Stop'; Get-Item /nope; 'not here'"],
    ['a division by zero at the end', '1; 1/0'],
    ['nothing but a comment', '# nothing'],
  ])('%s gives the output and exit code of plain -Command', (_, script) => {
    const plain = spawnSync(shell, [...plainArgs, script], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
    const input = powershellInput(script);
    const ours = spawnSync(shell, [...plainArgs, POWERSHELL_BOOTSTRAP], { encoding: 'utf8', input });
    expect([ours.status, ours.stdout]).toEqual([plain.status, plain.stdout]);
  });

  it('runs 1 MB with 日本語 in it', () => {
    const input = powershellInput(`# ${'x'.repeat(1024 * 1024)}\n'日本語'`);
    const { status, stdout } = spawnSync(shell, [...plainArgs, POWERSHELL_BOOTSTRAP], { encoding: 'utf8', input });
    expect([status, stdout.trim()]).toEqual([0, '日本語']);
  });
});
