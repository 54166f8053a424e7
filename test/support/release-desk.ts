/** Whoever releases: two directories, a package, and the commands of `npm run release` as a process of their own. */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { create } from 'tar';
import { ROOT } from '../../scripts/bootstrap/paths.mjs';
import { TARGET } from './releases.ts';
import { tempDir } from './temp.ts';

const run = promisify(execFile);
/** Of what is in the package. */
export const UNPACKED_BYTES = 300_000;

/** With keys made by "Aiko". `more` goes with their making. */
export async function releaseDesk(...more: string[]) {
  const [dir, recovery, work] = [tempDir(), tempDir(), tempDir()];
  const file = join(work, 'package.tar.gz');
  writeFileSync(join(work, 'main.js'), randomBytes(UNPACKED_BYTES));
  await create({ file, cwd: work, gzip: true }, ['main.js']);
  /** What it says; rejects where it fails. */
  const release = async (...args: string[]) => {
    const script = join(ROOT, 'scripts', 'release.ts');
    return (await run(process.execPath, [script, ...args, '--dir', dir])).stdout;
  };
  /** Why it fails. */
  const refused = (...args: string[]) =>
    release(...args).then(
      () => 'nothing',
      (error: { stderr: string }) => error.stderr,
    );
  const target = ['--platform', TARGET.platform, '--arch', TARGET.arch];
  const signing = (version: string, ...options: string[]) =>
    ['sign', '--file', file, '--version', version].concat(target, options);
  const sign = (version: string, ...options: string[]) => release(...signing(version, ...options));
  await release('keys', '--recovery', recovery, '--name', 'Aiko', ...more);
  return { dir, recovery, file, release, refused, signing, sign };
}
