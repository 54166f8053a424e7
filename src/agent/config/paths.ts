/** The files and directories that the settings name and the agent reads or writes while it starts. */
import type { BootConfig } from './boot-config.ts';

export interface NamedPath {
  /** As a sentence names it: `the data directory`, `the file of tls.ca`. */
  readonly what: string;
  readonly path: string;
}

/** Not the log: the agent can do without. */
export function pathsOf({ directories, auth, tls, brand }: BootConfig): NamedPath[] {
  const files: readonly (readonly [string, string | null])[] = [
    ['auth.password_file', auth.passwordFile],
    ['auth.token_file', auth.tokenFile],
    ['auth.creds_file', auth.credsFile],
    ['auth.nkey_file', auth.nkeyFile],
    ['tls.ca', tls.ca],
    ['tls.cert', tls.cert],
    ['tls.key', tls.key],
    ['brand.logo_path', brand.logoPath],
  ];
  const named = files.flatMap(([key, path]) => (path === null ? [] : [{ what: `the file of ${key}`, path }]));
  return [{ what: 'the data directory', path: directories.agentDir }, ...named];
}
