/** The directory of a script on Windows (protocol §4.6). Elsewhere the text of the command is taken as it is. */
import type { Environment } from './child-env.ts';

/**
 * First exactly `~`, or a prefix `~\` or `~/`, is the account's profile; then `%VAR%` is expanded. Names that are not there
 * stay, and relative paths pass through. `environment` is that of the account the script runs as.
 */
export function windowsDirectory(cwd: string, environment: Environment): string {
  const byName = new Map(Object.entries(environment).map(([name, value]) => [name.toUpperCase(), value]));
  const profile = byName.get('USERPROFILE');
  const home = profile !== undefined && /^~([\\/]|$)/.test(cwd) ? profile + cwd.slice(1) : cwd;
  return home.replace(/%([^%]+)%/g, (whole, name: string) => byName.get(name.toUpperCase()) ?? whole);
}
