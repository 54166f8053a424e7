/**
 * One value for each setting out of all its sources: policy before command line, environment, `agent.toml` and the
 * built-in value; of a security value the strictest one counts, whoever named it (architecture §8).
 */
import { SETTING_KEYS, type SettingKey, settingOf } from './settings.ts';
import type { SettingValue, ValueOf } from './values.ts';

/** In the order in which they count. */
export const SOURCES = ['policy', 'switch', 'command line', 'environment', 'agent.toml', 'machine agent.toml'] as const;
/** `switch` is that of the original for signed commands; `machine agent.toml` lies under that of the user in tray mode. */
export type SettingSource = (typeof SOURCES)[number] | 'built-in';

export interface Candidate {
  readonly value: SettingValue;
  readonly source: Exclude<SettingSource, 'built-in'>;
  readonly file: string;
  readonly line: number | null;
}

export interface Sourced {
  readonly value: SettingValue | null;
  readonly source: SettingSource;
  /** Where it was set; null for a built-in value. */
  readonly file: string | null;
  readonly line: number | null;
  /** A policy says it, so that nothing below can change it. */
  readonly locked: boolean;
}

export type Candidates = ReadonlyMap<SettingKey, readonly Candidate[]>;
export type SettingValues = Readonly<Record<SettingKey, Sourced>>;

/** Settles each setting. A required one that nobody set is null here. */
export function settle(candidates: Candidates): SettingValues {
  const settled = SETTING_KEYS.map((key) => [key, settleOne(key, candidates.get(key) ?? [])] as const);
  return Object.fromEntries(settled) as unknown as SettingValues;
}

function settleOne(key: SettingKey, found: readonly Candidate[]): Sourced {
  const setting = settingOf(key);
  const [first, ...rest] = found.toSorted((a, b) => SOURCES.indexOf(a.source) - SOURCES.indexOf(b.source));
  if (first === undefined) return { value: setting.default, source: 'built-in', file: null, line: null, locked: false };
  const order: readonly unknown[] = setting.raise ?? [];
  const strictness = (candidate: Candidate) => order.indexOf(candidate.value);
  const chosen = rest.reduce((best, next) => (strictness(next) > strictness(best) ? next : best), first);
  return { ...chosen, locked: first.source === 'policy' };
}

/** The value of `key`, with its type of the table. Only for values that were checked against it. */
export function valueAt<K extends SettingKey>(values: SettingValues, key: K): ValueOf<K> {
  return values[key].value as ValueOf<K>;
}
