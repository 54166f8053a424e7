/**
 * Secrets at rest (threat-model §4): files of the agent's account, and the registry key of the original on Windows. Who could
 * have written a file is asked of the open file itself, so that it can't be exchanged between the check and the reading.
 */
import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from 'node:fs';
import { errorCode } from '../shared/error-code.ts';
import type { Hosting } from '../shared/states.ts';
import type { Registry, RegistryValue } from './registry.ts';
import { distrustAbove, distrustLink } from './trusted-path.ts';
import { type ReadByHandle, readByHandle } from './windows/read-trusted.ts';
import { readerOfFile } from './windows/secure-directory.ts';

/** Where the original keeps the secrets of the machine (protocol §9.4). */
export const SECRETS_KEY = 'SOFTWARE\\kanade\\agent';
/** Its values for the sign-in to the broker. */
export const SIGN_IN_SECRETS = ['NatsToken', 'NatsUser', 'NatsPassword'] as const;
/** All that the agent reads of {@link SECRETS_KEY}: what a purge takes. */
export const MACHINE_SECRETS = [
  ...SIGN_IN_SECRETS,
  'HelpdeskCodeHash',
  'CommandKeys',
  'RequireSignedCommands',
] as const;

const MAX_SECRET_BYTES = 64 * 1024;

export type Secret =
  | { readonly ok: true; readonly text: string; readonly warning: string | null }
  | { readonly ok: false; readonly error: string };

/**
 * One secret from its file, without the newline at its end. Refused where somebody else could have written it; a file
 * that others can read is a warning only, as it works and says nothing about its content.
 */
export function readSecretFile(path: string, startedAs: Hosting): Secret {
  const file = readTrustedFile(path, namedFile(startedAs, MAX_SECRET_BYTES));
  if (file.kind === 'missing') return { ok: false, error: `${path} does not exist` };
  if (file.kind === 'refused') return { ok: false, error: `${path} ${file.why}` };
  const text = file.text.replace(/[\r\n]+$/, '');
  if (text === '') return { ok: false, error: `${path} is empty` };
  return {
    ok: true,
    text,
    warning: file.readableByOthers ? `${path} can be read by others; ${SHUT_IT}` : null,
  };
}

/** What to do about a file that others can read, for people. */
export const SHUT_IT =
  process.platform === 'win32' ? 'let only SYSTEM and Administrators read it' : 'set its mode to 0600';

/** A value of {@link SECRETS_KEY}; an empty one counts as absent. */
export function readRegistrySecret(
  registry: Registry,
  name: (typeof MACHINE_SECRETS)[number],
): Exclude<RegistryValue, { kind: 'number' }> {
  const value = registry.read(SECRETS_KEY, name);
  if (value.kind === 'number') return { kind: 'text', text: String(value.value) };
  return value.kind === 'text' && value.text === '' ? { kind: 'absent' } : value;
}

export type TrustedFile =
  | { readonly kind: 'ok'; readonly text: string; readonly readableByOthers: boolean }
  | Exclude<TrustedBytes, { kind: 'ok' }>;

export type TrustedBytes = ReadByHandle;

export interface TrustRule {
  /** Whose files count: root's alone, or also those of the account that runs the agent. */
  readonly owners: 'root' | 'root_or_self';
  readonly maxBytes: number;
  /** Nobody else may be able to put another one into its place either. */
  readonly wholeWay: boolean;
}

/**
 * Of a file that the settings name. A person or a test may have its directories wherever it likes; what runs as the system has a
 * whole way to them.
 */
export function namedFile(startedAs: Hosting, maxBytes: number): TrustRule {
  return { owners: 'root_or_self', maxBytes, wholeWay: startedAs === 'service' };
}

/** Never waits, whatever lies there. */
export function readTrustedBytes(path: string, rule: TrustRule): TrustedBytes {
  const why = rule.wholeWay ? distrustWay(path) : null;
  if (why !== null) return { kind: 'refused', why };
  return process.platform === 'win32' ? readByHandle(path, rule.maxBytes) : readByDescriptor(path, rule);
}

/** The same, of UTF-8. */
export function readTrustedFile(path: string, rule: TrustRule): TrustedFile {
  const found = readTrustedBytes(path, rule);
  if (found.kind !== 'ok') return found;
  const text = utf8(found.bytes);
  if (text === null) return { kind: 'refused', why: 'is not UTF-8 text' };
  return { kind: 'ok', text, readableByOthers: found.readableByOthers };
}

/** First, since nobody can change a way that is nobody else's. */
function distrustWay(path: string): string | null {
  const above = distrustAbove(path);
  if (above !== null) return `is not safe where it lies: ${above.path} ${above.why}`;
  // In a sticky directory everybody may have a link of their own.
  return process.platform === 'win32' ? null : distrustLink(path);
}

function readByDescriptor(path: string, rule: TrustRule): ReadByHandle {
  let fd: number;
  try {
    // Without O_NONBLOCK, opening a pipe that somebody put there would wait for ever.
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    const code = errorCode(error) || String(error);
    return code === 'ENOENT' ? { kind: 'missing' } : { kind: 'refused', why: `can't be read (${code})` };
  }
  try {
    const stats = fstatSync(fd);
    const why = distrust(stats, rule);
    if (why !== null) return { kind: 'refused', why };
    return { kind: 'ok', bytes: readBytes(fd, stats.size), readableByOthers: othersRead(path, stats) };
  } catch (error) {
    return { kind: 'refused', why: `can't be read (${String(error)})` };
  } finally {
    closeSync(fd);
  }
}

/** By its path on Windows. */
export function othersRead(path: string, { mode }: Pick<Stats, 'mode'>): boolean {
  return process.platform === 'win32' ? readerOfFile(path) !== null : (mode & 0o044) !== 0;
}

function distrust(stats: Stats, rule: TrustRule): string | null {
  if (!stats.isFile()) return 'is not a regular file';
  if (stats.size > rule.maxBytes) return `is larger than ${rule.maxBytes} bytes`;
  const self = rule.owners === 'root_or_self' && stats.uid === process.geteuid?.();
  if (stats.uid !== 0 && !self) return `belongs to user ${stats.uid}, who could change it`;
  return (stats.mode & 0o022) === 0 ? null : 'can be written by its group or by everybody';
}

function readBytes(fd: number, sizeBytes: number): Uint8Array {
  const bytes = Buffer.alloc(sizeBytes);
  let filled = 0;
  while (filled < sizeBytes) {
    const read = readSync(fd, bytes, filled, sizeBytes - filled, null);
    if (read === 0) break;
    filled += read;
  }
  return bytes.subarray(0, filled);
}

function utf8(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}
