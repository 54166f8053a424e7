/** What else speaks of the outcomes says what their table says. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { inWords } from '../scripts/lib/outcomes.ts';
import { OUTCOMES, outcomeRow, REASONS } from '../src/shared/outcomes.ts';

test('the table of docs/architecture.md is that of the code', () => {
  const page = readFileSync(join(import.meta.dirname, '..', 'docs', 'architecture.md'), 'utf8');
  const shown = Array.from(
    page.matchAll(/^\| ([A-Z_]+) \| ([^|]+) \| (yes|no) \| (\w+) \|/gm),
    ([, reason = '', code = '', skipped, group]) => [
      reason,
      { exitCode: codeIn(code), skipped: skipped === 'yes', group },
    ],
  );
  const known = REASONS.map((reason) => {
    const { exitCode, skipped, group } = outcomeRow(reason);
    return [reason, { exitCode, skipped, group }];
  });
  expect(Object.fromEntries(shown)).toEqual(Object.fromEntries(known));
  expect(shown).toHaveLength(known.length);
});

function codeIn(cell: string): number | 'own' | null {
  if (cell.startsWith('local')) return null;
  return cell.startsWith('its own') ? 'own' : Number(cell.replace('−', '-'));
}

test('the demo has words for each code that has a meaning of its own', () => {
  const codes = REASONS.map((reason) => OUTCOMES[reason].exitCode).filter(
    (code) => typeof code === 'number' && code > 0,
  );
  const said = codes.map((code) => inWords({ exit_code: Number(code), stdout: '', stderr: '' }));
  expect(said.filter((text) => text.startsWith('finished with an error'))).toEqual([]);
});
