/**
 * What an operator writes is what runs: each script of the table does by the agent's way what it does by plain `-Command`: the
 * same exit code and the same bytes on both streams. `npm test` takes some thirty of them, others every day;
 * `npm run test:powershell` takes all. KANADE_TEST_SEED=N repeats a day.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { POWERSHELL_BOOTSTRAP } from '../../src/agent/run/powershell.ts';
import { NO_PWSH, PWSH } from '../../test/support/powershell.ts';
import { bothWays, freshAndAhead } from './both-ways.ts';
import { type Case, generatedCases, writtenCases } from './cases.ts';
import { DIFFERENCES, said, withoutFixed } from './differences.ts';
import { seedOfTheDay, shareOf } from './seed.ts';

const IS_WHOLE = process.env.KANADE_TEST_POWERSHELL === 'all';
const SEED = seedOfTheDay(process.env, Date.now());
const HERE = process.platform === 'win32' ? 'windows' : 'linux';
const WRITTEN = writtenCases();
const OF_HERE = WRITTEN.filter(({ only }) => only === undefined || only === HERE);
const CHOSEN = IS_WHOLE
  ? [...OF_HERE, ...generatedCases(SEED, 200)]
  : [...shareOf(OF_HERE, 20, SEED), ...generatedCases(SEED, 5)];

/** On Windows plain gives one that looks like it, or a `?`, for what the code page of the console has not. */
function withoutForeign(text: string, ours: string): string {
  const foreign = /[\u0080-\uffff]/;
  return [...Array(Math.max(text.length, ours.length)).keys()]
    .map((at) => (foreign.test(ours[at] ?? '') ? '?' : (text[at] ?? '')))
    .join('');
}

async function compare(shell: string, script: Case): Promise<void> {
  const { plain, ours } = await bothWays(shell, script);
  const known = script.differs === undefined ? undefined : DIFFERENCES[script.differs];
  if (known !== undefined) known.check(said(plain), said(ours));
  else if (HERE === 'windows') {
    for (const stream of ['stdout', 'stderr'] as const) {
      const [theirs, own] = [plain[stream].toString('utf8'), ours[stream].toString('utf8')];
      expect(withoutForeign(own, own)).toBe(withoutForeign(theirs, own));
    }
    expect(ours.code).toBe(plain.code);
  } else {
    // As text first, so that a difference can be read.
    expect(said(ours)).toEqual(said(plain));
    expect([ours.stdout, ours.stderr]).toEqual([plain.stdout, plain.stderr]);
  }
}

describe('the table of scripts', () => {
  it('holds at least 400, each by a name of its own', () => {
    const names = WRITTEN.map(({ kind, name }) => `${kind}: ${name}`);
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
    expect(names.length).toBeGreaterThan(400);
  });

  it('names only differences that are known, and each of these', () => {
    const named = new Set(WRITTEN.flatMap(({ differs }) => differs ?? []));
    expect([...named].toSorted()).toEqual(Object.keys(DIFFERENCES).toSorted());
  });

  it('is told by docs/powershell.md, with the fixed command as it is', () => {
    const page = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'powershell.md'), 'utf8');
    const [, shown = ''] = /```powershell\n([^`]*)```/.exec(page) ?? [];
    const plain = (text: string) => text.replace(/\s/g, '');
    expect(plain(shown)).toBe(plain(POWERSHELL_BOOTSTRAP));
  });

  it('gives the same scripts for the same seed, and others for another', () => {
    const scripts = (seed: number) => generatedCases(seed, 20).map(({ script }) => script);
    expect(scripts(7)).toEqual(scripts(7));
    expect(scripts(7)).not.toEqual(scripts(8));
    expect(shareOf(OF_HERE, 20, 7)).not.toEqual(shareOf(OF_HERE, 20, 8));
  });
});

if (PWSH === null) describe(`PowerShell: ${NO_PWSH}`, () => it.skip('is not compared with plain -Command', () => {}));
else {
  const shell = PWSH;
  describe.each([...Map.groupBy(CHOSEN, ({ kind }) => kind)])(`%s, seed ${SEED}`, (_, scripts) => {
    it.each(scripts.map((script) => [script.name, script] as const))('%s', async (_name, script) => {
      await compare(shell, script);
    });
  });

  describe(`by a shell that was started ahead, seed ${SEED}`, () => {
    const scripts = IS_WHOLE ? CHOSEN : shareOf(CHOSEN, 5, SEED);
    it.each(scripts.map((script) => [`${script.kind}: ${script.name}`, script] as const))(
      '%s',
      async (_name, script) => {
        const ended = await freshAndAhead(shell, script);
        if (ended === null) return;
        if (script.differs === 'trace') {
          expect(withoutFixed(said(ended.ahead))).toEqual(withoutFixed(said(ended.fresh)));
          return;
        }
        expect(said(ended.ahead)).toEqual(said(ended.fresh));
        expect([ended.ahead.stdout, ended.ahead.stderr]).toEqual([ended.fresh.stdout, ended.fresh.stderr]);
      },
    );
  });
}
