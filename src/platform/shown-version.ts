/**
 * Which version people start, as `<root>/current.json` says. Invariant: people may read that file, and so hold it or lock it; nothing
 * of the system waits for them, so it is read here and nowhere else.
 */
import { join } from 'node:path';
import { currentIn } from '../base/current-version.ts';
import { readTrustedFile } from './secrets.ts';

const MAX_BYTES = 4096;

/** `root`: of the installation. null: none, or it can't be told, also because somebody keeps us from reading it. Never waits. */
export function shownVersion(root: string): string | null {
  const rule = { owners: 'root_or_self', maxBytes: MAX_BYTES, wholeWay: false } as const;
  const found = readTrustedFile(join(root, 'current.json'), rule);
  return found.kind === 'ok' ? (currentIn(found.text)?.version ?? null) : null;
}
