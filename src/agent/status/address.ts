/**
 * Where the agent listens (architecture §8), for each account apart. On Unix in a directory that is ours alone, under a name that stays
 * the same for a data directory, so that a crash leaves nothing behind; on Windows under a name that nobody can know in advance.
 */
import { createHash, randomBytes } from 'node:crypto';
import { lstat, readdir, unlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EndpointGuard } from '../../platform/endpoint-acl.ts';
import { errorCode } from '../../shared/error-code.ts';

/** Unix allows 107 bytes in all (`sun_path`). */
const MAX_ADDRESS_BYTES = 100;
const LONGEST_UID = '4294967294';

export interface AddressOptions {
  /** `<data>/kanade-tray`. */
  readonly directory: string;
  readonly guard: EndpointGuard;
  readonly platform: NodeJS.Platform;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** `/run`, where root's sockets go. */
  readonly runDirectory: string;
}

export type Place =
  | { readonly ok: true; readonly addressFor: (account: string) => Promise<string> }
  | { readonly ok: false; readonly why: string };

export async function choosePlace(options: AddressOptions): Promise<Place> {
  if (options.platform === 'win32') {
    return { ok: true, addressFor: async () => `\\\\.\\pipe\\kanade-tray-${randomBytes(16).toString('hex')}` };
  }
  const name = createHash('sha256').update(options.directory).digest('hex').slice(0, 16);
  const tried: string[] = [];
  for (const directory of candidates(options, name)) {
    const longest = join(directory, `${name}-${LONGEST_UID}.sock`);
    if (Buffer.byteLength(longest) > MAX_ADDRESS_BYTES) {
      tried.push(`${longest} is longer than ${MAX_ADDRESS_BYTES} bytes`);
      continue;
    }
    const made = await options.guard.directory(directory);
    if (made.ok && (await removeStale(directory, name))) {
      return { ok: true, addressFor: async (account) => freeAddress(join(directory, `${name}-${account}.sock`)) };
    }
    tried.push(made.ok ? `the sockets in ${directory} can not be replaced` : made.why);
  }
  return { ok: false, why: tried.join('; ') };
}

/** The private temporary directory is named by account and data directory; one that somebody else made is refused by the guard. */
function candidates({ guard, env, runDirectory }: AddressOptions, name: string): string[] {
  const temporary = [join(tmpdir(), `kanade-tray-${guard.own}-${name}`), join(tmpdir(), `kanade-tray-${randomName()}`)];
  if (guard.servesOthers) return [join(runDirectory, 'kanade-tray'), ...temporary];
  const runtime = env.XDG_RUNTIME_DIR;
  return runtime === undefined || runtime === '' ? temporary : [join(runtime, 'kanade-tray'), ...temporary];
}

function randomName(): string {
  return randomBytes(8).toString('hex');
}

/** The sockets of an agent that died. Whoever holds the data directory's lock is the only one to use this name. */
async function removeStale(directory: string, name: string): Promise<boolean> {
  const own = (file: string) => file.startsWith(`${name}-`) && file.endsWith('.sock');
  try {
    for (const file of (await readdir(directory)).filter(own)) await freeAddress(join(directory, file));
    return true;
  } catch {
    return false;
  }
}

/** @throws where something is in the way that is no socket */
async function freeAddress(address: string): Promise<string> {
  try {
    if (!(await lstat(address)).isSocket()) throw new Error(`${address} is no socket`);
    await unlink(address);
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
  }
  return address;
}
