/** What else speaks of the outcomes says what their table says. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { inWords } from '../scripts/lib/result-in-words.ts';
import { OUTCOMES, REASONS } from '../src/shared/outcomes.ts';
import { withOutcomes } from '../tools/docs/outcomes-table.ts';

test('the table of docs/architecture.md is that of the code (`npm run docs` brings it up to date)', () => {
  const page = readFileSync(join(import.meta.dirname, '..', 'docs', 'architecture.md'), 'utf8');
  expect(page).toBe(withOutcomes(page));
});

test('the demo has words for each code that has a meaning of its own', () => {
  const codes = REASONS.map((reason) => OUTCOMES[reason].exitCode).filter(
    (code) => typeof code === 'number' && code > 0,
  );
  const said = codes.map((code) => inWords({ exit_code: Number(code), stdout: '', stderr: '' }));
  expect(said.filter((text) => text.startsWith('finished with an error') || text.includes('{'))).toEqual([]);
});
