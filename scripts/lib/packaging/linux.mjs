/** The Linux packages: a tree, and the Debian package that carries it. */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../paths.mjs';
import { quiet } from '../processes.mjs';
import { buildDeb } from './deb.mjs';
import { standInElectron } from './electron-for.mjs';
import { assembleTree } from './tree.mjs';
import { TEST_SUFFIX } from './windows.mjs';

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
  const tree = await assembleTree({ platform: 'linux', version, standIn, env });
  const file = join(release, `kanade-tray_${version}_amd64${testOnly ? TEST_SUFFIX : ''}.deb`);
  rmSync(file, { force: true });
  await buildDeb({ tree, version, file, atSecs: await commitTime(env), fast: testOnly, env });
  return file;
}

/**
 * The time of the commit, in seconds; a checkout without git gets a fixed one.
 * @param {NodeJS.ProcessEnv} env
 */
export async function commitTime(env) {
  if (env.SOURCE_DATE_EPOCH) return Number(env.SOURCE_DATE_EPOCH);
  const said = await quiet('git', ['log', '-1', '--format=%ct'], { cwd: ROOT, env });
  return said.ok ? Number(said.output.trim()) : Date.UTC(2026, 0, 1) / 1_000;
}
