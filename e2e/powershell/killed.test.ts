/** A script that never ends, wherever in PowerShell it is: a kill ends it and all that it has started. And one that says much. */
import { readdirSync, readFileSync } from 'node:fs';
import { delimiter, dirname } from 'node:path';
import { describe, expect, it } from 'vitest';
import { markerAssignment } from '../../src/agent/run/child-env.ts';
import { makeRunner } from '../../src/agent/run/make-runner.ts';
import { type RunningScript, startScript } from '../../src/agent/run/script-runner.ts';
import { eventually } from '../../test/support/eventually.ts';
import { NO_PWSH, PWSH, PWSH_ENVIRONMENT } from '../../test/support/powershell.ts';
import { tempDir } from '../../test/support/temp.ts';

const IS_WINDOWS = process.platform === 'win32';
const WAITING = `& '${process.execPath}' -e 'console.log("begun"); setInterval(() => {}, 1000)'`;

/** Each says "begun" when it is where it stays. */
const ENDLESS = {
  'in Start-Sleep': "'begun'; Start-Sleep -Seconds 600",
  'in a loop': "'begun'; while ($true) { }",
  'in a method of .NET': "'begun'; [Threading.Thread]::Sleep(600000)",
  'in a program': WAITING,
  'in a pipeline with a program': `${WAITING} | ForEach-Object { $_ }`,
  'in Start-Job': "Start-Job { 'begun'; Start-Sleep -Seconds 600 } | Receive-Job -Wait",
  'in ForEach-Object -Parallel': "1..2 | ForEach-Object -Parallel { 'begun'; Start-Sleep -Seconds 600 }",
  'in Start-Process -Wait': `Start-Process '${process.execPath}' '-e', '"console.log(\`"begun\`"); setInterval(() => {}, 1000)"' -NoNewWindow -Wait`,
  'in finally': "try { 'begun' } finally { Start-Sleep -Seconds 600 }",
  'in a trap': "trap { 'begun'; Start-Sleep -Seconds 600 }\nthrow 'x'",
  'in an event that it waits for': "'begun'; Wait-Event never",
  'in another runspace': "$p = [powershell]::Create().AddScript('Start-Sleep -Seconds 600'); 'begun'; $p.Invoke()",
};

let runs = 0;

function start(script: string): { running: RunningScript; marker: string } {
  const path = [dirname(PWSH ?? ''), process.env.PATH ?? ''].join(delimiter);
  const env = { ...process.env, ...PWSH_ENVIRONMENT, PATH: path };
  const runner = makeRunner({ env, maxOutputBytes: 1024 * 1024, priority: 'normal', directory: tempDir() });
  const marker = `killed-${process.pid}-${runs++}`;
  // Elsewhere than on Windows only a large script goes over standard input.
  const text = IS_WINDOWS ? script : `${script}\n#${'x'.repeat(128 * 1024)}`;
  const shell = IS_WINDOWS ? 'powershell' : 'pwsh';
  return {
    marker,
    running: startScript({ marker, shell, script: text, cwd: null, runAs: 'system', timeoutSecs: 300 }, runner),
  };
}

/** What is left of a script; on Windows its Job Object has no other end than that of all. */
function marked(marker: string): string[] {
  if (IS_WINDOWS) return [];
  return readdirSync('/proc').filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/environ`, 'latin1').includes(markerAssignment(marker));
    } catch {
      return false;
    }
  });
}

const DESCRIBED = PWSH === null ? `PowerShell: ${NO_PWSH}` : 'a script that never ends';
describe.skipIf(PWSH === null)(DESCRIBED, () => {
  it.each(Object.entries(ENDLESS))('is killed %s', async (_, script) => {
    const { running, marker } = start(script);
    await eventually(() => expect(running.tail().stdout).toContain('begun'));
    if (!IS_WINDOWS) expect(marked(marker)).not.toEqual([]);
    running.end('killed');
    expect((await running.done).outcome).toEqual({ kind: 'killed' });
    expect(marked(marker)).toEqual([]);
  });
});

describe.skipIf(PWSH === null || process.env.KANADE_TEST_POWERSHELL !== 'all')('a script that says 200 MB', () => {
  it('says them all, of which the end is kept', async () => {
    const { running } = start("$mb = 'x' * 1MB; foreach ($i in 1..200) { $mb }; 'the end'");
    const { outcome, stdout } = await running.done;
    expect(outcome).toEqual({ kind: 'exited', code: 0 });
    const feed = IS_WINDOWS ? 2 : 1;
    expect(stdout.totalBytes).toBe(200 * (1024 * 1024 + feed) + 'the end'.length + feed);
    expect(stdout.text.trimEnd().endsWith('the end')).toBe(true);
  }, 240_000);
});
