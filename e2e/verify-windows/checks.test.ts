/** Every check runs in a real PowerShell: a correct product passes, and each defect is named; nothing is left of it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { NO_PWSH, PWSH } from '../../test/support/powershell.ts';
import { ATTACK_CASES } from './attack-cases.ts';
import { CASES_WITHIN_MS, type Case, type Outcome, runCases } from './cases.ts';
import { HOLDING_CASES } from './holding-cases.ts';
import { INSTALLATION_CASES } from './installation-cases.ts';
import { USE_CASES } from './use-cases.ts';

const CASES: readonly Case[] = [...INSTALLATION_CASES, ...USE_CASES, ...ATTACK_CASES, ...HOLDING_CASES];

describe.skipIf(PWSH === null)(`checks of verify-windows.ps1${PWSH === null ? ` (${NO_PWSH})` : ''}`, () => {
  let outcomes: Outcome[] = [];
  beforeAll(() => {
    outcomes = runCases(CASES);
  }, CASES_WITHIN_MS);

  it.each(CASES.map((each, at) => ({ ...each, at })))('$check: $name', ({ at, must, result, after }) => {
    const outcome = outcomes[at];
    expect(outcome).toMatchObject({
      result: must === 'PASS' ? 'PASS' : (result ?? 'FAIL'),
      undo: [],
      others: [],
      tasks: 0,
    });
    if (must !== 'PASS') expect(outcome?.detail).toMatch(must);
    if (after !== undefined) expect(outcome?.after).toBe('');
  });
});

it('each check of the list has a case of a correct product and one of a defect', () => {
  const main = readFileSync(join(import.meta.dirname, '../../scripts/verify-windows/main.ps1'), 'utf8');
  const listed = Array.from(main.matchAll(/ = '(Test-\w+)'$/gm), (match) => match[1] ?? '');
  expect(listed.length).toBeGreaterThan(50);
  const of = (isWanted: (each: Case) => boolean) => new Set(CASES.filter(isWanted).map(({ check }) => check));
  expect(listed.filter((check) => !of(({ must }) => must === 'PASS').has(check))).toEqual([]);
  expect(
    listed.filter((check) => !of(({ must, result }) => must !== 'PASS' && result === undefined).has(check)),
  ).toEqual([]);
});
