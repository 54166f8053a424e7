/** The pages in `docs` are as the code makes them, and what they name is there. */
import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { configurationPage } from '../tools/docs/configuration-page.ts';

const ROOT = join(import.meta.dirname, '..');

test('docs/configuration.md is what the table of settings says (else: npm run docs)', () => {
  expect(readFileSync(join(ROOT, 'docs', 'configuration.md'), 'utf8')).toBe(configurationPage());
});

test('docs/compatibility.md lists every defect once and names tests that exist', () => {
  const page = readFileSync(join(ROOT, 'docs', 'compatibility.md'), 'utf8');
  const listed = [...page.matchAll(/^\| D(\d+) \|/gm)].map(([, number]) => Number(number));
  expect(listed).toEqual(Array.from({ length: 44 }, (_, index) => index + 1));
  const named = [...page.matchAll(/`([^`]+\.test\.ts)`/g)].map(([, path]) => path ?? '');
  expect(named.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
});

/** A test by the end of its path, as pages name it; a name in quotes behind it is that of one of its cases, `…` is anything. */
const NAMED_TEST = /`([\w./-]+\.test\.ts)`|"([^"]+)"/g;

test.each(['architecture', 'threat-model', 'ui'])('the tests that the page %s names are there', (name) => {
  const tests = globSync('{src,e2e}/**/*.test.ts', { cwd: ROOT }).map((path) => `/${path.replaceAll('\\', '/')}`);
  const page = readFileSync(join(ROOT, 'docs', `${name}.md`), 'utf8');
  const missing = page
    .split(/\n\n|\n(?=[|-])/)
    .flatMap((paragraph) => missingTests(paragraph.replaceAll('\n', ' '), tests));
  expect(missing).toEqual([]);
});

function missingTests(paragraph: string, tests: readonly string[]): string[] {
  let texts: string[] | null = null;
  return Array.from(paragraph.matchAll(NAMED_TEST)).flatMap(([, path, title]) => {
    if (path !== undefined) {
      texts = tests.filter((each) => each.endsWith(`/${path}`)).map((each) => readFileSync(join(ROOT, each), 'utf8'));
      return texts.length > 0 ? [] : [path];
    }
    if (texts === null || title === undefined) return [];
    const pattern = new RegExp(
      title
        .split('…')
        .map((part) => RegExp.escape(part))
        .join('.*'),
    );
    return texts.some((text) => pattern.test(text)) ? [] : [title];
  });
}

test('every link of the pages leads to a file', () => {
  const pages = ['README.md', 'CONTRIBUTING.md', ...readdirSync(join(ROOT, 'docs')).map((name) => `docs/${name}`)];
  const broken = pages
    .filter((page) => page.endsWith('.md'))
    .flatMap((page) =>
      [...readFileSync(join(ROOT, page), 'utf8').matchAll(/\]\(([^):#]+)\)/g)]
        .map(([, target]) => join(ROOT, dirname(page), target ?? ''))
        .filter((target) => !existsSync(target))
        .map((target) => `${page}: ${target}`),
    );
  expect(broken).toEqual([]);
});
