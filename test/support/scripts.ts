/**
 * Small scripts that do the same by the shell of each system, sh or PowerShell, so that one test shows the agent on both. `echo`,
 * `sleep`, `exit` and `;` are the same in both, and are written as they are.
 */
import { readFileSync } from 'node:fs';
import { EOL } from 'node:os';
import { join } from 'node:path';

const IS_WINDOWS = process.platform === 'win32';

/** The `shell` of these scripts. */
export const SHELL = IS_WINDOWS ? 'powershell' : 'sh';

/** Lines as a script says them. */
export function said(...lines: readonly string[]): string {
  return lines.map((line) => line + EOL).join('');
}

/** Appends a line to a file. */
export function appends(file: string, line: string): string {
  return IS_WINDOWS ? `[IO.File]::AppendAllText(${quoted(file)}, "${line}\`n")` : `echo ${line} >> ${quoted(file)}`;
}

/** Makes an empty file, or leaves the one that is there. */
export function makes(file: string): string {
  return IS_WINDOWS ? `[IO.File]::AppendAllText(${quoted(file)}, '')` : `touch ${quoted(file)}`;
}

/** Appends the id of its own process to a file. */
export function appendsPid(file: string): string {
  return appends(file, IS_WINDOWS ? '$PID' : '$$');
}

/** Waits until a file is there, or, with `isGone`, until it is not. */
export function waitsFor(file: string, { isGone = false }: { isGone?: boolean } = {}): string {
  if (IS_WINDOWS) return `while (${isGone ? '' : '!'}(Test-Path ${quoted(file)})) { sleep -Milliseconds 10 }`;
  return `while [ ${isGone ? '' : '! '}-e ${quoted(file)} ]; do sleep 0.01; done`;
}

/** Says one line of as many `x`. */
export function saysMany(count: number): string {
  return IS_WINDOWS ? `'x' * ${count}` : `head -c ${count} /dev/zero | tr '\\0' x; echo`;
}

/**
 * Starts a process that is in no group, session or console with the script, appends its own id to `file`, and stays. What follows in
 * the script does so at once.
 */
export function leavesBehind(file: string): string {
  const program = join(import.meta.dirname, 'stays.mjs');
  const words = [process.execPath, program, file];
  if (!IS_WINDOWS) return `setsid ${words.map(quoted).join(' ')} < /dev/null > /dev/null 2>&1 & `;
  const [node = '', ...args] = words;
  return `Start-Process ${quoted(node)} ${args.map((arg) => quoted(`"${arg}"`)).join(', ')} -WindowStyle Hidden;`;
}

/** By the ids that scripts have written, one on a line. */
export function pidsIn(file: string): number[] {
  return readFileSync(file, 'utf8').trim().split('\n').map(Number);
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", IS_WINDOWS ? "''" : "'\\''")}'`;
}
