/**
 * `npm run dist [-- --win] [--linux] [--headless] [--test-runtime]`: the packages of the product, in `release`. All unless one is
 * named. `--test-runtime` packs a stand-in where Electron can't be downloaded; such files are named TEST-ONLY.
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ROOT } from './bootstrap/paths.mjs';
import { main, say } from './bootstrap/say.mjs';
import { ensureBuilt } from './lib/building.ts';
import { commitTime } from './lib/packaging/commit-time.ts';
import { ownElectronVersion } from './lib/packaging/electron-for.ts';
import { writeBill, writeSums } from './lib/packaging/evidence.ts';
import { buildHeadless } from './lib/packaging/headless.ts';
import { buildLinux } from './lib/packaging/linux.ts';
import { buildWindows } from './lib/packaging/windows.ts';
import { setUp } from './lib/setup.ts';

await main(async () => {
  const { values: options } = parseArgs({
    options: {
      win: { type: 'boolean' },
      linux: { type: 'boolean' },
      headless: { type: 'boolean' },
      'test-runtime': { type: 'boolean', default: false },
    },
  });
  const { node } = await setUp();
  await ensureBuilt(node);
  const all = [options.win, options.linux, options.headless].every((each) => each === undefined);
  const how = { release: join(ROOT, 'release'), testOnly: options['test-runtime'], env: process.env };
  const made = [];
  if (all || options.win) made.push(...(await buildWindows(how)));
  if (all || options.linux) made.push(await buildLinux(how));
  if (all || options.headless) made.push(...(await buildHeadless(how)));
  const bill = await writeBill({ ...how, electron: ownElectronVersion(), atSecs: await commitTime(process.env) });
  for (const file of [...made, bill, writeSums(how.release, [...made, bill])]) say(file);
  return 0;
});
