/** Who this process runs as: for the agent a uid, or a SID on Windows; for people a name. */
import { execFile } from 'node:child_process';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { koffiIsBeside } from '../platform/koffi.ts';
import { ownSid } from '../platform/windows/sids.ts';

/** The window's bundle has no native code in it: it lies beside this name. */
export function nativeCodeIsBeside(name: string): void {
  koffiIsBeside(name);
}

const WHOAMI_WITHIN_MS = 10_000;
const PAUSE_MS = 2_000;

/** Asked again until Windows says it; `onFailure` hears of each time that it does not. */
export async function ownAccount(onFailure: (error: unknown) => void = () => {}): Promise<string> {
  if (process.getuid !== undefined) return String(process.getuid());
  for (;;) {
    try {
      return await ownSidSomehow();
    } catch (error) {
      onFailure(error);
      await delay(PAUSE_MS);
    }
  }
}

/** From our own token; by a program of Windows only where native code can't be loaded. */
async function ownSidSomehow(): Promise<string> {
  try {
    return ownSid();
  } catch {
    const whoami = join(process.env.SystemRoot ?? 'C:\\Windows', 'System32', 'whoami.exe');
    const options = { windowsHide: true, timeout: WHOAMI_WITHIN_MS };
    const { stdout } = await promisify(execFile)(whoami, ['/user', '/fo', 'csv', '/nh'], options);
    const sid = /"(S-1-[0-9-]+)"/.exec(stdout)?.[1];
    if (sid === undefined) throw new Error(`whoami.exe said no SID: ${stdout.trim()}`);
    return sid;
  }
}

/** The name of the account, as people know it; empty where it has none. */
export function userName(env: Readonly<Record<string, string | undefined>> = process.env): string {
  try {
    return userInfo().username;
  } catch {
    // A container may run under a number that has no name.
    return env.USER ?? env.USERNAME ?? '';
  }
}
