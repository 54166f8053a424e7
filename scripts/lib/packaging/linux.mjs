/** The Linux packages: a tree, and the Debian package that carries it. */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../bootstrap/paths.mjs';
import { commitTime } from './commit-time.mjs';
import { buildDeb } from './deb.mjs';
import { standInElectron } from './electron-for.mjs';
import { TEST_SUFFIX } from './test-suffix.mjs';
import { assembleTree } from './tree.mjs';

/**
 * @param {object} options
 * @param {string} options.release where the package goes
 * @param {boolean} options.testOnly with a stand-in for Electron
 * @param {NodeJS.ProcessEnv} options.env
 * @returns {Promise<string>} the package
 */
export async function buildLinux({ release, testOnly, env }) {
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  const standIn = testOnly ? await standInElectron('linux', env) : null;
  const atSecs = await commitTime(env);
  const tree = await assembleTree({ platform: 'linux', version, standIn, atSecs, env });
  const file = join(release, `kanade-tray_${version}_amd64${testOnly ? TEST_SUFFIX : ''}.deb`);
  rmSync(file, { force: true });
  await buildDeb({ tree, version, file, atSecs, fast: testOnly, env });
  return file;
}
