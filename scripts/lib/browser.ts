/**
 * A browser of the Chromium family for the tests of the window. Invariant: one that is there already is taken as it is; what
 * is installed is the distribution's own, or the one that Playwright pins.
 */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { isFile, onPath, ROOT } from '../bootstrap/paths.mjs';
import { quiet } from '../bootstrap/processes.mjs';
import { CliError, step } from '../bootstrap/say.mjs';
import { installWithApt } from './apt.ts';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'microsoft-edge'];
const PLACES = [
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
  'C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];
/** Pictures of Japanese need Japanese letters. */
const PACKAGES = ['chromium', 'fonts-noto-core', 'fonts-noto-cjk'];

/** The one named in KANADE_TRAY_BROWSER, one on the PATH or in a usual place, or Playwright's own. */
export async function findBrowser(env: NodeJS.ProcessEnv = process.env): Promise<string | undefined> {
  const named = env.KANADE_TRAY_BROWSER;
  if (named && isFile(named)) return named;
  for (const name of NAMES) {
    const found = onPath(name, env);
    if (found) return found;
  }
  return PLACES.find(isFile) ?? playwrightsOwn();
}

/**
 * Finds a browser or installs one.
 * @returns its path
 * @throws {@link CliError} when there is none and none can be installed
 */
export async function ensureBrowser(env: NodeJS.ProcessEnv = process.env): Promise<string> {
  const found = await findBrowser(env);
  if (found) return found;
  const failures = [];
  const fromDebian = () => installWithApt('Installing Chromium for the tests (once)', PACKAGES, env);
  for (const install of [fromDebian, () => installWithPlaywright(env)]) {
    const result = await install();
    if (result === null) continue;
    const installed = await findBrowser(env);
    if (result.ok && installed) return installed;
    failures.push(result.output.trim().split('\n').at(-1));
  }
  throw new CliError(
    `The tests of the window need Chromium, Chrome or Edge: install one, or name it in KANADE_TRAY_BROWSER; then start this again.\n  ${failures.join('\n  ')}`,
  );
}

async function installWithPlaywright(env: NodeJS.ProcessEnv) {
  const cli = join(ROOT, 'node_modules', 'playwright-core', 'cli.js');
  return step('Downloading Chromium for the tests (once)', () =>
    quiet(process.execPath, [cli, 'install', 'chromium'], { env }),
  );
}

function playwrightsOwn() {
  try {
    const path = createRequire(import.meta.url)('playwright-core').chromium.executablePath();
    return isFile(path) ? path : undefined;
  } catch {
    return undefined;
  }
}
