/** The directory of a script on Windows (protocol §4.6). Elsewhere the text of the command is taken as it is. */
import type { Environment } from './child-env.ts';

/** What a directory is made with. */
export interface DirectoryAccount {
  /** Of the account the script runs as. */
  readonly environment: Environment;
  /** Where Windows says that its profile is; null: by its `USERPROFILE`. */
  readonly profile: string | null;
}

/** The variables of a person lead to a share, which may never answer; a person must not hold the agent. For the result. */
export class LeadsToShare extends Error {
  override readonly name = 'LeadsToShare';
}

/** Of a server, or past what Windows looks at in a path. */
const SHARE = /^\s*[\\/](?:[\\/]|\?\?)/;

/**
 * First exactly `~`, or a prefix `~\` or `~/`, is the account's profile; then `%VAR%` is expanded. Names that are not there
 * stay, and relative paths pass through. @throws {LeadsToShare} where the account of a person, and not the command, names a share
 */
export function windowsDirectory(cwd: string, { environment, profile }: DirectoryAccount): string {
  const byName = new Map(Object.entries(environment).map(([name, value]) => [name.toUpperCase(), value]));
  const own = profile ?? byName.get('USERPROFILE');
  if (own !== undefined) byName.set('USERPROFILE', own);
  const home = own !== undefined && /^~([\\/]|$)/.test(cwd) ? own + cwd.slice(1) : cwd;
  const directory = home.replace(/%([^%]+)%/g, (whole, name: string) => byName.get(name.toUpperCase()) ?? whole);
  if (profile !== null && SHARE.test(directory) && !SHARE.test(cwd))
    throw new LeadsToShare(`the working directory "${cwd}" is one on a share by the person's own settings`);
  return directory;
}
