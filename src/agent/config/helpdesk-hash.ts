/**
 * Where the hash of the helpdesk code comes from. Who can read it can try all codes of eight digits at leisure, so there are
 * places for it that people on this PC can't read: the machine's secrets in the registry, and a file of its own. Invariant: of
 * such a place that can't be used no other is tried, since IT means another code by it; settings and policies that people can
 * read still count, and each start says so (threat-model §4).
 */
import { statSync } from 'node:fs';
import { machineRegistry, type RegistryValue } from '../../platform/registry.ts';
import {
  namedFile,
  othersRead,
  readRegistrySecret,
  readTrustedFile,
  SECRETS_KEY,
  SHUT_IT,
} from '../../platform/secrets.ts';
import type { Hosting } from '../../shared/states.ts';
import type { Collected, SourcePlace } from './collect.ts';
import { isCodeHash, isStrongHash } from './helpdesk-code.ts';
import { type Candidate, settle } from './layers.ts';
import type { PathBase } from './values.ts';

const KEY = 'helpdesk.code_hash';
const FILE_KEY = 'helpdesk.code_hash_file';
export const HASH_SECRET = 'HelpdeskCodeHash';
const MAX_HASH_FILE_BYTES = 4096;
const NEW_HASH = 'make it anew with --hash-code';

/** The machine's secret; a number is no hash, and is refused as such. */
export type HashSecret = Exclude<RegistryValue, { kind: 'number' }>;

export function machineHashSecret(platform: NodeJS.Platform): HashSecret {
  return readRegistrySecret(machineRegistry(platform), HASH_SECRET);
}

export interface HashSources {
  readonly secret: HashSecret;
  /** In tray mode the agent is the person themselves, from whom nothing can be kept. */
  readonly startedAs: Hosting;
  readonly base: PathBase;
  /** See `LoadInput`. */
  readonly answers: (path: string) => boolean;
}

/** Settles which hash counts, after all other sources have been read. */
export function addHelpdeskHash(to: Collected, { secret, startedAs, base, answers }: HashSources): void {
  const readable = to.candidates.get(KEY) ?? [];
  const kept = fromFile(to, startedAs, answers) ?? fromSecret(to, secret, startedAs);
  if (kept === 'unusable') to.candidates.delete(KEY);
  else if (kept !== null) to.add(KEY, kept.text, kept.at, base);
  const counts = kept === null || kept === 'unusable' ? readable : (to.candidates.get(KEY) ?? []).slice(-1);
  if (kept !== null && kept !== 'unusable') to.candidates.set(KEY, counts);
  if (startedAs !== 'tray') for (const candidate of readable) warnOfReaders(to, candidate, base.platform);
  for (const candidate of counts) warnOfWeakness(to, candidate);
}

type Kept = { readonly text: string; readonly at: SourcePlace } | 'unusable' | null;

function fromFile(to: Collected, startedAs: Hosting, answers: HashSources['answers']): Kept {
  const { value, source, file: named, line } = settle(to.candidates)[FILE_KEY];
  if (typeof value !== 'string' || source === 'built-in' || named === null) return null;
  const file = value;
  const problem = (why: string) => {
    to.problems.push({ file: named, line, key: FILE_KEY, expected: `a file that can be used: ${file} ${why}` });
    return 'unusable' as const;
  };
  if (!answers(file)) return problem('does not answer');
  const found = readTrustedFile(file, namedFile(startedAs, MAX_HASH_FILE_BYTES));
  if (found.kind === 'missing') return problem('does not exist');
  if (found.kind === 'refused') return problem(found.why);
  if (found.readableByOthers) return problem(`can be read by others; ${SHUT_IT}`);
  const text = found.text.trim();
  if (!isCodeHash(text)) return problem('does not hold what --hash-code prints');
  return { text, at: { source, file, line: null } };
}

function fromSecret(to: Collected, secret: HashSecret, startedAs: HashSources['startedAs']): Kept {
  const file = `HKLM\\${SECRETS_KEY}`;
  if (secret.kind === 'absent') return null;
  if (secret.kind === 'text') return { text: secret.text, at: { source: 'policy', file, line: null } };
  // A person may not read the machine's secrets, and has no such code either.
  if (startedAs === 'tray') return null;
  to.problems.push({ file, line: null, key: HASH_SECRET, expected: `a text, found Windows error ${secret.code}` });
  return 'unusable';
}

function warnOfReaders(to: Collected, { file, line }: Candidate, platform: NodeJS.Platform): void {
  if (isShut(file, platform)) return;
  const place =
    platform === 'win32'
      ? `the registry value ${HASH_SECRET} of HKLM\\${SECRETS_KEY}`
      : `a file of the mode 0600 and [helpdesk] code_hash_file`;
  const message = `people on this PC can read it here and try codes at leisure; it belongs into ${place}`;
  to.warnings.push({ file, line, key: KEY, message });
}

/** Of a key of the registry it is not known. */
function isShut(file: string, platform: NodeJS.Platform): boolean {
  const stats = statSync(file, { throwIfNoEntry: false });
  return stats === undefined ? platform !== 'win32' : !othersRead(file, stats);
}

function warnOfWeakness(to: Collected, { file, line, value }: Candidate): void {
  if (typeof value !== 'string' || isStrongHash(value)) return;
  to.warnings.push({
    file,
    line,
    key: KEY,
    message: `it is quicker to try codes on than this version allows; ${NEW_HASH}`,
  });
}
