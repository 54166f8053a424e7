/** The Linux packages: a tree, and the Debian package that carries it. */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../bootstrap/paths.mjs';
import { commitTime } from './commit-time.ts';
import { buildDeb } from './deb.ts';
import { standInElectron } from './electron-for.ts';
import { TEST_SUFFIX } from './test-suffix.ts';
import { assembleTree } from './tree.ts';

/**
 * @param options.release where the package goes
 * @param options.testOnly with a stand-in for Electron
 * @returns the package
 */
export async function buildLinux({
  release,
  testOnly,
  env,
}: {
  readonly release: string;
  readonly testOnly: boolean;
  readonly env: NodeJS.ProcessEnv;
}): Promise<string> {
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  const standIn = testOnly ? await standInElectron('linux', env) : null;
  const atSecs = await commitTime(env);
  const tree = await assembleTree({ platform: 'linux', version, standIn, atSecs, env });
  const file = join(release, `kanade-tray_${version}_amd64${testOnly ? TEST_SUFFIX : ''}.deb`);
  rmSync(file, { force: true });
  await buildDeb({ tree, version, file, atSecs, fast: testOnly, env });
  return file;
}
