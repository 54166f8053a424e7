/** The fleet's layered configuration (protocol §3.5, §7) and its resolution, as pure functions. */
import { FieldFault, fault, optionalText } from './fields.ts';
import { parseDuration } from './humantime.ts';
import { isJsonObject, type JsonObject, parseJson } from './json.ts';

/** One stored layer. Durations are kept as written: what can't be read falls back when it is resolved. */
export interface ConfigScope {
  readonly targetVersion: string | null;
  readonly targetVersionJitter: string | null;
  readonly heartbeatInterval: string | null;
  /** Of 0.12; ignored by 0.29 (protocol §3.8). */
  readonly inventoryInterval: string | null;
  readonly inventoryJitter: string | null;
  readonly inventoryEnabled: boolean | null;
  /** Of 0.101 (protocol §12.3). */
  readonly maxLocalConcurrent: number | null;
  readonly clientDisplayName: string | null;
}

export interface Layer {
  /** Its key in the bucket: `global`, `groups.<g>`, `pcs.<pc_id>`. */
  readonly key: string;
  readonly scope: ConfigScope;
}

export interface EffectiveConfig {
  readonly targetVersion: string | null;
  readonly targetVersionJitterMs: number;
  readonly heartbeatIntervalMs: number;
  readonly inventoryIntervalMs: number;
  readonly inventoryJitterMs: number;
  readonly inventoryEnabled: boolean;
  readonly maxLocalConcurrent: number | null;
  readonly clientDisplayName: string | null;
  /** Which layer each field that is not built in comes from. */
  readonly sources: Readonly<Partial<Record<keyof ConfigScope, string>>>;
}

export type DecodedScope =
  | { readonly ok: true; readonly scope: ConfigScope }
  | { readonly ok: false; readonly error: string };

const FIELDS = {
  targetVersion: 'target_version',
  targetVersionJitter: 'target_version_jitter',
  heartbeatInterval: 'heartbeat_interval',
  inventoryInterval: 'inventory_interval',
  inventoryJitter: 'inventory_jitter',
  inventoryEnabled: 'inventory_enabled',
  maxLocalConcurrent: 'max_local_concurrent',
  clientDisplayName: 'client_display_name',
} as const satisfies Record<keyof ConfigScope, string>;

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
const HEARTBEAT_MS = { fallback: 30_000, min: 1_000, max: 60_000 };

export function decodeScope(body: Uint8Array): DecodedScope {
  const parsed = parseJson(body);
  if (!parsed.ok) return parsed;
  if (!isJsonObject(parsed.value)) return { ok: false, error: 'message: expected an object' };
  try {
    return { ok: true, scope: scopeOf(parsed.value) };
  } catch (error) {
    if (!(error instanceof FieldFault)) throw error;
    return { ok: false, error: error.message };
  }
}

function scopeOf(object: JsonObject): ConfigScope {
  return {
    targetVersion: optionalText(object, FIELDS.targetVersion),
    targetVersionJitter: optionalText(object, FIELDS.targetVersionJitter),
    heartbeatInterval: optionalText(object, FIELDS.heartbeatInterval),
    inventoryInterval: optionalText(object, FIELDS.inventoryInterval),
    inventoryJitter: optionalText(object, FIELDS.inventoryJitter),
    inventoryEnabled: optionalBoolean(object, FIELDS.inventoryEnabled),
    maxLocalConcurrent: optionalCount(object, FIELDS.maxLocalConcurrent),
    clientDisplayName: optionalText(object, FIELDS.clientDisplayName),
  };
}

function optionalBoolean(object: JsonObject, field: string): boolean | null {
  const value = object[field];
  if (value === undefined || value === null) return null;
  if (typeof value !== 'boolean') throw fault(field, 'true or false', value);
  return value;
}

function optionalCount(object: JsonObject, field: string): number | null {
  const value = object[field];
  if (value === undefined || value === null) return null;
  if (typeof value !== 'number' || value < 1) throw fault(field, 'a whole number of at least 1', value);
  return value;
}

/** Merges field by field, a later layer over an earlier one; null never clears (protocol §7). */
export function resolve(layers: readonly Layer[]): { effective: EffectiveConfig; warnings: readonly string[] } {
  const warnings = conflicts(layers);
  const sources: Partial<Record<keyof ConfigScope, string>> = {};
  const last = <K extends keyof ConfigScope>(field: K): ConfigScope[K] | null => {
    const layer = layers.findLast(({ scope }) => scope[field] !== null);
    if (layer === undefined) return null;
    sources[field] = layer.key;
    return layer.scope[field];
  };
  const durationMs = (
    field: 'heartbeatInterval' | 'targetVersionJitter' | 'inventoryInterval' | 'inventoryJitter',
    limits: { fallback: number; unreadable?: number; min?: number; max?: number },
  ): number => {
    const value = last(field);
    if (value === null) return limits.fallback;
    const parsed = parseDuration(value);
    if (!parsed.ok) {
      warnings.push(`${sources[field]}: ${FIELDS[field]} can not be read (${parsed.error})`);
      return limits.unreadable ?? limits.fallback;
    }
    const ms = Number(parsed.ns / 1_000_000n);
    const clamped = Math.min(limits.max ?? Number.MAX_SAFE_INTEGER, Math.max(limits.min ?? 0, ms));
    if (clamped !== ms) warnings.push(`${sources[field]}: ${FIELDS[field]} is brought from ${ms} to ${clamped} ms`);
    return clamped;
  };
  const effective: EffectiveConfig = {
    targetVersion: last('targetVersion'),
    targetVersionJitterMs: durationMs('targetVersionJitter', { fallback: 0 }),
    // Shorter than a second stops nobody (D31), longer than a minute shows the PC as offline (protocol §10.1).
    heartbeatIntervalMs: durationMs('heartbeatInterval', HEARTBEAT_MS),
    inventoryIntervalMs: durationMs('inventoryInterval', { fallback: DAY_MS, min: MINUTE_MS }),
    inventoryJitterMs: durationMs('inventoryJitter', { fallback: 10 * MINUTE_MS }),
    inventoryEnabled: last('inventoryEnabled') ?? true,
    maxLocalConcurrent: last('maxLocalConcurrent'),
    clientDisplayName: last('clientDisplayName'),
    sources,
  };
  return { effective, warnings };
}

/** Two or more groups that set the same field: the last one wins, and somebody should know. */
function conflicts(layers: readonly Layer[]): string[] {
  const groups = layers.filter(({ key }) => key.startsWith('groups.'));
  return (Object.keys(FIELDS) as (keyof ConfigScope)[]).flatMap((field) => {
    const setting = groups.filter(({ scope }) => scope[field] !== null).map(({ key }) => key.slice('groups.'.length));
    return setting.length < 2
      ? []
      : [`MultiGroupConflict { field: "${FIELDS[field]}", groups: [${setting.join(', ')}] }`];
  });
}
