/** Runs a piece of TypeScript as another Unix user, for what only another account can show. */
import { execFile } from 'node:child_process';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';

/** Nobody on this machine, so nothing belongs to him. */
export const OTHER_UID = 12_345;
const run = promisify(execFile);
const ROOT = new URL('../../', import.meta.url);

/** Why tests with another user can't run here; null: they can. */
export async function otherUserProblem(): Promise<string | null> {
  if (process.platform === 'win32') return 'Windows has no uids';
  if (process.getuid?.() !== 0) return 'only root can act as another user';
  try {
    await asUser(OTHER_UID, `await import(${JSON.stringify(new URL('src/shared/contract.ts', ROOT).href)})`);
    return null;
  } catch {
    return 'another user can not read this checkout';
  }
}

/** Runs `source` (an ES module; `SRC` and `TEST` are the URLs of our folders) and returns what it prints. Rejects when it fails. */
export async function asUser(uid: number, source: string, cwd = '/'): Promise<string> {
  const prelude = `const SRC = ${url('src/')}; const TEST = ${url('test/')};\n`;
  const { stdout } = await run(process.execPath, ['--input-type=module', '--no-warnings', '-e', prelude + source], {
    uid,
    gid: uid,
    cwd,
    env: { PATH: process.env.PATH, NODE_PATH: '', TMPDIR: '/tmp' },
    timeout: 20_000,
  });
  return stdout.trim();
}

function url(folder: string): string {
  return JSON.stringify(pathToFileURL(new URL(folder, ROOT).pathname).href);
}
