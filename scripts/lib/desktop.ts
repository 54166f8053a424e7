/** What the tests of the app shell need of a Linux machine: a screen without a monitor, a session bus, the libraries of Electron. */
import { onPath } from '../bootstrap/paths.mjs';
import { installWithApt } from './apt.ts';

const PACKAGES = [
  'xvfb',
  'dbus',
  'libnss3',
  'libatk-bridge2.0-0',
  'libgtk-3-0',
  'libgbm1',
  'libasound2',
  'libcups2',
  'libxkbcommon0',
  'libnotify4',
];

/** Installs it where that is possible; where it is not, those tests are skipped and say why. */
export async function ensureDesktop(env: NodeJS.ProcessEnv = process.env) {
  if (process.platform !== 'linux' || ['Xvfb', 'dbus-daemon'].every((name) => onPath(name, env))) return;
  await installWithApt('Installing a screen for the tests (once)', PACKAGES, env);
}
