/**
 * How old the Electron is that is packed (threat-model §3.1, 16: within 14 days of a release of Chromium). Invariant: what can't be told
 * without a network is said to be so, and its own age can always be told.
 */
import { quiet } from '../../bootstrap/processes.mjs';

/** To be changed together with package.json; a test compares them. */
export const NAMED = { version: '45.4.1', released: '2026-11-19' };

const DAY_MS = 86_400_000;
const OLD_DAYS = 14;

/** @typedef {Readonly<Record<string, string>>} Published when each version was published */

/**
 * @param {{ version: string, released: string }} named
 * @param {Published | null} published null: nobody could be asked
 * @param {Date} now
 * @returns {string[]} lines for people
 */
export function electronAge({ version, released }, published, now) {
  const days = (/** @type {string} */ since) => Math.max(0, Math.floor((now.getTime() - Date.parse(since)) / DAY_MS));
  const lines = [`Electron ${version} is ${days(released)} days old (${released}).`];
  if (published === null)
    return [...lines, 'Whether a newer one of its line is out can not be told: no registry answers here.'];
  const newer = versionsAfter(version, Object.keys(published));
  const newest = newer.at(-1);
  if (newest === undefined) return [...lines, 'It is the newest of its line.'];
  const out = days(published[newer[0] ?? newest] ?? released);
  lines.push(`NEWER: ${newest} of its line is out; the first after ours has been for ${out} days.`);
  if (out > OLD_DAYS) lines.push(`OLD: that is more than ${OLD_DAYS} days, the longest that we hold ourselves to.`);
  return lines;
}

/**
 * Releases of the same line that come after `version`, the oldest first.
 * @param {string} version
 * @param {readonly string[]} all
 */
function versionsAfter(version, all) {
  const order = (/** @type {string} */ a, /** @type {string} */ b) => a.localeCompare(b, 'en', { numeric: true });
  const [line] = version.split('.');
  return all
    .filter((each) => /^\d+\.\d+\.\d+$/.test(each) && each.split('.')[0] === line && order(each, version) > 0)
    .sort(order);
}

/**
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<Published | null>}
 */
export async function publishedVersions(env) {
  const args = ['view', 'electron', 'time', '--json', '--fetch-retries=0', '--fetch-timeout=20000'];
  const said = await quiet(process.platform === 'win32' ? 'npm.cmd' : 'npm', args, {
    env,
    keepChars: Number.POSITIVE_INFINITY,
  });
  if (!said.ok) return null;
  try {
    const found = JSON.parse(said.output.slice(said.output.indexOf('{'), said.output.lastIndexOf('}') + 1));
    return typeof found === 'object' && found !== null ? found : null;
  } catch {
    return null;
  }
}
