/** The Node that the product and its tests run on. Invariant: the product never runs on an older one (its SQLite crashes there). */
import { join } from 'node:path';
import { executable, isFile, ROOT } from './paths.mjs';
import { CliError } from './say.mjs';

const REQUIRED = 24;

/**
 * Node 24: the npm package of this platform, else the Node that runs this if it is new enough.
 * @returns {string} the path of the executable
 * @throws {CliError} when there is none
 */
export function findNode24({
  root = ROOT,
  platform = process.platform,
  arch = process.arch,
  running = process.versions.node,
} = {}) {
  const packaged = join(
    root,
    'node_modules',
    `node-${platform === 'win32' ? 'win' : platform}-${arch}`,
    'bin',
    executable('node'),
  );
  if (isFile(packaged)) return packaged;
  if (Number.parseInt(running, 10) >= REQUIRED) return process.execPath;
  throw new CliError(
    `This needs Node ${REQUIRED}, and npm has no package of it for ${platform}-${arch}: install Node ${REQUIRED} (https://nodejs.org) so that it comes first on the PATH, then start this again.`,
  );
}
