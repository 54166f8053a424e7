/** The parts of `scripts/verify-windows` in a real PowerShell, the whole run in a stand-in of Windows, and what an interruption leaves. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../../test/support/eventually.ts';
import { NO_PWSH, PWSH, runPowerShell } from '../../test/support/powershell.ts';
import { CASES_WITHIN_MS, type Case, type Outcome, runCases } from './cases.ts';
import { PART_CASES } from './part-cases.ts';

const SCRIPTS = join(import.meta.dirname, '..', '..', 'scripts');
const why = PWSH === null ? ` (${NO_PWSH})` : '';

describe.skipIf(PWSH === null)(`parts of verify-windows.ps1${why}`, () => {
  let outcomes: Outcome[] = [];
  beforeAll(() => {
    outcomes = runCases(PART_CASES);
  }, CASES_WITHIN_MS);

  it.each(PART_CASES.map((each, at) => ({ ...each, at })))('$check says $name', ({ at, must, result }) => {
    const outcome = outcomes[at];
    expect(outcome).toMatchObject({ result: result ?? 'FAIL' });
    expect(outcome?.detail).toMatch(must);
  });
});

const run = (name: string, setUp = ''): Case => {
  const check = 'Invoke-Verify | Select-Object -Last 1';
  const prepared = `Remove-Item $Verify.Work, $Verify.State -Recurse; $Verify.Interactive = $false; ${setUp}`;
  return { check, name, with: prepared, must: /./, absent: true, after: LEFT };
};
/** What is still there of what the run has made. */
const LEFT = `@(
  Get-ChildItem -LiteralPath $env:ProgramFiles, $env:ProgramData -Filter 'K*'
  Get-ChildItem -LiteralPath $env:ProgramFiles -Filter 'k*'
  $World.tasks.Keys; @($World.services.Keys | Where-Object { $_ -ne 'seclogon' })
  if ($World.person) { 'the account' }
  if ($null -ne (Get-RegistryValue $Verify.EnvironmentKey '__PSLockdownPolicy')) { 'the lockdown' }
)`;
const RUNS = [
  run('a correct product'),
  run('a product whose script tree goes on', '$World.leavesTree = $true'),
  run('without an elevated prompt', '$World.administrator = $false'),
  run('without what it needs', "function Copy-Item { throw 'the disk is full' }"),
  run('a report that can not be written', "$Verify.Report = '/nowhere/report.json'"),
  run('before a restart', "$Verify.Stage = 'BeforeRestart'"),
  run(
    'before a restart, where the script does not begin',
    "$Verify.Stage = 'BeforeRestart'; function Start-ScriptOfWorld { }",
  ),
] as const;

describe.skipIf(PWSH === null)(`a whole run of verify-windows.ps1${why}`, () => {
  const outcomes = new Map<string, Outcome>();
  beforeAll(() => {
    for (const [at, outcome] of runCases(RUNS).entries()) outcomes.set(RUNS[at]?.name ?? '', outcome);
  }, CASES_WITHIN_MS);
  const of = (name: string) => {
    const outcome = outcomes.get(name);
    if (outcome === undefined) throw new Error(`no run ${name}`);
    const lines = (result: string) => outcome.others.filter((line) => line.startsWith(`${result} `));
    return { ...outcome, failed: lines('FAIL'), skipped: lines('SKIP'), passed: lines('PASS') };
  };

  it('ends with 0 for a correct product, and leaves nothing', () => {
    const { detail, failed, skipped, passed, after } = of('a correct product');
    expect({ detail, failed, after }).toEqual({ detail: '0', failed: [], after: '' });
    expect(passed.length).toBeGreaterThan(40);
    for (const line of skipped)
      expect(line).toMatch(
        /: (only with -Interactive|one person is signed in|the set-up was not caught in its middle)/,
      );
  });

  it('ends with the number of the failed checks', () => {
    const { detail, failed, after } = of('a product whose script tree goes on');
    expect({ detail, failed, after }).toEqual({
      detail: '1',
      failed: ['FAIL a script that is over its time ends with its whole tree: its program goes on'],
      after: '',
    });
  });

  it('checks nothing, and says so by 255, where it can not', () => {
    expect(of('without an elevated prompt')).toMatchObject({ detail: '255', others: [], after: '' });
  });

  it('checks nothing where it lacks what it needs, and leaves nothing', () => {
    const { detail, others, after } = of('without what it needs');
    expect({ detail, others, after }).toEqual({
      detail: '1',
      others: ['FAIL everything for the checks is there: the disk is full'],
      after: '',
    });
  });

  it('a report that can not be written is a failure', () => {
    expect(of('a report that can not be written')).toMatchObject({
      detail: '1',
      failed: [expect.stringMatching(/^FAIL the report is written/)],
    });
  });

  it('before a restart it leaves the product and its state, unless there is nothing to wait for', () => {
    const { after, detail } = of('before a restart');
    expect(detail).toBe('0');
    expect(after).toMatch(/kanade-verify-state/);
    expect(after).toMatch(/Kanade Tray/);
    expect(after).not.toMatch(/kanade-verify-[0-9a-f]{32}|account/);
    expect(of('before a restart, where the script does not begin')).toMatchObject({ detail: '1', after: '' });
  });
});

describe.skipIf(PWSH === null)(`verify-windows.ps1 as it is started${why}`, () => {
  let directory = '';
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'verify-windows-'));
  });
  afterAll(() => rmSync(directory, { recursive: true, force: true }));
  const write = (name: string, text: string) => {
    writeFileSync(join(directory, name), text);
    return join(directory, name);
  };
  const main = join(SCRIPTS, 'verify-windows.ps1');

  it('runs nothing when it is dot-sourced', () => {
    const file = write('dotted.ps1', `. '${main}'; "only $($Verify -is [hashtable])"`);
    expect(runPowerShell(file, []).output).not.toMatch(/Nothing was checked/);
  });

  it('says that this is no Windows', () => {
    expect(runPowerShell(main, ['-Installer', 'x'], { SystemRoot: '' })).toEqual({
      code: 255,
      output: 'Nothing was checked. This is no Windows.\n',
    });
  });

  it('an attack says that it can not be written in Constrained Language', () => {
    const attacks = join(SCRIPTS, 'verify-windows', 'attacks.ps1');
    const said = join(directory, 'said.json');
    const constrain = "$ExecutionContext.SessionState.LanguageMode = 'ConstrainedLanguage'";
    runPowerShell(write('constrained.ps1', `${constrain}\n& '${attacks}' -Attack Files -Where x -Said '${said}'`), []);
    expect(JSON.parse(readFileSync(said, 'utf8'))).toEqual({ language: 'ConstrainedLanguage' });
  });

  it('undoes what it has made after Ctrl+C', async () => {
    const [begun, undone] = [join(directory, 'begun'), join(directory, 'undone')];
    const file = write(
      'interrupted.ps1',
      `. '${main}'
      $Verify = @{ Results = New-Object System.Collections.Generic.List[object]; Undo = New-Object System.Collections.Stack }
      try {
        Add-Undo 'a file' { param($Path) Write-Utf8 $Path 'x' } @('${undone}')
        Invoke-Check 'waits' { Write-Utf8 '${begun}' 'x'; Start-Sleep -Seconds 600 }
      } finally { Invoke-Undo }`,
    );
    const child = spawn(PWSH ?? '', ['-NoProfile', '-File', file], { stdio: 'ignore' });
    await eventually(() => expect(existsSync(begun)).toBe(true));
    child.kill('SIGINT');
    await once(child, 'exit');
    expect(existsSync(undone)).toBe(true);
  });
});
