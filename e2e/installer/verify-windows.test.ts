/**
 * The checklist for a real Windows, as a whole, on the real installer under wine: on a product with nothing broken nothing fails, and
 * each way of breaking it is seen by the check that is for it. What wine can't is skipped by name.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { POWERSHELL_DIRECTORY } from '../../scripts/lib/windows-powershell.ts';
import { type NatsServer, startNatsServer } from '../../test/support/nats-server.ts';
import { BROKEN } from '../verify-windows/broken-products.ts';
import { NOT_UNDER_WINE } from '../verify-windows/not-under-wine.ts';
import { current, GIVEN, next, Pc } from './pc.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const { powershell, nats } = GIVEN;
const MISSING = powershell === null ? 'no PowerShell for Windows' : nats === null ? 'no Go to compile nats.exe' : null;
const WHOLE_MS = 1_500_000;

const Report = z.object({
  failed: z.number(),
  checks: z.array(z.object({ check: z.string(), result: z.enum(['PASS', 'FAIL', 'SKIP']), detail: z.string() })),
});
const Outcome = z.object({ result: z.string(), detail: z.string() });
const Results = z.object({
  cases: z.array(z.object({ name: z.string(), sound: Outcome, broken: Outcome })),
  others: z.array(z.string()),
});

describe.skipIf(MISSING !== null)(`verify-windows.ps1 under wine${MISSING === null ? '' : ` (${MISSING})`}`, () => {
  let pc: Pc;
  let broker: NatsServer;
  beforeAll(async () => {
    const mounts = {
      '/repo': ROOT,
      // .NET looks at the machine.
      '/sys': '/sys',
      '/nats': nats ?? '',
      [`/pc/prefix/${POWERSHELL_DIRECTORY}`]: powershell ?? '',
    };
    pc = Pc.create({ mounts, hasDotnet: true });
    broker = await startNatsServer();
  });
  afterAll(async () => {
    await pc.dispose();
    await broker.stop();
  });

  /** Runs one of our scripts to its end; what it says goes to the log of the tests. */
  async function run(name: string, parameters: Readonly<Record<string, string>>): Promise<number | null> {
    const words = Object.entries({
      Scripts: 'Z:\\repo\\scripts',
      NatsUrl: broker.url,
      Nats: 'Z:\\nats\\nats.exe',
      ...parameters,
    }).flatMap(([key, value]) => [`-${key}`, `"${value}"`]);
    const script = `Z:\\repo\\e2e\\verify-windows\\${name}.ps1`;
    const args = ['-NoProfile', '-NonInteractive', '-ExecutionPolicy', 'Bypass', '-File', script, ...words].join(' ');
    const program = 'C:\\windows\\system32\\WindowsPowerShell\\v1.0\\powershell.exe';
    const env = { NO_COLOR: '1', POWERSHELL_TELEMETRY_OPTOUT: '1', POWERSHELL_UPDATECHECK: 'Off' };
    const { code, output } = await pc.run(program, args, { timeoutMs: WHOLE_MS, hasConsole: true, env });
    console.log(output);
    return code;
  }

  const ours = (name: string) => join(pc.directory, name);
  const theirs = (name: string) => `Z:\\pc\\${name}`;

  it('goes through: nothing fails, and what is skipped is what wine can not, with the reason', {
    timeout: WHOLE_MS,
  }, async () => {
    writeFileSync(ours('skip.json'), JSON.stringify(NOT_UNDER_WINE));
    const code = await run('run-under-wine', {
      Installer: pc.installerOf(current),
      NextInstaller: pc.installerOf(next),
      Report: theirs('report.json'),
      Skip: theirs('skip.json'),
    });
    const report = Report.parse(JSON.parse(readFileSync(ours('report.json'), 'utf8')));
    expect(report.checks.filter(({ result }) => result === 'FAIL')).toEqual([]);
    expect(code).toBe(0);
    const reasons = new Set<string>(Object.values(NOT_UNDER_WINE));
    const others = report.checks.filter(({ result, detail }) => result === 'SKIP' && !reasons.has(detail));
    expect(others.map(({ check, detail }) => `${check}: ${detail}`)).toEqual(OTHER_SKIPS);
    expect(report.checks.filter(({ result }) => result === 'PASS').length).toBeGreaterThan(15);
  });

  it('sees each way in which the product is broken', { timeout: WHOLE_MS }, async () => {
    const { cases } = { cases: BROKEN.map(({ name, check, breaks, mends }) => ({ name, check, breaks, mends })) };
    writeFileSync(ours('cases.json'), JSON.stringify(cases));
    expect(
      await run('run-broken', {
        Installer: pc.installerOf(current),
        Cases: theirs('cases.json'),
        Results: theirs('results.json'),
      }),
    ).toBe(0);
    expect(existsSync(ours('results.json'))).toBe(true);
    const results = Results.parse(JSON.parse(readFileSync(ours('results.json'), 'utf8')));
    expect(results.others).toEqual([]);
    expect(results.cases.filter(({ sound }) => sound.result !== 'PASS')).toEqual([]);
    for (const [at, { name, must }] of BROKEN.entries())
      expect(results.cases[at], name).toMatchObject({
        broken: { result: 'FAIL', detail: expect.stringMatching(must) },
      });
    expect(BROKEN.length).toBeGreaterThanOrEqual(10);
  });
});

/** What the checklist itself finds that it can't do here. */
const OTHER_SKIPS: readonly string[] = [
  'the signature of the installer: the installer is not signed',
  'Constrained Language: scripts and their exit codes: scripts run in FullLanguage',
  'Constrained Language: the hardware inventory: only with -ConstrainedLanguage',
];
