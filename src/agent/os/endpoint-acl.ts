/**
 * Who may read what of the local socket's rendezvous (security S3). A directory is used only if it is a real one, ours,
 * and not writable by others; a file is made under a fresh name, given to its reader while nobody else knows it, and
 * renamed. So nothing that another account has put there first is ever followed or opened up.
 */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { mkdir, open, rename, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { errorCode } from '../../shared/error-code.ts';
import { makeDirectoryAsync } from '../../shared/make-directory.ts';
import { errorText } from '../base/logger.ts';

export type Guarded = { readonly ok: true } | { readonly ok: false; readonly why: string };

export interface EndpointGuard {
  /** The account that we run as: a uid or a SID. */
  readonly own: string;
  /** The accounts that always have an endpoint: our own, and root or the Administrators where we can give them one. */
  readonly always: readonly string[];
  /** Whether other accounts can be given an endpoint, and the socket be open to them. */
  readonly servesOthers: boolean;
  isAccount(text: string): boolean;
  isAdministrator(account: string): boolean;
  /** Makes the directory, or checks and tightens the one that is there. Its parent must be there. */
  directory(path: string): Promise<Guarded>;
  /** Puts a file there that only `account` (and who runs the PC anyway) can read. Replaces an older one. */
  privateFile(path: string, text: string, account: string): Promise<Guarded>;
}

export function endpointGuard(platform: NodeJS.Platform = process.platform): Promise<EndpointGuard> {
  return platform === 'win32' ? windowsGuard() : Promise.resolve(posixGuard());
}

/** root: 0711 directories of its own, a file per account at 0400. Anybody else: 0700, one file. */
function posixGuard(): EndpointGuard {
  const uid = process.getuid?.() ?? 0;
  const isRoot = uid === 0;
  return {
    own: String(uid),
    always: [String(uid)],
    servesOthers: isRoot,
    isAccount: (text) => /^(0|[1-9]\d{0,9})$/.test(text) && Number(text) < 2 ** 32 - 1,
    isAdministrator: (account) => account === '0',
    directory: (path) => guarded(() => posixDirectory(path, uid, isRoot ? 0o711 : 0o700)),
    privateFile: (path, text, account) => guarded(() => posixFile(path, text, Number(account), isRoot)),
  };
}

async function posixDirectory(path: string, uid: number, mode: number): Promise<string | null> {
  try {
    await mkdir(path, { mode });
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error;
  }
  const handle = await open(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  try {
    const { uid: owner } = await handle.stat();
    if (owner !== uid) return `${path} belongs to user ${owner}, not to ${uid}`;
    await handle.chmod(mode);
    return null;
  } finally {
    await handle.close();
  }
}

async function posixFile(path: string, text: string, uid: number, giveAway: boolean): Promise<null> {
  const fresh = `${path}.${randomBytes(8).toString('hex')}`;
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
  const handle = await open(fresh, flags, 0o400);
  try {
    await handle.writeFile(text);
    await handle.chmod(0o400);
    if (giveAway) await handle.chown(uid, 0);
  } finally {
    await handle.close();
  }
  return moveTo(fresh, path);
}

async function moveTo(fresh: string, path: string): Promise<null> {
  try {
    await rename(fresh, path);
    return null;
  } catch (error) {
    await unlink(fresh).catch(() => {});
    throw error;
  }
}

const SYSTEM = 'S-1-5-18';
const ADMINISTRATORS = 'S-1-5-32-544';

/**
 * Inheritance off; SYSTEM, Administrators and our own account full; the reader may read his file. Directories need no
 * entry for readers: going through them is everybody's right on Windows unless a policy takes it away.
 */
async function windowsGuard(): Promise<EndpointGuard> {
  const { stdout } = await system('whoami.exe', ['/user', '/fo', 'csv', '/nh']);
  const own = /S-1-[\d-]+/.exec(stdout)?.[0];
  if (own === undefined) throw new Error('the account that this runs as can not be told');
  const servesOthers = own === SYSTEM;
  const full = (inherit: string) => [SYSTEM, ADMINISTRATORS, own].map((sid) => `*${sid}:${inherit}F`);
  return {
    own,
    always: [...new Set([own, ADMINISTRATORS])],
    servesOthers,
    isAccount: (text) => /^S-1-\d+(-\d{1,10}){1,15}$/.test(text),
    isAdministrator: (account) => account === ADMINISTRATORS || account === SYSTEM,
    directory: (path) =>
      guarded(async () => {
        await makeDirectoryAsync(path);
        await system('icacls.exe', [path, '/inheritance:r', '/grant:r', ...full('(OI)(CI)')]);
        return null;
      }),
    privateFile: (path, text, account) =>
      guarded(async () => {
        const fresh = `${path}.${randomBytes(8).toString('hex')}`;
        // Readable for the owners of the directory only, until the next line lets the reader in.
        await writeFile(fresh, text, { flag: 'wx' });
        await system('icacls.exe', [fresh, '/inheritance:r', '/grant:r', ...full(''), `*${account}:R`]);
        return moveTo(fresh, path);
      }),
  };
}

const run = promisify(execFile);

/** A tool of Windows by its full path: the current directory and PATH are not asked. */
function system(tool: string, args: readonly string[]): Promise<{ stdout: string }> {
  const path = join(process.env.SystemRoot ?? 'C:\\Windows', 'System32', tool);
  return run(path, args, { windowsHide: true, timeout: 10_000 });
}

/** What the operating system refuses is an answer here, not an exception. */
async function guarded(work: () => Promise<string | null>): Promise<Guarded> {
  try {
    const why = await work();
    return why === null ? { ok: true } : { ok: false, why };
  } catch (error) {
    return { ok: false, why: errorText(error) };
  }
}
