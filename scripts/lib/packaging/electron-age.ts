/**
 * How old the Electron is that is packed (threat-model §3.1, 16: within 14 days of a release of Chromium). Invariant: what can't be told
 * without a network is said to be so, and its own age can always be told.
 */
import { quiet } from '../../bootstrap/processes.mjs';

/** To be changed together with package.json; a test compares them. */
export const NAMED = { version: '45.4.1', released: '2026-11-19' };

const DAY_MS = 86_400_000;
const OLD_DAYS = 14;

/** When each version was published. */
type Published = Readonly<Record<string, string>>;

/**
 * @param published null: nobody could be asked
 * @returns lines for people
 */
export function electronAge(
  { version, released }: { version: string; released: string },
  published: Published | null,
  now: Date,
): string[] {
  const days = (since: string) => Math.max(0, Math.floor((now.getTime() - Date.parse(since)) / DAY_MS));
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

/** Releases of the same line that come after `version`, the oldest first. */
function versionsAfter(version: string, all: readonly string[]) {
  const order = (a: string, b: string) => a.localeCompare(b, 'en', { numeric: true });
  const [line] = version.split('.');
  return all
    .filter((each) => /^\d+\.\d+\.\d+$/.test(each) && each.split('.')[0] === line && order(each, version) > 0)
    .sort(order);
}

export async function publishedVersions(env: NodeJS.ProcessEnv): Promise<Published | null> {
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
