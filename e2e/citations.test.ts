/** What comments and pages cite is there: every heading, invariant and defect that they name. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { pagesOf, unresolved } from '../test/support/citations.ts';

const ROOT = join(import.meta.dirname, '..');
const CITING = /\.(ts|tsx|mjs|cjs|js|css|html|md|c|nsi|nsh|ps1|sh|py|yml|yaml|toml|service|desktop|json|mc|rc)$/;
/** Texts of other makers, what is made by a tool, and the checker, which shows what it looks for. */
const NOT_OURS = /^test\/fixtures\/|^package-lock\.json$|^(e2e|test\/support)\/citations\./;

/** Everything that is committed, or will be. */
const paths = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
  cwd: ROOT,
  encoding: 'utf8',
})
  .split('\n')
  .filter((path) => CITING.test(path) && !NOT_OURS.test(path));
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const pagePaths = paths.filter((path) => path.endsWith('.md'));
const pages = pagesOf(
  new Map(pagePaths.filter((path) => path.startsWith('docs/')).map((path) => [basename(path, '.md'), read(path)])),
  pagePaths.map((path) => basename(path)),
);

test('every citation in code and pages leads to a heading, an invariant or a defect', () => {
  expect(paths.length).toBeGreaterThan(500);
  expect(pages.invariants.size).toBe(11);
  expect(paths.flatMap((path) => unresolved({ path, text: read(path) }, pages))).toEqual([]);
});

describe('the checker', () => {
  const few = pagesOf(
    new Map([
      ['protocol', '# P\n\n## 4 Way\n\n### 4.1 Gates\n\n### 4.2 Texts\n'],
      ['architecture', '## 2 Invariants\n\n**1. One.** …\n\n**2. Two.** …\n'],
      ['compatibility', '| D1 | x |\n| D17 | y |\n'],
    ]),
    ['protocol.md', 'README.md'],
  );
  const check = (text: string, path = 'src/a.ts') => unresolved({ path, text }, few);

  test.each([
    '/** As protocol §4.2 says, and (protocol §4.1, §4.2), invariants 1, 2, D17. */',
    '/**\n * The order of protocol\n * §4.1 (invariant\n * 2).\n */',
    '// RFC 4122 §4.3 and ECMA-48 §5.4 are those of others; docs/protocol.md and README.md are pages.',
  ])('takes %j', (text) => {
    expect(check(text)).toEqual([]);
  });

  test.each([
    ['/** design §4 */', 'src/a.ts:1: design §4: it names no page of docs'],
    ['\n// protocol §4.3', 'src/a.ts:2: protocol §4.3: docs/protocol.md has no heading 4.3'],
    ['// protocol §4.1, §4.9', 'src/a.ts:1: protocol §4.1, §4.9: docs/protocol.md has no heading 4.9'],
    ['// as §4.1 says', 'src/a.ts:1: as §4.1: it names no page of docs'],
    ['// (§4.1)', 'src/a.ts:1: §4.1): it names no page of docs'],
    ['// invariants 1–3', 'src/a.ts:1: invariants 1–3: docs/architecture.md has no invariant 3'],
    ['// (D2)', 'src/a.ts:1: D2: docs/compatibility.md has no such row'],
    ['// security S3', 'src/a.ts:1: security S3: not a page of ours'],
    ['// ui.md E7', 'src/a.ts:1: ui.md: there is no such page'],
    ['// protocol.md §4.1', 'src/a.ts:1: protocol.md §4.1: it names no page of docs'],
    ['/**\n * protocol\n * §9 */', 'src/a.ts:2: protocol §9: docs/protocol.md has no heading 9'],
  ])('names what is wrong with %j', (text, why) => {
    expect(check(text)).toEqual([why]);
  });

  test('in a page a number alone is one of its own', () => {
    expect(check('See §4.1 and protocol §4.2.', 'docs/protocol.md')).toEqual([]);
    expect(check('See §4.7.', 'docs/protocol.md')).toEqual([
      'docs/protocol.md:1: See §4.7: docs/protocol.md has no heading 4.7',
    ]);
  });
});
