/** The Windows packages: a tree, the installer that carries it, and the same as the package of an update. */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../bootstrap/paths.mjs';
import { say, step } from '../../bootstrap/say.mjs';
import { packDirectory, updateName } from './archive.ts';
import { commitTime } from './commit-time.ts';
import { standInElectron } from './electron-for.ts';
import { compileInstaller } from './installer.ts';
import { signerOf } from './signing.ts';
import { TEST_SUFFIX } from './test-suffix.ts';
import { assembleTree } from './tree.ts';

/**
 * @param options.release where the installer goes
 * @param options.testOnly with a stand-in for Electron
 * @returns the installer, and the package of an update
 */
export async function buildWindows({
  release,
  testOnly,
  env,
}: {
  readonly release: string;
  readonly testOnly: boolean;
  readonly env: NodeJS.ProcessEnv;
}): Promise<readonly string[]> {
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  const standIn = testOnly ? await standInElectron('win32', env) : null;
  const sign = signerOf(env);
  if (sign === null) say('UNSIGNED: the Windows programs carry no signature; docs/deploy.md says how they get one.');
  const atSecs = await commitTime(env);
  const tree = await assembleTree({ platform: 'win32', version, standIn, sign, atSecs, env });
  const file = join(release, `Kanade-Tray-Setup-${version}${testOnly ? TEST_SUFFIX : ''}.exe`);
  rmSync(file, { force: true });
  await compileInstaller({ tree, version, file, fast: testOnly, sign, atSecs, env });
  // Now that the uninstaller is among it.
  const update = join(release, updateName(version, 'windows', testOnly ? TEST_SUFFIX : ''));
  await step('Packing the update for Windows', () =>
    packDirectory({ file: update, directory: tree, atSecs, fast: testOnly }),
  );
  return [file, update];
}
