/**
 * What whoever starts the app shell may decide. Invariant: an installed app shell obeys no variable that is there for tests and work on
 * it, and runs with no switch but those listed here: Chromium has hundreds, and some take the sandbox away, open a port into
 * the window, or name programs to start.
 */

/** Makes it another program: another agent runtime, other settings, another place for its data. */
const FOR_DEVELOPMENT = ['KANADE_TRAY_NODE', 'KANADE_TRAY_AGENT_CONFIG', 'KANADE_TRAY_HOST', 'KANADE_TRAY_USER_DATA'];

/** Of ours; of how a screen is reached and drawn on; and what operating system, Electron and Chromium add by themselves. */
const SWITCHES = new Set([
  'hidden',
  'ozone-platform',
  'ozone-platform-hint',
  'force-device-scale-factor',
  'disable-gpu',
  'lang',
  'original-process-start-time',
  'embedding',
  'toastactivated',
]);

export type Environment = Readonly<Record<string, string | undefined>>;

/** `env` without what an installed app shell does not obey. */
export function obeyedEnvironment(env: Environment, isPackaged: boolean): Environment {
  if (!isPackaged) return env;
  // Windows does not tell upper from lower case.
  return Object.fromEntries(Object.entries(env).filter(([name]) => !FOR_DEVELOPMENT.includes(name.toUpperCase())));
}

export interface Arguments {
  /** As they may stay. */
  readonly kept: readonly string[];
  /** Names of switches, without what begins them and without their values. */
  readonly refused: readonly string[];
}

/** `given`: the arguments without the program. All stay where the app shell is not installed. */
export function obeyedArguments(
  given: readonly string[],
  isPackaged: boolean,
  platform: NodeJS.Platform = process.platform,
): Arguments {
  if (!isPackaged) return { kept: given, refused: [] };
  const names = given.map((argument) => switchName(argument, platform));
  return {
    kept: given.filter((_, at) => isAllowed(names[at] ?? null)),
    refused: names.filter((name) => name !== null && !isAllowed(name)).map(String),
  };
}

function isAllowed(name: string | null): boolean {
  return name === null || SWITCHES.has(name.toLowerCase());
}

/** What Chromium cuts off at both ends before it looks at an argument: on Windows all blanks of Unicode, elsewhere those of ASCII. */
const BLANKS = /^[\s\u0085\u180e]+|[\s\u0085\u180e]+$/g;

/** As Chromium reads it: `--name`, `-name` and on Windows `/name`, with or without `=value`. null: no switch. */
function switchName(argument: string, platform: NodeJS.Platform): string | null {
  const begin = platform === 'win32' ? /^(?:--|-|\/)([^=]+)/ : /^(?:--|-)([^=]+)/;
  return begin.exec(argument.replaceAll(BLANKS, ''))?.[1] ?? null;
}
