/** Which runs are meant: a filter, and the conditions of SQL that it becomes. Lists, counts and outlines use the same ones. */
import type { RunId } from '../../shared/ids.ts';
import type { Reason } from '../../shared/outcomes.ts';
import { DIRECT_TASK } from '../../shared/run-title.ts';
import type { TitleWord } from '../../shared/title-words.ts';

export interface RunFilter {
  readonly reasons?: readonly Reason[];
  /** Only runs that are not finished. */
  readonly openOnly?: boolean;
  readonly receivedFromMs?: number;
  readonly receivedBeforeMs?: number;
  /** Only runs that arrived later than this one. */
  readonly afterRun?: number;
  readonly manifestId?: string;
  /** Part of a title; also of ids with `searchEverything`, and not even of a title with `nameless`. */
  readonly search?: string;
  readonly searchEverything?: boolean;
  /** The run with this number fits the search too. */
  readonly numbered?: number;
  /** Runs that fit the search by the words that stand for, or in, their names. */
  readonly shownAs?: readonly TitleWord[];
  /** Runs that fit the search by their output, see `History.runsWithOutput`. */
  readonly byOutput?: readonly RunId[];
  readonly nameless?: boolean;
  /** Runs of `run_as: user` are shown only to this user; absent: all are. */
  readonly userRunsOf?: string | null;
}

/** An id as it is shown (`runTitle`): signs between its words are blanks, and several of them one. */
const SHOWN_ID = ['-', '_', '.', '    ', '   ', '  '].reduce(
  (sql, signs) => `replace(${sql}, '${signs}', ' ')`,
  `coalesce(manifest_id, '')`,
);
const NO_TITLE = `coalesce(title, '') = ''`;
/** Which runs have each in their names; while names are hidden, all have the one and none another. */
const SHOWN_AS: Readonly<Record<TitleWord, string>> = {
  direct: `(${NO_TITLE} AND manifest_id = '${DIRECT_TASK}')`,
  none: `(${NO_TITLE} AND trim(${SHOWN_ID}) = '')`,
  hidden: '1',
  scheduled: `source = 'schedule'`,
};

/** What LIKE looks for: this text, whatever its signs, anywhere. */
export function patternOf(search: string): string {
  return `%${search.replaceAll(/[\\%_]/g, (special) => `\\${special}`)}%`;
}

/** The filter as conditions of SQL on `runs`, each beginning with AND, and their values. */
export function conditions(filter: RunFilter): { where: string; values: (string | number)[] } {
  const parts: string[] = [];
  const values: (string | number)[] = [];
  const add = (sql: string, ...more: (string | number)[]) => {
    parts.push(sql);
    values.push(...more);
  };
  if (filter.reasons !== undefined) {
    add(`reason IN (${filter.reasons.map(() => '?').join(', ') || 'NULL'})`, ...filter.reasons);
  }
  if (filter.openOnly) add(`state <> 'finished'`);
  if (filter.receivedFromMs !== undefined) add('received_at >= ?', filter.receivedFromMs);
  if (filter.receivedBeforeMs !== undefined) add('received_at < ?', filter.receivedBeforeMs);
  if (filter.afterRun !== undefined) add('run > ?', filter.afterRun);
  if (filter.manifestId !== undefined) add('manifest_id = ?', filter.manifestId);
  if (filter.userRunsOf !== undefined) {
    add(`(run_as IS NOT 'user' OR run_as_user IS NULL OR run_as_user = ?)`, filter.userRunsOf ?? '');
  }
  if (filter.search !== undefined && filter.search !== '') {
    const pattern = patternOf(filter.search);
    const fields = filter.nameless ? [] : ['title', 'manifest_id'];
    // Without a blank, what is shown of an id is a part of it as it is.
    if (!filter.nameless && filter.search.includes(' ')) fields.push(SHOWN_ID);
    if (filter.searchEverything) fields.push('request_id', 'result_id', 'exec_id', 'detail');
    const tests = fields.map((field) => `${field} LIKE ? ESCAPE '\\'`);
    const found: (string | number)[] = tests.map(() => pattern);
    if (filter.byOutput !== undefined) {
      tests.push('run IN (SELECT value FROM json_each(?))');
      found.push(JSON.stringify(filter.byOutput));
    }
    if (filter.numbered !== undefined) {
      tests.push('run = ?');
      found.push(filter.numbered);
    }
    tests.push(...(filter.shownAs ?? []).map((word) => SHOWN_AS[word]));
    add(`(${tests.join(' OR ') || '0'})`, ...found);
  }
  return { where: parts.map((part) => `AND ${part}`).join(' '), values };
}
