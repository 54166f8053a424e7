/** Cases for checks of `scripts/verify-windows`, each in a stand-in of Windows of its own (`stand-ins.ps1`). */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { runPowerShell } from '../../test/support/powershell.ts';

export interface Case {
  /** The function of the check. */
  readonly check: string;
  /** What is wrong with this Windows, or with the product on it; `correct`: nothing. */
  readonly name: string;
  /** PowerShell that makes it so. */
  readonly with?: string;
  /** What the check must say; for a correct product: PASS. */
  readonly must: RegExp | 'PASS';
  readonly result?: 'PASS' | 'FAIL' | 'SKIP';
  /** PowerShell whose value must be empty afterwards. */
  readonly after?: string;
  /** Without the stand-ins. */
  readonly real?: true;
  /** Without the product. */
  readonly absent?: true;
}

/** These install the product themselves. */
const ABSENT = new Set([
  'Test-PlantedSettings',
  'Test-PlantedJunction',
  'Test-PlantedInnerJunctions',
  'Test-PlantedHardLinks',
  'Test-PlantedDestination',
  'Test-PlantedWay',
  'Test-RaceDuringInstallation',
  'Test-HeldNames',
  'Test-PlantedTemp',
  'Test-HeldUnshared',
  'Test-HeldByLocks',
  'Test-UserEnvironment',
  'Test-SetupAsSystem',
  'Test-FirstInstallation',
]);

const Said = z.array(
  z.object({
    result: z.enum(['PASS', 'FAIL', 'SKIP']),
    detail: z.string(),
    others: z.array(z.string()),
    undo: z.array(z.string()),
    tasks: z.number(),
    after: z.string(),
  }),
);
export type Outcome = z.infer<typeof Said>[number];

/** All cases run before the first of them is looked at, also on the slowest of machines. */
export const CASES_WITHIN_MS = 600_000;

const SCRIPTS = join(import.meta.dirname, '..', '..', 'scripts');

/** In one PowerShell, one after the other. */
export function runCases(cases: readonly Case[]): Outcome[] {
  const directory = mkdtempSync(join(tmpdir(), 'verify-windows-'));
  try {
    const [file, results] = [join(directory, 'cases.json'), join(directory, 'results.json')];
    const sent = cases.map(
      ({ check, name, with: defect = '', after = '', real = false, absent = ABSENT.has(check) }) => {
        return { check, name, with: defect, after, real, absent };
      },
    );
    writeFileSync(file, JSON.stringify(sent));
    const args = ['-Cases', file, '-Results', results, '-Scripts', SCRIPTS];
    const { code, output } = runPowerShell(join(import.meta.dirname, 'run-cases.ps1'), args);
    if (code !== 0) throw new Error(`pwsh ended with ${code}: ${output}`);
    return Said.parse(JSON.parse(readFileSync(results, 'utf8')));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
