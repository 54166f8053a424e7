/**
 * What a script gets for an environment. Invariant: nothing that the service manager, the tray or the runtime has put there for
 * the agent: a variable passes because it is named here, or because an administrator has set it for this system or for the
 * agent's unit (protocol §4.2, D38). Beside these comes the marker by which the script's processes are found again (invariant 6).
 */

/** Does not begin with `KANADE_`, or it would be stripped from a script that starts another agent's script. */
export const MARKER_VARIABLE = 'KTRAY_RUN';

export type Environment = Readonly<Record<string, string>>;

const EVERYWHERE = wordsOf(
  'HTTP_PROXY HTTPS_PROXY FTP_PROXY ALL_PROXY NO_PROXY SSL_CERT_FILE SSL_CERT_DIR LANG TZ NO_COLOR',
);
/** The last line is of a session: in tray mode scripts run as the person who sits there. */
const POSIX = wordsOf(`
  http_proxy https_proxy ftp_proxy all_proxy no_proxy
  PATH HOME USER LOGNAME SHELL TERM TMPDIR LANGUAGE
  DISPLAY WAYLAND_DISPLAY XAUTHORITY DBUS_SESSION_BUS_ADDRESS`);
const POSIX_BEGINNINGS = ['LC_', 'XDG_'];
const WINDOWS = wordsOf(`
  PATH PATHEXT PSMODULEPATH COMSPEC OS TEMP TMP
  SYSTEMDRIVE SYSTEMROOT WINDIR DRIVERDATA NUMBER_OF_PROCESSORS PUBLIC ALLUSERSPROFILE
  PROGRAMDATA PROGRAMFILES PROGRAMFILES(X86) PROGRAMFILES(ARM) PROGRAMW6432
  COMMONPROGRAMFILES COMMONPROGRAMFILES(X86) COMMONPROGRAMFILES(ARM) COMMONPROGRAMW6432
  COMPUTERNAME USERNAME USERDOMAIN USERDOMAIN_ROAMINGPROFILE USERDNSDOMAIN USERPROFILE
  HOMEDRIVE HOMEPATH HOMESHARE APPDATA LOCALAPPDATA LOGONSERVER SESSIONNAME CLIENTNAME
  ONEDRIVE ONEDRIVECOMMERCIAL ONEDRIVECONSUMER`);
const WINDOWS_BEGINNINGS = ['PROCESSOR_'];

function wordsOf(text: string): string[] {
  return text.trim().split(/\s+/);
}

/** Whoever has set one of these has meant the agent, or something of the kind: no script gets it. */
const NEVER = [
  /^KANADE_/,
  /^KTRAY_/,
  // systemd.exec(5), "Environment variables set or propagated by the service manager".
  /^(SYSTEMD|LISTEN|NOTIFY|WATCHDOG|MEMORY_PRESSURE|TRIGGER|MONITOR|REMOTE|EXIT)_/,
  /^(RUNTIME|STATE|CACHE|LOGS|CONFIGURATION|CREDENTIALS)_DIRECTORY$/,
  /^(INVOCATION_ID|JOURNAL_STREAM|LOG_NAMESPACE|MAINPID|MANAGERPID|PIDFILE|SERVICE_RESULT|FDSTORE)$/,
  // Of the runtimes that carry the agent and the tray.
  /^(NODE_OPTIONS|NODE_CHANNEL_FD|NODE_UNIQUE_ID|NODE_V8_COVERAGE|NODE_REPL_EXTERNAL_MODULE|NODE_PENDING_DEPRECATION)$/,
  /^(ELECTRON|CHROME|UV)_/,
];

export interface ScriptEnvironmentOptions {
  readonly platform?: NodeJS.Platform;
  /** Names that an administrator has set, or that Windows gives to everything that runs as this account. */
  readonly alsoNames?: Iterable<string>;
}

/** The part that all scripts share. Made once: reading `process.env` again for each start is slow. */
export function scriptEnvironment(
  env: NodeJS.ProcessEnv,
  { platform = process.platform, alsoNames = [] }: ScriptEnvironmentOptions = {},
): Environment {
  // Windows does not tell `Kanade_x` from `KANADE_X`.
  const comparable = (name: string) => (platform === 'win32' ? name.toUpperCase() : name);
  const names = new Set([
    ...EVERYWHERE,
    ...(platform === 'win32' ? WINDOWS : POSIX),
    ...[...alsoNames].map(comparable),
  ]);
  const beginnings = platform === 'win32' ? WINDOWS_BEGINNINGS : POSIX_BEGINNINGS;
  return kept(env, (given) => {
    const name = comparable(given);
    return (names.has(name) || beginnings.some((begin) => name.startsWith(begin))) && mayPass(name);
  });
}

/** The environment that Windows has made for another account: nothing of ours is in it but what somebody has put there. */
export function accountEnvironment(env: NodeJS.ProcessEnv): Environment {
  return kept(env, (name) => mayPass(name.toUpperCase()));
}

function mayPass(name: string): boolean {
  return !NEVER.some((pattern) => pattern.test(name));
}

function kept(env: NodeJS.ProcessEnv, passes: (name: string) => boolean): Environment {
  const found: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) if (value !== undefined && passes(name)) found[name] = value;
  return found;
}

/**
 * `base` with what a shell gets where nobody has set it: PowerShell 7 colours tables, errors and directories also into a pipe, and
 * the escape sequences would be stored with the output. https://no-color.org: it counts by being there. `allowColors`: nothing is set.
 */
export function withShellDefaults(base: Environment, shell: string, allowColors = false): Environment {
  if (allowColors) return base;
  const isPowershell = shell === 'powershell' || shell === 'pwsh';
  const isSet = Object.keys(base).some((name) => name.toUpperCase() === 'NO_COLOR');
  return isPowershell && !isSet ? { ...base, NO_COLOR: '1' } : base;
}

export function withMarker(base: Environment, marker: string): Environment {
  return { ...base, [MARKER_VARIABLE]: marker };
}

/** `NAME=value`, as it stands in the environment of a process. */
export function markerAssignment(marker: string): string {
  return `${MARKER_VARIABLE}=${marker}`;
}
