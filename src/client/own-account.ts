/** Who this process runs as: for the agent a uid, or a SID on Windows; for people a name. */
import { execFile } from 'node:child_process';
import { userInfo } from 'node:os';
import { promisify } from 'node:util';

/** Rejects where Windows does not say who we are. */
export async function ownAccount(): Promise<string> {
  if (process.getuid !== undefined) return String(process.getuid());
  const { stdout } = await promisify(execFile)('whoami.exe', ['/user', '/fo', 'csv', '/nh'], { windowsHide: true });
  const sid = /"(S-1-[0-9-]+)"/.exec(stdout)?.[1];
  if (sid === undefined) throw new Error(`whoami.exe said no SID: ${stdout.trim()}`);
  return sid;
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
