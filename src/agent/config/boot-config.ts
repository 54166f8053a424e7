/** The configuration of this start: every value checked, every path absolute, all of it frozen. */
import type { Directories } from '../../shared/directories.ts';
import { type FieldOf, fieldOf } from '../../shared/setting.ts';
import type { Hosting } from '../../shared/states.ts';
import type { SettingValues } from './layers.ts';
import { SETTING_KEYS, type SETTINGS, type SettingKey, settingOf } from './settings.ts';
import type { ValueOf } from './values.ts';

type SectionOf<K extends SettingKey> = K extends `${infer Section}.${string}` ? Section : never;
type NameIn<Section extends string, K extends SettingKey> = K extends `${Section}.${infer Name}`
  ? FieldOf<Name, (typeof SETTINGS)[K]>
  : never;

/** Each setting of the table under its section, by the name that code has for it: `run.grace` is `run.graceMs`. */
type Sections = {
  readonly [Section in SectionOf<SettingKey>]: { readonly [K in SettingKey as NameIn<Section, K>]: ValueOf<K> };
};

export interface BootConfigPaths {
  /** The `agent.toml` that counts, then in tray mode that of the machine. */
  readonly files: readonly string[];
  readonly startedAs: Hosting;
  readonly directories: Directories;
}

export interface BootConfig extends Sections, BootConfigPaths {
  /** Each setting with its source. */
  readonly settings: SettingValues;
}

/** What is shown to people of the settings, as far as they can be read: it also holds where the agent can't use the rest. */
export interface ShownSettings extends Pick<BootConfig, 'ui' | 'brand' | 'support' | 'startedAs'> {
  readonly pcId: string | null;
  readonly languageLocked: boolean;
  /** False: a part could not be read, so what is missing here may have been said there. */
  readonly complete: boolean;
}

export function shownSettingsOf(settings: SettingValues, startedAs: Hosting, complete: boolean): ShownSettings {
  const { agent, ui, brand, support } = sectionsOf(settings);
  return {
    ui,
    brand,
    support,
    startedAs,
    pcId: agent.id,
    languageLocked: settings['ui.language'].locked,
    complete,
  };
}

/** `settings` must hold every required value. */
export function bootConfigOf(settings: SettingValues, paths: BootConfigPaths): BootConfig {
  return deepFreeze({ ...paths, ...sectionsOf(settings), settings });
}

function sectionsOf(settings: SettingValues): Sections {
  const sections: Record<string, Record<string, unknown>> = {};
  for (const key of SETTING_KEYS) {
    const [section = '', name = ''] = key.split('.');
    const { field, factor } = fieldOf(name, settingOf(key));
    const { value } = settings[key];
    sections[section] = { ...sections[section], [field]: typeof value === 'number' ? value * factor : value };
  }
  return sections as unknown as Sections;
}

function deepFreeze<T extends object>(object: T): T {
  for (const value of Object.values(object)) {
    if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) deepFreeze(value);
  }
  return Object.freeze(object);
}
