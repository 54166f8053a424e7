/** Files of the set-up: compared, moved, put back. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { replaceFile } from '../base/replace-file.ts';
import { sleep } from '../base/sleep.ts';
import { isInUse } from '../platform/windows/holders.ts';
import { namesAt } from '../platform/windows/nt-files.ts';
import { errorCode } from '../shared/error-code.ts';

const NOT_THERE = new Set(['ENOENT', 'ENOTDIR']);
const LET_GO_WITHIN_MS = 10_000;
const TRY_EVERY_MS = 250;

/** A virus scanner may look at a fresh file for a while; one that is kept longer is a failure. */
export async function moveWhenFree(from: string, to: string): Promise<void> {
  for (const untilMs = performance.now() + LET_GO_WITHIN_MS; ; await sleep(TRY_EVERY_MS)) {
    try {
      renameSync(from, to);
      return;
    } catch (error) {
      if (!isInUse(error) || performance.now() > untilMs) throw error;
    }
  }
}

/** What lies in it; nothing where it is not there. @throws where it can't be read, which is not the same */
export function namesIn(directory: string): string[] {
  if (process.platform === 'win32') return namesAt(resolve(directory));
  return ifThere(() => readdirSync(directory)) ?? [];
}

/** The same, and nothing where it can't be read: for what may wait. */
export function namesUnlessHeld(directory: string): string[] {
  try {
    return namesIn(directory);
  } catch {
    return [];
  }
}

/** null: it is not there. @throws where it can't be read, which is not the same */
export function readIfThere(file: string): Buffer | null {
  return ifThere(() => readFileSync(file));
}

function ifThere<T>(read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if (NOT_THERE.has(errorCode(error))) return null;
    throw error;
  }
}

/** Puts `file` back to what {@link readIfThere} gave. */
export function putBack(file: string, before: Buffer | null): void {
  if (before === null) rmSync(file, { force: true });
  else replaceFile(file, before);
}

/**
 * Whether both directories hold the same files with the same bytes, but for what `ignored` names: files, or directories with all that
 * is in them. @throws where somebody keeps us from reading it
 */
export function isSameTree(a: string, b: string, ignored: readonly string[]): boolean {
  const counts = (name: string) => !ignored.some((each) => name === each || name.startsWith(`${each}/`));
  const names = filesBelow(a).filter(counts);
  const others = filesBelow(b).filter(counts);
  return (
    names.length === others.length &&
    names.every((name, at) => name === others[at] && haveSameBytes(join(a, name), join(b, name)))
  );
}

/** False as well where somebody keeps us from reading it. */
export function isSameFile(a: string, b: string): boolean {
  try {
    return haveSameBytes(a, b);
  } catch (error) {
    if (isInUse(error)) return false;
    throw error;
  }
}

function haveSameBytes(a: string, b: string): boolean {
  if (!existsSync(a) || !existsSync(b) || statSync(a).size !== statSync(b).size) return false;
  return digest(a) === digest(b);
}

/** Their paths from `directory` on, with `/`, in order. */
export function filesBelow(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(directory, join(entry.parentPath, entry.name)).replaceAll('\\', '/'))
    .sort();
}

export function bytesBelow(directory: string): number {
  return filesBelow(directory).reduce((sum, name) => sum + statSync(join(directory, name)).size, 0);
}

function digest(file: string): string {
  return createHash('sha256').update(readFileSync(file)).digest('hex');
}
