/** What is wrong or doubtful with a setting: always with the place where a person can put it right. */

/** `key` is the setting, or the text in the file that can't be read; `expected` completes "expected …". */
export interface ConfigProblem {
  /** The file, or the registry key or source, as a person would look for it. */
  readonly file: string;
  /** From 1; null where the source has no lines. */
  readonly line: number | null;
  readonly key: string;
  readonly expected: string;
}

export interface ConfigWarning {
  readonly file: string;
  readonly line: number | null;
  readonly key: string;
  readonly message: string;
}

/** One line each: `file:line: key: expected …`. */
export function formatProblems(problems: readonly ConfigProblem[]): string {
  return problems.map((problem) => `${placeOf(problem)}: ${problem.key}: expected ${problem.expected}`).join('\n');
}

export function formatWarnings(warnings: readonly ConfigWarning[]): string {
  return warnings.map((warning) => `${placeOf(warning)}: ${warning.key}: ${warning.message}`).join('\n');
}

/** `file:line`, or the file alone. */
export function placeOf(at: { readonly file: string; readonly line: number | null }): string {
  return at.line === null ? at.file : `${at.file}:${at.line}`;
}
