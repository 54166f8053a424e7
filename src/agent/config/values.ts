/** Checks one raw value, from whatever source, against its row of the table. Paths come out absolute. */
import { posix, win32 } from 'node:path';
import { parseDailyWindow } from '../../base/daily-window.ts';
import type { LogLevel } from '../../base/logger.ts';
import { momentMs } from '../../base/moment.ts';
import { UnreadableValue } from '../../platform/policies.ts';
import type { PcId } from '../../shared/ids.ts';
import type { Setting, SettingScalar } from '../../shared/setting.ts';
import { NS_PER_MS } from '../../shared/time-units.ts';
import { parseDuration } from '../wire/humantime.ts';
import { parsePcId } from '../wire/subjects.ts';
import { CODE_HASH_EXPECTED, isCodeHash } from './helpdesk-code.ts';
import { parseServers, SERVERS_EXPECTED, type ServerList } from './servers.ts';
import type { SETTINGS, SettingKey } from './settings.ts';

export type SettingValue = SettingScalar | ServerList;

type TypeOf<S> = S extends { kind: 'pc_id' }
  ? PcId
  : S extends { kind: 'servers' }
    ? ServerList
    : S extends { kind: 'log_level' }
      ? LogLevel
      : S extends { kind: 'choice'; choices: readonly (infer C)[] }
        ? C
        : S extends { kind: 'integer' | 'duration' }
          ? number
          : S extends { kind: 'boolean' }
            ? boolean
            : string;

/** What a setting holds after loading; null where it is not set and has no built-in value. */
export type ValueOf<K extends SettingKey> = (typeof SETTINGS)[K] extends infer S
  ? S extends { required: true }
    ? TypeOf<S>
    : S extends { default: null }
      ? TypeOf<S> | null
      : TypeOf<S>
  : never;

export interface PathBase {
  readonly platform: NodeJS.Platform;
  /** The start directory; absolute. Null: it is gone, and a path must be absolute. */
  readonly start: string | null;
  /** The directory of the settings file; null where the source has none and a path must be absolute. */
  readonly file: string | null;
}

export type Checked =
  | { readonly ok: true; readonly value: SettingValue }
  | { readonly ok: false; readonly expected: string };

/** A number that was written with a fraction or an exponent: no setting takes one. */
export class TomlFloat {
  readonly value: number;

  constructor(value: number) {
    this.value = value;
  }
}

const LEVELS = { error: 'error', warn: 'warn', info: 'info', debug: 'debug', trace: 'debug', off: 'error' } as const;

/** `expected` completes "expected …" and says what was found, unless that is a secret. */
export function checkValue(setting: Setting, raw: unknown, base: PathBase): Checked {
  const no = (expected: string): Checked => ({
    ok: false,
    expected: setting.secret ? expected : `${expected}, found ${describe(raw)}`,
  });
  switch (setting.kind) {
    case 'boolean':
      return typeof raw === 'boolean' ? { ok: true, value: raw } : no('true or false');
    case 'integer':
      return checkInteger(raw, setting.min, setting.max) ?? no(`a whole number from ${setting.min} to ${setting.max}`);
    case 'choice':
      return typeof raw === 'string' && setting.choices.includes(raw)
        ? { ok: true, value: raw }
        : no(`one of ${setting.choices.map((choice) => `"${choice}"`).join(', ')}`);
    case 'duration':
      return checkDuration(raw, setting.min, setting.max) ?? no(durationExpected(raw, setting.max));
    case 'pc_id':
    case 'servers':
    case 'log_level':
    case 'text':
    case 'path':
    case 'https_url':
    case 'mail':
    case 'code_hash':
    case 'daily_window':
    case 'moment':
      return typeof raw === 'string' ? checkText(setting, raw, base, no) : no('a text in quotes');
  }
}

type TextSetting = Exclude<Setting, { kind: 'boolean' | 'integer' | 'choice' | 'duration' }>;

