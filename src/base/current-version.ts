/**
 * `current.json`: which version of an installation counts. Invariant: it changes in one step, and says at any time a version that
 * can be started; so whatever ends us, one of the two runs afterwards.
 *
 * Also read by programs that are no JavaScript (`native/current.c`, `packaging/linux/starter.sh`): one line, `version` first, and no
 * other name in it that ends like that.
 */
import { readFileSync } from 'node:fs';
import { errorCode } from '../shared/error-code.ts';
import { VERSION } from './compare-versions.ts';
import { replaceFile } from './replace-file.ts';

const DIGEST = /^[0-9a-f]{64}$/;

export interface CurrentVersion {
  readonly version: string;
  /**
   * It is on trial: it has not been on the air yet, and `before` comes back when it fails to start too often. `serial`: the number
   * of its manifest; `manifest`: the SHA-256 of that.
   */
  readonly trial?: { readonly before: string; readonly serial: number; readonly manifest: string };
  /** What was on trial, and was taken back by the starter. */
  readonly failed?: { readonly version: string; readonly serial: number; readonly manifest: string };
}

/** null: no version counts. @throws where the file can't be read, which is not the same */
export function readCurrent(file: string): CurrentVersion | null {
  try {
    return currentIn(readFileSync(file, 'utf8'));
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(errorCode(error))) return null;
    throw error;
  }
}

/** null: it says none. */
export function currentIn(text: string): CurrentVersion | null {
  const read = jsonObject(text);
  const version = versionOf(read.version);
  if (version === null) return null;
  const [before, failed] = [versionOf(read.before), versionOf(read.failed)];
  const serial = typeof read.serial === 'number' && Number.isSafeInteger(read.serial) ? read.serial : 0;
  const manifest = typeof read.manifest === 'string' && DIGEST.test(read.manifest) ? read.manifest : '';
  return {
    version,
    ...(before === null ? {} : { trial: { before, serial, manifest } }),
    ...(failed === null ? {} : { failed: { version: failed, serial, manifest } }),
  };
}

export function writeCurrent(file: string, { version, trial, failed }: CurrentVersion): void {
  const taken = failed && { failed: failed.version, serial: failed.serial, manifest: failed.manifest };
  const more = trial ?? taken ?? {};
  replaceFile(file, `${JSON.stringify({ version, ...more })}\n`);
}

function versionOf(value: unknown): string | null {
  return typeof value === 'string' && VERSION.test(value) ? value : null;
}

function jsonObject(text: string): Readonly<Record<string, unknown>> {
  try {
    const read: unknown = JSON.parse(text);
    return typeof read === 'object' && read !== null ? (read as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
