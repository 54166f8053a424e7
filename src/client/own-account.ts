/** The account that this process runs as, as the agent names it: a uid, or a SID on Windows. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** Rejects where Windows does not say who we are. */
export async function ownAccount(): Promise<string> {
  if (process.getuid !== undefined) return String(process.getuid());
  const { stdout } = await promisify(execFile)('whoami.exe', ['/user', '/fo', 'csv', '/nh'], { windowsHide: true });
  const sid = /"(S-1-[0-9-]+)"/.exec(stdout)?.[1];
  if (sid === undefined) throw new Error(`whoami.exe said no SID: ${stdout.trim()}`);
  return sid;
}
