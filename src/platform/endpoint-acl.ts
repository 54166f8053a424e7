/**
 * Who may read what of the local socket's rendezvous (threat-model §1). A directory is used only if it is a real one, ours,
 * and not writable by others; a file is made under a fresh name, given to its reader while nobody else knows it, and
 * renamed. So nothing that another account has put there first is ever followed or opened up.
 */
import { randomBytes } from 'node:crypto';
import { constants, existsSync } from 'node:fs';
import { chmod, lchown, mkdir, open, rename, unlink, writeFile } from 'node:fs/promises';
import { errorText } from '../base/logger.ts';
import { errorCode } from '../shared/error-code.ts';
import { makeDirectory, ownerOf, PRIVATE_FILE, setFileAccess } from './windows/access.ts';
import { ADMINISTRATORS_SID, SYSTEM_SID } from './windows/access-list.ts';
import { PIPE_CLIENT, setPipeAccess } from './windows/pipe-access.ts';
import { removeTree } from './windows/remove-tree.ts';
import { ownSid } from './windows/sids.ts';

export type Guarded = { readonly ok: true } | { readonly ok: false; readonly why: string };

export interface EndpointGuard {
  /** The account that we run as: a uid or a SID. */
  readonly own: string;
  /** The accounts that always have an endpoint: our own, and root or the Administrators where we can give them one. */
  readonly always: readonly string[];
  /** Whether other accounts can be given an endpoint. */
  readonly servesOthers: boolean;
  isAccount(text: string): boolean;
  isAdministrator(account: string): boolean;
  /** Makes the directory, or checks and tightens the one that is there. Its parent must be there. */
  directory(path: string): Promise<Guarded>;
  /** Opens a socket that only we can connect to so far, for this account alone. */
  socket(address: string, account: string): Promise<Guarded>;
  /** Puts a file there that only `account` (and who runs the PC anyway) can read. Replaces an older one. */
  privateFile(path: string, text: string, account: string): Promise<Guarded>;
  /** Takes such a file away, as far as nobody keeps it. */
  removeFile(path: string): Promise<void>;
}

/** @throws where the system does not say who we are */
export function endpointGuard(platform: NodeJS.Platform = process.platform): EndpointGuard {
  return platform === 'win32' ? windowsGuard() : posixGuard();
}

/** root: 0711 directories of its own, a file per account at 0400, a socket at 0600. Anybody else: 0700, one file, one socket. */
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
    socket: (address, account) => guarded(() => posixSocket(address, Number(account), isRoot)),
    privateFile: (path, text, account) => guarded(() => posixFile(path, text, Number(account), isRoot)),
    removeFile: (path) => unlink(path).catch(() => {}),
  };
}

async function posixDirectory(path: string, uid: number, mode: number): Promise<string | null> {
  try {
    await mkdir(path, { mode });
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error;
  }
  await using handle = await open(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  const { uid: owner } = await handle.stat();
  if (owner !== uid) return `${path} belongs to user ${owner}, not to ${uid}`;
  await handle.chmod(mode);
  return null;
}

/** To connect needs the right to write to it. It lies in a directory that is ours alone. */
async function posixSocket(address: string, uid: number, giveAway: boolean): Promise<null> {
  await chmod(address, 0o600);
  if (giveAway) await lchown(address, uid, 0);
  return null;
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

/**
 * Nothing inherited; SYSTEM, Administrators and our own account full; the reader may read his file and connect to his pipe, from
 * this PC only. Directories need no entry for readers: going through them is everybody's right on Windows unless a policy takes it
 * away. Who we are and who owns what is asked of the system itself; no program is started for it.
 */
function windowsGuard(): EndpointGuard {
  const own = ownSid();
  const masters = [...new Set([SYSTEM_SID, ADMINISTRATORS_SID, own])];
  const full = (flags: string) => masters.map((sid) => `(A;${flags};FA;;;${sid})`).join('');
  return {
    own,
    always: [...new Set([own, ADMINISTRATORS_SID])],
    servesOthers: own === SYSTEM_SID,
    isAccount: (text) => /^S-1-\d+(-\d{1,10}){1,15}$/.test(text),
    isAdministrator: (account) => account === ADMINISTRATORS_SID || account === SYSTEM_SID,
    directory: (path) =>
      guarded(async () => {
        const list = `D:P${full('OICI')}`;
        if (!existsSync(path)) makeDirectory(path, list);
        const owner = ownerOf(path);
        if (!masters.includes(owner)) return `${path} belongs to ${owner}`;
        setFileAccess(path, list);
        return null;
      }),
    socket: (address, account) =>
      guarded(async () => {
        // Administrators may come by remote shells, whose tokens are those of the network.
        const remote = masters.includes(account) ? '' : '(D;;FA;;;NU)';
        const others = masters.includes(account) ? '' : `(A;;0x${PIPE_CLIENT.toString(16)};;;${account})`;
        setPipeAccess(address, `D:P${remote}${full('')}${others}`);
        return null;
      }),
    privateFile: (path, text, account) =>
      guarded(async () => {
        const fresh = `${path}.${randomBytes(8).toString('hex')}`;
        // Readable for the owners of the directory only, until the next line lets the reader in.
        await writeFile(fresh, text, { flag: 'wx' });
        setFileAccess(fresh, `D:P${full('')}(A;;FR;;;${account})`);
        // The reader may have a lock on the one that is there: to rename over it would wait for him.
        try {
          takeAway(path);
        } catch (error) {
          await unlink(fresh).catch(() => {});
          throw error;
        }
        return moveTo(fresh, path);
      }),
    removeFile: async (path) => {
      try {
        takeAway(path);
      } catch {
        // The next one that is written there takes it away.
      }
    },
  };
}

/** First its reader loses it, so that he can't get a lock on it meanwhile. @throws where somebody has it open */
function takeAway(path: string): void {
  if (existsSync(path)) setFileAccess(path, PRIVATE_FILE);
  removeTree(path);
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
