/** Builds the installer of the copy of the sources in which this file lies, for tests (`test-builds.ts`). */
import { join } from 'node:path';
import { findNode24 } from '../../bootstrap/node24.mjs';
import { ROOT } from '../../bootstrap/paths.mjs';
import { main } from '../../bootstrap/say.mjs';
import { ensureBuilt } from '../building.ts';
import { buildLinux } from './linux.ts';
import { buildWindows } from './windows.ts';

await main(async () => {
  await ensureBuilt(findNode24());
  const build = process.argv[2] === 'linux' ? buildLinux : buildWindows;
  await build({ release: join(ROOT, 'release'), testOnly: true, env: process.env });
  return 0;
});
