/**
 * Another account's process that never gets through its `exec`: it closes a file of a file system whose server does not answer for
 * that. Root mounts it here; with `fusermount` anybody can.
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { OTHER_UID } from './other-user.ts';
import { tempDir } from './temp.ts';

const SERVER = fileURLToPath(new URL('../fixtures/silent-at-close.mjs', import.meta.url));

/** The pid, once it is stuck. Perl opens files so that they are closed by an `exec`. */
export async function stuckInExec(uid = OTHER_UID): Promise<number> {
  const at = tempDir();
  const device = openSync('/dev/fuse', 'r+');
  const options = 'fd=3,rootmode=40000,user_id=0,group_id=0,allow_other';
  execFileSync('mount', ['-i', '-t', 'fuse', '-o', options, 'held', at], {
    stdio: ['ignore', 'pipe', 'pipe', device],
  });
  const server = spawn(process.execPath, [SERVER], { stdio: ['ignore', 'pipe', 'inherit', device] });
  closeSync(device);
  onTestFinished(async () => {
    server.kill('SIGKILL'); // With it the file system ends, and with that the exec.
    await once(server, 'exit');
    execFileSync('umount', ['-l', at]);
  });
  const stuck = spawn('perl', ['-e', `open F, "<", "${at}/file" or die $!; exec "sleep", "60"`], {
    uid,
    gid: uid,
    stdio: 'ignore',
    cwd: '/',
    detached: true,
  });
  onTestFinished(() => void stuck.kill('SIGKILL'));
  if (server.stdout !== null) await once(server.stdout, 'data');
  return stuck.pid ?? 0;
}
