/** The Windows package: a tree, and the installer that carries it. */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../bootstrap/paths.mjs';
import { say } from '../../bootstrap/say.mjs';
import { commitTime } from './commit-time.mjs';
import { standInElectron } from './electron-for.mjs';
import { compileInstaller } from './installer.mjs';
import { signerOf } from './signing.mjs';
import { TEST_SUFFIX } from './test-suffix.mjs';
import { assembleTree } from './tree.mjs';

/**
 * @param {object} options
 * @param {string} options.release where the installer goes
 * @param {boolean} options.testOnly with a stand-in for Electron
 * @param {NodeJS.ProcessEnv} options.env
 * @returns {Promise<string>} the installer
 */
export async function buildWindows({ release, testOnly, env }) {
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  const standIn = testOnly ? await standInElectron('win32', env) : null;
  const sign = signerOf(env);
  if (sign === null) say('UNSIGNED: the Windows programs carry no signature; docs/deploy.md says how they get one.');
  const atSecs = await commitTime(env);
  const tree = await assembleTree({ platform: 'win32', version, standIn, sign, atSecs, env });
  const file = join(release, `Kanade-Tray-Setup-${version}${testOnly ? TEST_SUFFIX : ''}.exe`);
  rmSync(file, { force: true });
  await compileInstaller({ tree, version, file, fast: testOnly, sign, atSecs, env });
  return file;
}
