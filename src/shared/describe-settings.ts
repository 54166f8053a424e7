/** One setting in words: what it is for, its value with its unit, and who said it. Invariant: a secret has no words but that it is set. */
import type { Setting } from './contract.ts';
import type { SettingMeaning } from './helpdesk-view.ts';
import type { MessageKey } from './i18n/en.ts';
import type { I18n } from './i18n/i18n.ts';
import { SETTING_CHOICES } from './i18n/setting-choices.ts';
import { SETTINGS_JA } from './i18n/settings-ja.ts';
import { HOUR_MS } from './time-units.ts';

export interface SaidSetting {
  readonly key: string;
  readonly about: string | null;
  readonly value: string;
  readonly source: string;
  /** What would count without the source; null: it counts. */
  readonly builtIn: string | null;
}

export function describeSetting(setting: Setting, i18n: I18n): SaidSetting {
  const { key, means, builtIn, changed } = setting;
  return {
    key,
    about: aboutOf(setting, i18n),
    value: saidValue(key, means, i18n),
    source: sourceText(setting, i18n),
    builtIn: changed && builtIn.kind !== 'none' ? saidValue(key, builtIn, i18n) : null,
  };
}

/** Whether each word of `search` is somewhere in what is said of it. */
export function settingFits({ key, about, value, source }: SaidSetting, search: string): boolean {
  const text = `${key} ${about ?? ''} ${value} ${source}`.toLowerCase();
  return search
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}

function aboutOf({ key, about }: Setting, i18n: I18n): string | null {
  const ofFleet = Object.hasOwn(FLEET, key) ? FLEET[key as keyof typeof FLEET] : undefined;
  if (ofFleet !== undefined) return i18n.t(ofFleet);
  // A setting of another release is said in English rather than not at all.
  return (i18n.language === 'ja' ? SETTINGS_JA[key] : undefined) ?? about;
}

/** One of a few values by what it means, and as it is written. */
function saidValue(key: string, value: SettingMeaning, i18n: I18n): string {
  const text = valueText(value, i18n);
  const written = value.kind === 'text' ? value.text : value.kind === 'amount' ? String(value.amount) : null;
  const choices = Object.hasOwn(SETTING_CHOICES, key) ? SETTING_CHOICES[key] : undefined;
  if (written === null || choices === undefined || !Object.hasOwn(choices, written)) return text;
  const words = choices[written]?.[i18n.language] ?? text;
  return i18n.t('helpdesk.value.written', { words, written });
}

function valueText(value: SettingMeaning, i18n: I18n): string {
  switch (value.kind) {
    case 'none':
    case 'secret':
      return i18n.t(`helpdesk.value.${value.kind}`);
    case 'text':
      return value.text;
    case 'switch':
      return i18n.t(value.on ? 'helpdesk.value.on' : 'helpdesk.value.off');
    case 'amount':
      return amountText(value.amount, value.unit, i18n);
  }
}

function amountText(n: number, unit: Extract<SettingMeaning, { kind: 'amount' }>['unit'], i18n: I18n): string {
  switch (unit) {
    case 'ms':
      return i18n.exactly(n);
    case 'hours':
      return i18n.exactly(n * HOUR_MS);
    case 'days':
    case 'scripts':
    case 'shells':
      return i18n.t(`helpdesk.value.${unit}`, { n });
    case 'results/s':
      return i18n.t('helpdesk.value.results', { n });
    case 'MiB':
      return `${i18n.number(n)} MiB`;
    case 'level':
      return i18n.number(n);
  }
}

function sourceText({ source, place, locked }: Setting, i18n: I18n): string {
  const known = Object.hasOwn(SOURCES, source) ? SOURCES[source as keyof typeof SOURCES] : undefined;
  const said = known === undefined ? source : i18n.t(known);
  const placed = place === null ? said : i18n.t('helpdesk.source.place', { source: said, place });
  return locked ? `${placed} · ${i18n.t('support.settings.locked')}` : placed;
}

/** By the names of the agent (`agent/config/layers.ts`). */
const SOURCES = {
  policy: 'helpdesk.source.policy',
  switch: 'helpdesk.source.switch',
  'command line': 'helpdesk.source.commandLine',
  environment: 'helpdesk.source.environment',
  'agent.toml': 'helpdesk.source.file',
  'machine agent.toml': 'helpdesk.source.machineFile',
  'built-in': 'helpdesk.source.builtIn',
  fleet: 'helpdesk.source.fleet',
} as const satisfies Readonly<Record<string, MessageKey>>;

/** What the fleet says of this PC (protocol §7), which is in no table of settings. */
const FLEET = {
  'fleet.targetVersion': 'helpdesk.fleet.targetVersion',
  'fleet.targetVersionJitter': 'helpdesk.fleet.targetVersionJitter',
  'fleet.heartbeatInterval': 'helpdesk.fleet.heartbeatInterval',
  'fleet.inventoryEnabled': 'helpdesk.fleet.inventoryEnabled',
  'fleet.inventoryInterval': 'helpdesk.fleet.inventoryInterval',
  'fleet.inventoryJitter': 'helpdesk.fleet.inventoryJitter',
  'fleet.maxLocalConcurrent': 'helpdesk.fleet.maxLocalConcurrent',
  'fleet.clientDisplayName': 'helpdesk.fleet.clientDisplayName',
} as const satisfies Readonly<Record<string, MessageKey>>;
