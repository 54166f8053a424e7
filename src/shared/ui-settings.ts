/**
 * The settings `[ui]`, as rows of the one table of settings (`agent/config/settings.ts`), and what holds where nothing is known of
 * them. What IT decides about icon and window is told to it by their names in code; both come from the rows.
 */
import { type FieldOf, fieldOf, type Setting } from './setting.ts';

/** The name of the product in window and tray, unless IT gives it another. */
export const DEFAULT_BRAND = 'Kanade Tray';

/** The kinds of value that a window understands. */
export type UiRow = Extract<Setting, { kind: 'boolean' | 'integer' | 'choice' }>;

export const UI_SETTINGS = {
  'ui.notify_on_run': {
    kind: 'integer',
    unit: 'level',
    min: 0,
    max: 2,
    default: 0,
    raise: [0, 1, 2],
    policy: { name: 'NotifyOnRun' },
    about: 'Whether a notification tells that a task of IT starts; 0 never',
  },
  'ui.show_tray': { kind: 'boolean', default: true, policy: { name: 'ShowTray' }, about: 'The icon is shown' },
  'ui.allow_quit_tray': {
    kind: 'boolean',
    default: true,
    policy: { name: 'AllowQuitTray' },
    about: 'The icon may be closed; the management of the PC goes on',
  },
  'ui.allow_stop_agent': {
    kind: 'boolean',
    default: false,
    policy: { name: 'AllowStopAgent' },
    policyOnly: true,
    about: 'In tray mode, the person at the PC may stop its management',
  },
  'ui.promote_tray_icon': {
    kind: 'boolean',
    default: false,
    policy: { name: 'PromoteTrayIcon' },
    about: 'Windows shows the icon outside the overflow area',
  },
  'ui.hide_command_names': {
    kind: 'boolean',
    default: false,
    agentOnly: true,
    policy: { name: 'HideCommandNames' },
    about: 'The names of tasks are shown to the helpdesk only',
  },
  'ui.show_output_to_users': {
    kind: 'integer',
    unit: 'level',
    min: 0,
    max: 2,
    default: 0,
    agentOnly: true,
    policy: { name: 'ShowOutputToUsers' },
    about: 'Output without the helpdesk view: 0 none, 1 of tasks that ran as the person, 2 of all tasks',
  },
  'ui.language': {
    kind: 'choice',
    choices: ['auto', 'en', 'ja'],
    default: 'auto',
    policy: { name: 'Language' },
    about: 'The language of the window; auto follows the operating system',
  },
} as const satisfies Readonly<Record<`ui.${string}`, UiRow>>;

type UiKey = keyof typeof UI_SETTINGS;
type ValueOf<S> = S extends { readonly kind: 'choice'; readonly choices: readonly (infer C)[] }
  ? C
  : S extends { readonly kind: 'integer' }
    ? number
    : boolean;
type NameOf<K extends UiKey> = K extends `ui.${infer Name}` ? FieldOf<Name, (typeof UI_SETTINGS)[K]> : never;
type WindowKey = { [K in UiKey]: (typeof UI_SETTINGS)[K] extends { readonly agentOnly: true } ? never : K }[UiKey];

/** What icon and window obey of `[ui]`. */
export type WindowSettings = { readonly [K in WindowKey as NameOf<K>]: ValueOf<(typeof UI_SETTINGS)[K]> };

/** By the name in code. */
export const WINDOW_ROWS = Object.fromEntries(
  Object.entries<UiRow>(UI_SETTINGS)
    .filter(([, { agentOnly }]) => agentOnly !== true)
    .map(([key, row]) => [fieldOf(key.slice('ui.'.length), row).field, row]),
) as Readonly<Record<keyof WindowSettings, UiRow>>;

/** What IT decides about icon and window, until it is heard of, and where no setting can be read. */
export const DEFAULT_UI = {
  brandName: DEFAULT_BRAND,
  itName: null,
  logo: null,
  languageLocked: false,
  ...(Object.fromEntries(Object.entries(WINDOW_ROWS).map(([field, row]) => [field, row.default])) as WindowSettings),
} as const;