function checkText(setting: TextSetting, text: string, base: PathBase, no: (expected: string) => Checked): Checked {
  if (text.trim() === '') return no('a text that is not empty');
  if (hasControls(text)) return no('a text without control characters');
  switch (setting.kind) {
    case 'pc_id': {
      const parsed = parsePcId(text);
      return parsed.ok ? { ok: true, value: parsed.pcId } : no(`a name that the fleet can use (${parsed.problem})`);
    }
    case 'servers': {
      const parsed = parseServers(text);
      return parsed.ok
        ? { ok: true, value: parsed.list }
        : { ok: false, expected: parsed.expected || SERVERS_EXPECTED };
    }
    case 'log_level': {
      const level = parseLogLevel(text);
      return level === null ? no('a level: error, warn, info, debug or trace') : { ok: true, value: level };
    }
    case 'path':
      return checkPath(setting.relativeTo, text, base) ?? no(pathExpected(setting.relativeTo, base));
    case 'https_url':
      return isHttps(text) ? { ok: true, value: text } : no('an address that begins with https://');
    case 'mail':
      return /^[^\s@<>"?&]+@[^\s@<>"?&]+$/.test(text) ? { ok: true, value: text } : no('a mail address');
    case 'code_hash':
      return isCodeHash(text) ? { ok: true, value: text } : no(CODE_HASH_EXPECTED);
    case 'daily_window':
      return parseDailyWindow(text) !== null ? { ok: true, value: text } : no('two times of day such as "22:00-05:00"');
    case 'moment':
      return momentMs(text) !== null
        ? { ok: true, value: text }
        : no('a day such as "2026-12-24", or a time of RFC 3339');
    case 'text':
      return text.length <= setting.maxChars
        ? { ok: true, value: text }
        : no(`a text of at most ${setting.maxChars} characters`);
  }
}

/**
 * The level of a filter as the original takes it (`info`, `warn,async_nats=error`): its bare level, else the one it
 * gives to the agent itself. Null where there is none.
 */
export function parseLogLevel(filter: string): LogLevel | null {
  let level: LogLevel | null = null;
  for (const directive of filter.split(',')) {
    const [, target, name] = /^\s*(?:([\w:]+)\s*=)?\s*([A-Za-z]+)\s*$/.exec(directive) ?? [];
    const key = name?.toLowerCase() ?? '';
    if (!Object.hasOwn(LEVELS, key)) return null;
    const found = LEVELS[key as keyof typeof LEVELS];
    if (target === undefined) level = found;
    else if (/^kanade_(agent|tray)$/.test(target)) level ??= found;
  }
  return level;
}

function checkInteger(raw: unknown, min: number, max: number): Checked | null {
  // An integer of TOML is a bigint here; JSON and the registry know numbers only.
  const whole = typeof raw === 'bigint' || (typeof raw === 'number' && Number.isSafeInteger(raw));
  if (!whole || raw < min || raw > max) return null;
  return { ok: true, value: Number(raw) };
}

function checkDuration(raw: unknown, minMs: number, maxMs: number): Checked | null {
  if (typeof raw !== 'string') return null;
  const parsed = parseDuration(raw);
  if (!parsed.ok) return null;
  const ms = Number(parsed.ns / NS_PER_MS);
  return ms >= minMs && ms <= maxMs ? { ok: true, value: ms } : null;
}

function durationExpected(raw: unknown, maxMs: number): string {
  const parsed = typeof raw === 'string' ? parseDuration(raw) : null;
  const why = parsed !== null && !parsed.ok ? ` (${parsed.error})` : '';
  return `a duration such as "20s", at most ${maxMs / 1000}s${why}`;
}

function checkPath(relativeTo: 'start' | 'file', text: string, base: PathBase): Checked | null {
  const path = base.platform === 'win32' ? win32 : posix;
  const from = relativeTo === 'start' ? base.start : base.file;
  if (path.isAbsolute(text)) return { ok: true, value: path.normalize(text) };
  return from === null ? null : { ok: true, value: path.resolve(from, text) };
}

/** What a path must be where a relative one leads nowhere. */
export const ABSOLUTE = 'an absolute path (the directory that this was started in is gone)';

function pathExpected(relativeTo: 'start' | 'file', base: PathBase): string {
  return relativeTo === 'start' && base.start === null ? ABSOLUTE : 'an absolute path';
}

function isHttps(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && url.protocol === 'https:' && url.username === '' && url.password === '' && !/\s/.test(text);
}

function hasControls(text: string): boolean {
  return /\p{Cc}/u.test(text);
}

/** A found value in words, cut to a length that fits a line. */
export function describe(raw: unknown): string {
  if (typeof raw === 'string') return JSON.stringify(raw.length <= 60 ? raw : `${raw.slice(0, 59)}…`);
  if (typeof raw === 'bigint' || typeof raw === 'number') return `the number ${raw}`;
  if (typeof raw === 'boolean') return String(raw);
  if (Array.isArray(raw)) return 'a list';
  if (raw instanceof Date) return 'a date';
  if (raw instanceof UnreadableValue) return raw.why;
  if (raw instanceof TomlFloat) return `the number ${raw.value}`;
  return raw === null || raw === undefined ? 'nothing' : 'a table';
}
