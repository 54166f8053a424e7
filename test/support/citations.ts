/**
 * Citations of our own pages, in one form: `protocol §4.2`, `invariant 3`, `D17`. The name is that of a page in `docs`, the number
 * that of a heading in it. Invariant: what looks like a citation and leads nowhere is found, in whatever old form it is written.
 */

/** A text of the repository, comments and code alike. */
export interface CitingFile {
  readonly path: string;
  readonly text: string;
}

export interface Pages {
  /** Name of a page → numbers of its headings. */
  readonly headings: ReadonlyMap<string, ReadonlySet<string>>;
  readonly invariants: ReadonlySet<string>;
  /** Numbers of the original's defects. */
  readonly defects: ReadonlySet<string>;
  /** File names of all pages. */
  readonly files: ReadonlySet<string>;
}

/** The pages as they are written; `pages` is name → text, without `.md`. */
export function pagesOf(pages: ReadonlyMap<string, string>, files: Iterable<string>): Pages {
  const numbers = (page: string, pattern: RegExp) =>
    new Set(Array.from((pages.get(page) ?? '').matchAll(pattern), ([, number = '']) => number));
  return {
    headings: new Map([...pages.keys()].map((page) => [page, numbers(page, /^#{2,} (\d+(?:\.\d+)*) /gm)])),
    invariants: numbers('architecture', /^\*\*(\d+)\. /gm),
    defects: numbers('compatibility', /^\| D(\d+) \|/gm),
    files: new Set(files),
  };
}

const NUMBER = String.raw`§\d+(?:\.\d+)*`;
const MORE = `(?:(?:, | and | to |–)${NUMBER})*`;
/** A page with its numbers, a number without a page, an invariant, a defect, a page by its file, and forms that are no more. */
const CITATION = new RegExp(
  [
    String.raw`(?<foreign>(?:RFC|ECMA)[ -]\d+ ${NUMBER})`,
    String.raw`(?<page>[A-Za-z][a-z-]*(?:-\d+)?(?:\.md)?) (?<numbers>${NUMBER}${MORE})`,
    `(?<bare>§[^\\s]*)`,
    String.raw`\b[Ii]nvariants? (?<invariants>\d+(?:(?:, | and | to |–)\d+)*)`,
    String.raw`(?<![\w.#%\\-])D(?<defect>[1-9]\d?)(?![\w%-])`,
    String.raw`(?<file>[\w./-]*\w\.md)\b(?! §)`,
    String.raw`\b(?<old>(?:security|deployment|requirements?|ui\.md) [A-Z]\d+)\b`,
  ].join('|'),
  'gu',
);

/** `file:line: what is wrong` for each citation of `file` that leads nowhere. */
export function unresolved({ path, text }: CitingFile, pages: Pages): string[] {
  const own = /^docs\/([\w-]+)\.md$/.exec(path)?.[1];
  const { flat, lineAt } = flatten(text);
  const found: string[] = [];
  for (const match of flat.matchAll(CITATION)) {
    const why = problem(match.groups ?? {}, own, pages);
    if (why !== null) found.push(`${path}:${lineAt(match.index)}: ${match[0]}: ${why}`);
  }
  return found;
}

function problem(groups: Readonly<Record<string, string | undefined>>, own: string | undefined, pages: Pages) {
  const { page, numbers, bare, invariants, defect, file, old } = groups;
  if (old !== undefined) return 'not a page of ours';
  if (defect !== undefined) return pages.defects.has(defect) ? null : 'docs/compatibility.md has no such row';
  if (file !== undefined)
    return pages.files.has(file.slice(file.lastIndexOf('/') + 1)) ? null : 'there is no such page';
  if (invariants !== undefined) {
    const missing = allOf(invariants).filter((number) => !pages.invariants.has(number));
    return missing.length === 0 ? null : `docs/architecture.md has no invariant ${missing.join(', ')}`;
  }
  if (page === undefined && bare === undefined) return null;
  // Inside of a page a number alone is one of its own, whatever word stands before it.
  const cited = page !== undefined && pages.headings.has(page) ? page : own;
  if (cited === undefined) return 'it names no page of docs';
  const known = pages.headings.get(cited) ?? new Set();
  const missing = (numbers ?? bare ?? '').match(/\d+(?:\.\d+)*/g)?.filter((number) => !known.has(number)) ?? ['§'];
  return missing.length === 0 ? null : `docs/${cited}.md has no heading ${missing.join(', ')}`;
}

/** `3, 5–7`: 3, 5, 6, 7. */
function allOf(list: string): string[] {
  return list.split(/, | and /).flatMap((part) => {
    const [from = 0, to = from] = part.split(/–| to /).map(Number);
    return Array.from({ length: to - from + 1 }, (_, index) => String(from + index));
  });
}

/** Comments go over several lines, and so do citations in them: the line breaks of comments become blanks of one. */
function flatten(text: string): { flat: string; lineAt: (index: number) => number } {
  const starts: number[] = [];
  let flat = '';
  for (const line of text.split('\n')) {
    starts.push(flat.length);
    flat += `${line.replace(/^\s*(?:\*(?!\/)|\/\/|#(?!#)|--|;)?\s*/, '')} `;
  }
  return { flat, lineAt: (index) => starts.findLastIndex((start) => start <= index) + 1 };
}
