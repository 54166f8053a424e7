/** Raw values of one source, checked against the table: what can be used, and what must be put right. */
import type { Setting } from '../../shared/setting.ts';
import type { Candidate, SettingSource } from './layers.ts';
import type { ConfigProblem, ConfigWarning } from './problem.ts';
import { SETTING_KEYS, type SettingKey, settingOf } from './settings.ts';
import { checkValue, describe, type PathBase } from './values.ts';

/** What all sources together gave. Filled source by source, read once. */
export class Collected {
  readonly candidates = new Map<SettingKey, Candidate[]>();
  readonly problems: ConfigProblem[] = [];
  readonly warnings: ConfigWarning[] = [];

  /** `shown` is how the source names the setting, where that is not its key. */
  add(key: SettingKey, raw: unknown, at: SourcePlace, base: PathBase, shown: string = key): void {
    const setting = settingOf(key);
    const { file, line } = at;
    if (setting.policyOnly === true && at.source !== 'policy') {
      this.warnings.push({
        file,
        line,
        key: shown,
        message: `ignored, only the policy ${setting.policy?.name} sets it`,
      });
      return;
    }
    const checked = checkValue(setting, raw, base);
    if (checked.ok) {
      const candidates = this.candidates.get(key) ?? [];
      this.candidates.set(key, [...candidates, { value: checked.value, ...at }]);
    } else if (setting.decoration === true) {
      this.warnings.push({ file, line, key: shown, message: `left out, expected ${checked.expected}` });
    } else {
      this.problems.push({ file, line, key: shown, expected: checked.expected });
    }
  }
}

export interface SourcePlace {
  readonly source: Exclude<SettingSource, 'built-in'>;
  readonly file: string;
  readonly line: number | null;
}

const POLICIES: ReadonlyMap<string, SettingKey> = new Map(
  SETTING_KEYS.flatMap((key): [string, SettingKey][] => {
    const name = settingOf(key).policy?.name;
    return name === undefined ? [] : [[name, key]];
  }),
);

export const POLICY_NAMES: ReadonlySet<string> = new Set(POLICIES.keys());

/** Adds the value of a policy, which the registry and policy.json write in forms of their own. */
export function addPolicy(to: Collected, name: string, raw: unknown, at: SourcePlace, base: PathBase): void {
  const key = POLICIES.get(name);
  if (key === undefined) return;
  const setting = settingOf(key);
  const { on, off } = { on: true, off: false, ...setting.policy };
  if (setting.kind !== 'boolean' && setting.policy?.on === undefined) {
    to.add(key, numberFromText(setting, raw), at, base, name);
    return;
  }
  const flag = flagOf(raw);
  if (flag !== null) to.add(key, flag ? on : off, at, base, name);
  else to.problems.push({ file: at.file, line: at.line, key: name, expected: `1 or 0, found ${describe(raw)}` });
}

function flagOf(raw: unknown): boolean | null {
  const text = typeof raw === 'string' ? raw.trim().toLowerCase() : raw;
  if (text === true || text === 1 || text === '1' || text === 'true' || text === 'yes') return true;
  if (text === false || text === 0 || text === '0' || text === 'false' || text === 'no') return false;
  return null;
}

/** The registry may hold a number as text. */
function numberFromText(setting: Setting, raw: unknown): unknown {
  return setting.kind === 'integer' && typeof raw === 'string' && /^\s*\d{1,9}\s*$/.test(raw) ? Number(raw) : raw;
}

const OWN_TABLES: ReadonlySet<string> = new Set(SETTING_KEYS.map((key) => key.slice(0, key.indexOf('.'))));

export function isOwnTable(name: string): boolean {
  return OWN_TABLES.has(name);
}
