/**
 * The one table of all settings of this PC. It stays data: loading, checking and showing settings, the policy
 * templates and their documentation are all made from it (architecture §8).
 */
import { availableParallelism } from 'node:os';
import type { Setting } from '../../shared/setting.ts';
import { SIGNATURE_MODES } from '../../shared/signatures.ts';
import { DEFAULT_BRAND, UI_SETTINGS } from '../../shared/ui-settings.ts';

const file = (about: string) => ({ kind: 'path', relativeTo: 'file', default: null, about }) as const;

export const SETTINGS = {
  'agent.id': {
    kind: 'pc_id',
    default: null,
    required: true,
    policy: { name: 'PcId' },
    about: 'The name of this PC in the fleet',
  },
  'agent.nats_url': {
    kind: 'servers',
    default: null,
    required: true,
    policy: { name: 'NatsUrls' },
    about: 'The servers of the fleet, separated by commas',
  },
  'agent.host': {
    kind: 'choice',
    choices: ['tray', 'service'],
    default: 'tray',
    policy: { name: 'HostMode' },
    about: 'Who starts the agent: the tray application or the operating system',
  },
  'log.path': {
    kind: 'path',
    relativeTo: 'start',
    default: null,
    required: true,
    about: 'The log file; the date goes in before its extension',
  },
  'log.level': { kind: 'log_level', default: null, required: true, about: 'How much is logged; RUST_LOG overrides it' },
  'log.keep_days': {
    kind: 'integer',
    unit: 'days',
    min: 0,
    max: 3650,
    default: 14,
    about: 'How many daily log files are kept; 0 writes to standard output only',
  },
  'log.format': { kind: 'choice', choices: ['text', 'json'], default: 'text', about: 'The form of a log line' },

  'auth.user': { kind: 'text', maxChars: 256, default: null, about: 'The user of the sign-in, with password_file' },
  'auth.password_file': file('The file that holds the password of [auth] user'),
  'auth.token_file': file('The file that holds the token of the sign-in'),
  'auth.creds_file': file('The credentials file (JWT and seed) of the sign-in'),
  'auth.nkey_file': file('The file that holds the NKey seed of the sign-in'),
  'tls.ca': file('More certificate authorities (PEM), beside those of the operating system'),
  'tls.cert': file('The certificate that this PC shows (PEM)'),
  'tls.key': file('The key of [tls] cert (PEM)'),
  'tls.server_name': {
    kind: 'text',
    maxChars: 253,
    default: null,
    about: 'The name that the certificate of the server must carry, where it is not the one in nats_url',
  },

  'run.max_parallel': {
    kind: 'integer',
    unit: 'scripts',
    min: 1,
    max: 256,
    default: Math.max(4, 2 * availableParallelism()),
    about: 'How many scripts may run at once; without it twice the processor cores, at least 4',
  },
  'run.grace': {
    kind: 'duration',
    unit: 'ms',
    min: 0,
    max: 600_000,
    default: 20_000,
    about: 'How long running scripts may go on when the agent stops',
  },
  'run.system_as_user': {
    kind: 'boolean',
    default: true,
    raise: [true, false],
    about: 'In tray mode, tasks meant for the system run as the signed-in user',
  },
  'run.priority': {
    kind: 'choice',
    choices: ['idle', 'below_normal', 'normal'],
    default: 'below_normal',
    about: 'The processor priority of scripts',
  },
  'run.warm_shells': {
    kind: 'integer',
    unit: 'shells',
    min: 0,
    max: 16,
    default: 1,
    policy: { name: 'WarmShells' },
    about: 'How many PowerShells may be started before their command, while commands keep coming; 0 none',
  },
  'run.allow_colors': {
    kind: 'boolean',
    default: false,
    about: 'PowerShell may colour what scripts print; false sets NO_COLOR for them, where nobody else has',
  },
  'inventory.enabled': { kind: 'boolean', default: true, about: 'Hardware facts are reported to the fleet' },
  'replay.first_enrolment': {
    kind: 'choice',
    choices: ['catch-up', 'skip'],
    default: 'catch-up',
    about: 'Whether a PC that is new in the fleet gets the commands that were sent before',
  },
  'results.publish_pin_skips': {
    kind: 'boolean',
    default: true,
    about: 'Skips for another version or a withdrawal are reported to the fleet',
  },
  'results.drain_per_second': {
    kind: 'integer',
    unit: 'results/s',
    min: 0,
    max: 1_000_000,
    default: 5_000,
    about: 'How fast waiting results go out after an outage; 0 lifts the limit',
  },
  'results.queue_max_mib': {
    kind: 'integer',
    unit: 'MiB',
    min: 16,
    max: 1_048_576,
    default: 4096,
    policy: { name: 'MaxQueueMiB' },
    about: 'How much may wait to be run or sent; with more of it no new command is taken, and none is lost',
  },
  'output.max_mib': {
    kind: 'integer',
    unit: 'MiB',
    min: 1,
    max: 64,
    default: 8,
    policy: { name: 'MaxOutputMiB' },
    about: 'How much of each output stream of a script is kept',
  },
  'history.days': {
    kind: 'integer',
    unit: 'days',
    min: 8,
    max: 3650,
    default: 90,
    policy: { name: 'HistoryDays' },
    about: 'How long what happened on this PC is kept',
  },
  'history.max_mib': {
    kind: 'integer',
    unit: 'MiB',
    min: 64,
    max: 1_048_576,
    default: 1024,
    about: 'How large the history may become',
  },
  'helpdesk.code_hash': {
    kind: 'code_hash',
    default: null,
    secret: true,
    policy: { name: 'HelpdeskCodeHash' },
    about: 'The hash of the code that opens the helpdesk view; where people can read it, they can try codes on it',
  },
  'helpdesk.code_hash_file': file('The file that holds this hash, of the mode 0600: it counts before code_hash'),
  'commands.enabled': {
    kind: 'boolean',
    default: true,
    raise: [true, false],
    policy: { name: 'DisableScripts', on: false, off: true },
    about: 'Whether scripts of the fleet run on this PC',
  },
  'commands.signatures': {
    kind: 'choice',
    choices: SIGNATURE_MODES,
    default: 'off',
    raise: SIGNATURE_MODES,
    policy: { name: 'RequireSignedCommands', on: 'require', off: 'off' },
    about: 'Whether commands must be signed: not looked at, looked at and counted, or refused without a good signature',
  },
  'commands.keys_file': file(
    'The file with the keys that may sign commands, in place of CommandKeys (Windows) or /etc/kanade/command-keys.json',
  ),
  'commands.unchecked_honours_revoke': {
    kind: 'boolean',
    default: false,
    raise: [false, true],
    about: 'A withdrawal also holds for commands that are sent unchecked',
  },

  'update.keys_file': file(
    'The list of the keys that releases are signed with; without it no release is one for this PC',
  ),
  'update.enabled': {
    kind: 'boolean',
    default: true,
    policy: { name: 'DisableSelfUpdate', on: false, off: true },
    about: 'Whether the agent installs signed releases by itself, where it can; false leaves it to IT',
  },
  'update.by_apt': {
    kind: 'boolean',
    default: false,
    about: 'The agent of the Debian package has apt install signed releases; without it that is left to who runs apt',
  },
  'update.channel': {
    kind: 'text',
    maxChars: 32,
    default: 'stable',
    policy: { name: 'UpdateChannel' },
    about: 'The channel of releases that this PC takes; others are none for it',
  },
  'update.window': {
    kind: 'daily_window',
    default: null,
    policy: { name: 'MaintenanceWindow' },
    about: 'When releases may be installed, each day by the clock of this PC; without it at any time',
  },
  'update.defer_hours_max': {
    kind: 'integer',
    unit: 'hours',
    min: 0,
    max: 720,
    default: 24,
    policy: { name: 'UpdateDeferHoursMax' },
    about: 'For how long the person at this PC may put off a release that is ready; 0 not at all',
  },
  'update.pause_until': {
    kind: 'moment',
    default: null,
    policy: { name: 'PauseUntil' },
    about: 'Before this day or moment no release is downloaded or installed',
  },

  ...UI_SETTINGS,
  'brand.name': {
    kind: 'text',
    maxChars: 60,
    default: DEFAULT_BRAND,
    decoration: true,
    policy: { name: 'BrandName' },
    about: 'The name of the product in window and tray',
  },
  'brand.it_name': {
    kind: 'text',
    maxChars: 40,
    default: null,
    decoration: true,
    policy: { name: 'BrandItName' },
    about: 'How the window names the IT department; without it "IT"',
  },
  'brand.logo_path': {
    ...file('The logo of the window, a file that nobody but an administrator or the agent could have written'),
    decoration: true,
    policy: { name: 'BrandLogoPath' },
  },
  'support.phone': {
    kind: 'text',
    maxChars: 60,
    default: null,
    decoration: true,
    policy: { name: 'SupportPhone' },
    about: 'The telephone number of the service desk',
  },
  'support.mail': {
    kind: 'mail',
    default: null,
    decoration: true,
    policy: { name: 'SupportMail' },
    about: 'The mail address of the service desk',
  },
  'support.url': {
    kind: 'https_url',
    default: null,
    decoration: true,
    policy: { name: 'SupportUrl' },
    about: 'The page of the service desk',
  },
  'support.text': {
    kind: 'text',
    maxChars: 500,
    default: null,
    decoration: true,
    policy: { name: 'SupportText' },
    about: 'A sentence of the service desk, such as its hours',
  },
} as const satisfies Readonly<Record<string, Setting>>;

export type SettingKey = keyof typeof SETTINGS;

export const SETTING_KEYS = Object.keys(SETTINGS) as readonly SettingKey[];

export function isSettingKey(key: string): key is SettingKey {
  return Object.hasOwn(SETTINGS, key);
}

/** The row of the table, without its literal types. */
export function settingOf(key: SettingKey): Setting {
  return SETTINGS[key];
}
