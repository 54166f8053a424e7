/**
 * What one row of the table of settings says, and what code calls its value. Data only, so that other things than code can be made
 * from it.
 */

/** What whole numbers of the table are numbers of; `ms` is that of durations. */
export const SETTING_UNITS = ['ms', 'hours', 'days', 'scripts', 'results/s', 'shells', 'MiB', 'level'] as const;
export type SettingUnit = (typeof SETTING_UNITS)[number];

interface Common {
  /** One line for people: in the documentation and in the policy template. */
  readonly about: string;
  readonly required?: true;
  /** Its value on the registry key or in policy.json. `on`/`off`: a flag there, and what each means here. */
  readonly policy?: { readonly name: string; readonly on?: SettingScalar; readonly off?: SettingScalar };
  /** Only a policy may set it. */
  readonly policyOnly?: true;
  /** A security value: its possible values, weakest first. The strictest that any source names counts. */
  readonly raise?: readonly SettingScalar[];
  /** Shown, never worth stopping for: a value that can't be used is left out with a warning. */
  readonly decoration?: true;
  /** Never shown. */
  readonly secret?: true;
  /** Of `[ui]`: the agent obeys it, and tells no window. */
  readonly agentOnly?: true;
}

export type SettingScalar = string | number | boolean;

type Kind =
  | { readonly kind: 'pc_id' | 'servers' | 'log_level'; readonly default: null; readonly required: true }
  | { readonly kind: 'text'; readonly maxChars: number; readonly default: string | null }
  /** A relative path begins at the start directory (as in the original) or beside the settings file. */
  | { readonly kind: 'path'; readonly relativeTo: 'start' | 'file'; readonly default: null }
  | { readonly kind: 'https_url' | 'mail' | 'code_hash'; readonly default: null }
  /** `22:00-05:00`; a day (`2026-12-24`, from its midnight here) or a moment of RFC 3339. */
  | { readonly kind: 'daily_window' | 'moment'; readonly default: null }
  | { readonly kind: 'boolean'; readonly default: boolean }
  | { readonly kind: 'choice'; readonly choices: readonly string[]; readonly default: string }
  | {
      readonly kind: 'integer';
      readonly unit: SettingUnit;
      readonly min: number;
      readonly max: number;
      readonly default: number;
    }
  /** A humantime text in files (protocol §3.10); `default`, `min` and `max` in ms. */
  | {
      readonly kind: 'duration';
      readonly unit: 'ms';
      readonly min: number;
      readonly max: number;
      readonly default: number;
    };

export type Setting = Common & Kind;

type Camel<Name extends string> = Name extends `${infer Head}_${infer Tail}`
  ? `${Head}${Capitalize<Camel<Tail>>}`
  : Name;

/** What code calls the value of `name`: with its unit, `grace` is `graceMs`, `max_mib` is `maxBytes`. */
export type FieldOf<Name extends string, S> = S extends { readonly kind: 'duration' }
  ? `${Camel<Name>}Ms`
  : Name extends `${infer Rest}_mib`
    ? `${Camel<Rest>}Bytes`
    : Camel<Name>;

/** The same, with what a value of the table is multiplied by. */
export function fieldOf(
  name: string,
  { kind }: Pick<Setting, 'kind'>,
): { readonly field: string; readonly factor: number } {
  const camel = (text: string) => text.replaceAll(/_(\w)/g, (_, first: string) => first.toUpperCase());
  if (kind === 'duration') return { field: `${camel(name)}Ms`, factor: 1 };
  if (name.endsWith('_mib')) return { field: `${camel(name.slice(0, -'_mib'.length))}Bytes`, factor: 1024 * 1024 };
  return { field: camel(name), factor: 1 };
}
