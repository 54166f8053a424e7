/** The configuration of this start: every value checked, every path absolute, all of it frozen. */
import type { Directories, StartedAs } from '../../shared/directories.ts';
import { type SettingValues, valueAt } from './layers.ts';
import type { ServerList } from './servers.ts';
import type { ValueOf } from './values.ts';

export interface BootConfig {
  /** The `agent.toml` that counts, then in tray mode that of the machine. */
  readonly files: readonly string[];
  readonly startedAs: StartedAs;
  readonly directories: Directories;
  readonly agent: {
    readonly id: string;
    readonly servers: readonly string[];
    readonly urlCredentials: ServerList['credentials'];
    readonly host: ValueOf<'agent.host'>;
  };
  readonly log: {
    readonly path: string;
    readonly level: ValueOf<'log.level'>;
    readonly keepDays: number;
    readonly format: ValueOf<'log.format'>;
  };
  readonly auth: {
    readonly user: string | null;
    readonly passwordFile: string | null;
    readonly tokenFile: string | null;
    readonly credsFile: string | null;
    readonly nkeyFile: string | null;
  };
  readonly tls: {
    readonly ca: string | null;
    readonly cert: string | null;
    readonly key: string | null;
    readonly serverName: string | null;
  };
  readonly run: {
    readonly maxParallel: number;
    readonly graceMs: number;
    readonly systemAsUser: boolean;
    readonly priority: ValueOf<'run.priority'>;
    readonly warmShells: number;
  };
  readonly inventory: { readonly enabled: boolean };
  readonly replay: { readonly firstEnrolment: ValueOf<'replay.first_enrolment'> };
  readonly results: { readonly publishPinSkips: boolean; readonly drainPerSecond: number };
  readonly output: { readonly maxBytes: number };
  readonly history: { readonly days: number; readonly maxBytes: number };
  readonly helpdesk: { readonly codeHash: string | null };
  readonly commands: {
    readonly enabled: boolean;
    readonly signatures: ValueOf<'commands.signatures'>;
    readonly uncheckedHonoursRevoke: boolean;
  };
  readonly ui: {
    readonly notifyOnRun: number;
    readonly showTray: boolean;
    readonly allowQuitTray: boolean;
    readonly allowStopAgent: boolean;
    readonly promoteTrayIcon: boolean;
    readonly hideCommandNames: boolean;
    readonly showOutputToUsers: number;
    readonly language: ValueOf<'ui.language'>;
  };
  readonly brand: { readonly name: string; readonly itName: string | null; readonly logoPath: string | null };
  readonly support: {
    readonly phone: string | null;
    readonly mail: string | null;
    readonly url: string | null;
    readonly text: string | null;
  };
  /** Each setting with its source. */
  readonly settings: SettingValues;
}

/** What is shown to people of the settings, as far as they can be read: it also holds where the agent can't use the rest. */
export interface ShownSettings extends Pick<BootConfig, 'ui' | 'brand' | 'support'> {
  readonly pcId: string | null;
  readonly languageLocked: boolean;
  /** False: a part could not be read, so what is missing here may have been said there. */
  readonly complete: boolean;
}

export function shownSettingsOf(settings: SettingValues, complete: boolean): ShownSettings {
  const get = <K extends keyof SettingValues>(key: K) => valueAt(settings, key);
  return {
    pcId: get('agent.id'),
    languageLocked: settings['ui.language'].locked,
    complete,
    ui: {
      notifyOnRun: get('ui.notify_on_run'),
      showTray: get('ui.show_tray'),
      allowQuitTray: get('ui.allow_quit_tray'),
      allowStopAgent: get('ui.allow_stop_agent'),
      promoteTrayIcon: get('ui.promote_tray_icon'),
      hideCommandNames: get('ui.hide_command_names'),
      showOutputToUsers: get('ui.show_output_to_users'),
      language: get('ui.language'),
    },
    brand: { name: get('brand.name'), itName: get('brand.it_name'), logoPath: get('brand.logo_path') },
    support: {
      phone: get('support.phone'),
      mail: get('support.mail'),
      url: get('support.url'),
      text: get('support.text'),
    },
  };
}

const MIB = 1024 * 1024;

export interface BootConfigPlaces {
  readonly files: readonly string[];
  readonly startedAs: StartedAs;
  readonly directories: Directories;
}

/** `settings` must hold every required value. */
export function bootConfigOf(settings: SettingValues, places: BootConfigPlaces): BootConfig {
  const get = <K extends keyof SettingValues>(key: K) => valueAt(settings, key);
  const servers = get('agent.nats_url');
  const shown = shownSettingsOf(settings, true);
  return deepFreeze({
    ...places,
    agent: {
      id: get('agent.id'),
      servers: servers.urls,
      urlCredentials: servers.credentials,
      host: get('agent.host'),
    },
    log: {
      path: get('log.path'),
      level: get('log.level'),
      keepDays: get('log.keep_days'),
      format: get('log.format'),
    },
    auth: {
      user: get('auth.user'),
      passwordFile: get('auth.password_file'),
      tokenFile: get('auth.token_file'),
      credsFile: get('auth.creds_file'),
      nkeyFile: get('auth.nkey_file'),
    },
    tls: { ca: get('tls.ca'), cert: get('tls.cert'), key: get('tls.key'), serverName: get('tls.server_name') },
    run: {
      maxParallel: get('run.max_parallel'),
      graceMs: get('run.grace'),
      systemAsUser: get('run.system_as_user'),
      priority: get('run.priority'),
      warmShells: get('run.warm_shells'),
    },
    inventory: { enabled: get('inventory.enabled') },
    replay: { firstEnrolment: get('replay.first_enrolment') },
    results: {
      publishPinSkips: get('results.publish_pin_skips'),
      drainPerSecond: get('results.drain_per_second'),
    },
    output: { maxBytes: get('output.max_mib') * MIB },
    history: { days: get('history.days'), maxBytes: get('history.max_mib') * MIB },
    helpdesk: { codeHash: get('helpdesk.code_hash') },
    commands: {
      enabled: get('commands.enabled'),
      signatures: get('commands.signatures'),
      uncheckedHonoursRevoke: get('commands.unchecked_honours_revoke'),
    },
    ui: shown.ui,
    brand: shown.brand,
    support: shown.support,
    settings,
  });
}

function deepFreeze<T extends object>(object: T): T {
  for (const value of Object.values(object)) {
    if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) deepFreeze(value);
  }
  return Object.freeze(object);
}
