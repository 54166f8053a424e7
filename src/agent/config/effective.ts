/** What counts on this PC, each value with its source; for `config.effective` and `--check-config`. No secret is shown. */
import type { SettingMeaning } from '../../shared/helpdesk-view.ts';
import type { Setting } from '../../shared/setting.ts';
import { NS_PER_MS } from '../../shared/time-units.ts';
import { formatDuration } from '../wire/humantime.ts';
import type { BootConfig } from './boot-config.ts';
import type { SettingSource } from './layers.ts';
import { type ConfigWarning, formatWarnings, placeOf } from './problem.ts';
import { SETTING_KEYS, type SettingKey, settingOf } from './settings.ts';
import type { SettingValue } from './values.ts';

export interface EffectiveSetting {
  readonly key: SettingKey;
  /** As a person writes it, with its unit; null where nothing is set. */
  readonly value: string | null;
  readonly source: SettingSource;
  /** `file:line`, the registry key or the variable; null for a built-in value. */
  readonly place: string | null;
  /** A policy says it. */
  readonly locked: boolean;
  readonly about: string;
  /** The value, and the one that is built in, for who puts them into words. */
  readonly means: SettingMeaning;
  readonly builtIn: SettingMeaning;
  /** It is not what is built in. */
  readonly changed: boolean;
}

/** Every setting of the table, in its order. */
export function effectiveSettings(config: BootConfig): EffectiveSetting[] {
  return SETTING_KEYS.map((key) => {
    const { value, source, file, line, locked } = config.settings[key];
    const place = file === null ? null : placeOf({ file, line });
    const setting = settingOf(key);
    return {
      key,
      value: shown(setting, value),
      source,
      place,
      locked,
      about: setting.about,
      means: meaningOf(setting, value),
      builtIn: meaningOf(setting, setting.default),
      // One that has to be set has nothing that it could differ from.
      changed: setting.required !== true && value !== setting.default,
    };
  });
}

/** Pages of text: the files, the directories, all settings, and the warnings. */
export function formatEffective(config: BootConfig, warnings: readonly ConfigWarning[]): string {
  const { directories } = config;
  const rows = effectiveSettings(config).map(({ key, value, source, place, locked }) => [
    key,
    value ?? '(not set)',
    `${source}${place === null || place === source ? '' : `, ${place}`}${locked ? ', locked' : ''}`,
  ]);
  const dataSource = directories.dataFromEnvironment ? 'environment, KANADE_AGENT_DATA_DIR' : 'built-in';
  const all = [
    ...config.files.map((file) => ['settings file', file, '']),
    ['configuration directory', directories.config, 'built-in'],
    ['data directory', directories.data, dataSource],
    ...rows,
  ];
  const widths = [0, 1].map((column) => Math.min(60, Math.max(...all.map((row) => (row[column] ?? '').length))));
  const lines = all.map((row) =>
    row
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  const doubts = warnings.length === 0 ? [] : ['', 'warnings:', formatWarnings(warnings)];
  return `${[...lines, ...doubts].join('\n')}\n`;
}

function shown(setting: Setting, value: SettingValue | null): string | null {
  if (value === null) return null;
  if (setting.secret === true) return '(set)';
  if (typeof value === 'object') return value.urls.join(', ');
  if (setting.kind === 'duration') return formatDuration(BigInt(Number(value)) * NS_PER_MS);
  return setting.kind === 'integer' && setting.unit !== 'level' ? `${value} ${setting.unit}` : String(value);
}

function meaningOf(setting: Setting, value: SettingValue | null): SettingMeaning {
  if (value === null) return { kind: 'none' };
  if (setting.secret === true) return { kind: 'secret' };
  if (typeof value === 'object') return { kind: 'text', text: value.urls.join(', ') };
  switch (setting.kind) {
    case 'boolean':
      return { kind: 'switch', on: value === true };
    case 'integer':
    case 'duration':
      return { kind: 'amount', amount: Number(value), unit: setting.unit };
    case 'pc_id':
    case 'servers':
    case 'log_level':
    case 'text':
    case 'path':
    case 'https_url':
    case 'mail':
    case 'code_hash':
    case 'choice':
    case 'daily_window':
    case 'moment':
      return { kind: 'text', text: String(value) };
  }
}
