/**
 * `npm run dist [-- --win] [--linux] [--test-runtime]`: the packages of the product, in `release`. Both systems unless one is
 * named. `--test-runtime` packs a stand-in where Electron can't be downloaded; such files are named TEST-ONLY.
 */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ensureBuilt } from './lib/building.mjs';
import { standInElectron } from './lib/packaging/electron-for.mjs';
import { compileInstaller } from './lib/packaging/installer.mjs';
import { assembleTree } from './lib/packaging/tree.mjs';
import { ROOT } from './lib/paths.mjs';
import { main, say } from './lib/say.mjs';
import { setUp } from './lib/setup.mjs';

await main(async () => {
  const { values: options } = parseArgs({
    options: {
      win: { type: 'boolean' },
      linux: { type: 'boolean' },
      'test-runtime': { type: 'boolean', default: false },
    },
  });
  const { node } = await setUp();
  await ensureBuilt(node);
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  const release = join(ROOT, 'release');
  const all = options.win === undefined && options.linux === undefined;
  const testOnly = options['test-runtime'];
  const suffix = testOnly ? '-TEST-ONLY' : '';
  const made = [];
  if (all || options.win) {
    const standIn = testOnly ? await standInElectron('win32') : null;
    const tree = await assembleTree({ platform: 'win32', standIn });
    const file = join(release, `Kanade-Tray-Setup-${version}${suffix}.exe`);
    rmSync(file, { force: true });
    await compileInstaller({ tree, version, file, fast: testOnly, signCommand: null, env: process.env });
    made.push(file);
  }
  for (const file of made) say(file);
  return 0;
});
