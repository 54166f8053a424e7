/**
 * A run of Vitest with counts. Invariant: a run that failed never counts as none failed, whatever made it fail.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { isFile, ROOT } from '../bootstrap/paths.mjs';
import { visible } from '../bootstrap/processes.mjs';
import { withTools } from './setup.ts';

/** Of one failed test; the whole is above, where it failed. */
const MAX_WHY_LINES = 20;

interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

interface TestReport {
  readonly ancestorTitles: readonly string[];
  readonly title: string;
  readonly status: string;
  readonly duration?: number | null;
  readonly failureMessages?: readonly string[];
}

interface FileReport {
  readonly name: string;
  readonly status: string;
  readonly message?: string;
  readonly assertionResults: readonly TestReport[];
}

export interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  readonly testResults: readonly FileReport[];
}

/**
 * Runs the tests on Node 24 and shows them as they go.
 * @param args for Vitest
 */
export async function runVitest(
  tools: { node: string; natsServer: string; browser?: string; kanadeBin?: string },
  args: readonly string[],
): Promise<{ code: number; counts: Counts; report: Report | undefined; failures: string[] }> {
  const directory = mkdtempSync(join(tmpdir(), 'kanade-tray-vitest-'));
  const file = join(directory, 'report.json');
  try {
    const vitest = join(ROOT, 'node_modules', 'vitest', 'vitest.mjs');
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
    const env = { ...withTools(tools), ...(tools.kanadeBin ? { KANADE_TRAY_INTEROP_BIN: tools.kanadeBin } : {}) };
    const code = await visible(tools.node, [vitest, 'run', ...reporters, ...args], { cwd: ROOT, env });
    const report = isFile(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined;
    return { code, counts: countsOf(report, code), report, failures: failures(report, code) };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/**
 * @param report what the JSON reporter wrote, if it came to that
 * @param code Vitest's exit code
 * @returns a test file that could not be loaded is one failure, and so is a failed run without any other
 */
export function countsOf(report: Report | undefined, code: number): Counts {
  if (report === undefined) return { passed: 0, failed: 1, skipped: 0 };
  const notLoaded = report.testResults.filter((file) => file.status === 'failed' && file.assertionResults.length === 0);
  const failed = report.numFailedTests + notLoaded.length;
  return {
    passed: report.numPassedTests,
    failed: failed === 0 && code !== 0 ? 1 : failed,
    skipped: report.numPendingTests + report.numTodoTests,
  };
}

/**
 * What failed, to be said again at the end of a long output: one line each, followed by why, indented.
 * @param report what the JSON reporter wrote, if it came to that
 * @param code Vitest's exit code
 * @returns never empty for a run that failed
 */
export function failures(report: Pick<Report, 'testResults'> | undefined, code: number): string[] {
  const lines = (report?.testResults ?? []).flatMap((file) => {
    const name = relative(ROOT, file.name);
    const failed = file.assertionResults.filter(({ status }) => status === 'failed');
    if (file.status === 'failed' && failed.length === 0) return [`FAILED ${name}`, ...why([file.message ?? ''])];
    return failed.flatMap(({ ancestorTitles, title, failureMessages }) => [
      `FAILED ${[name, ...ancestorTitles, title].join(' > ')}`,
      ...why(failureMessages ?? []),
    ]);
  });
  return lines.length === 0 && (code !== 0 || report === undefined)
    ? [`FAILED the run itself (exit code ${code})`]
    : lines;
}

function why(messages: readonly string[]) {
  const lines = messages.flatMap((message) => message.trimEnd().split('\n'));
  return lines.slice(0, MAX_WHY_LINES).map((line) => `  ${line}`);
}

/**
 * The end of every test command: what failed, and the counts as the last line.
 * @param lines lines of {@link failures}
 */
export function summary({ passed, failed, skipped }: Counts, lines: readonly string[] = []) {
  const counts = `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
  return [...lines, counts].join('\n');
}
