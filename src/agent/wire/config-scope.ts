/**
 * The fleet's configuration of its agents in layers (protocol §7): a pure function from the scopes that apply to this PC to
 * what is in effect. A value that can't be used is replaced as protocol §3.5 says, never silently.
 */
import { type Decoded, decodeObject, type FieldReader } from './fields.ts';
import { parseDuration } from './humantime.ts';

/** One stored scope; null: says nothing. Durations are texts, since one that can't be read is no reason to drop the rest. */
export interface ConfigScope {
  readonly targetVersion: string | null;
  readonly targetVersionJitter: string | null;
  readonly heartbeatInterval: string | null;
  /** The agents of 0.12 had these (protocol §3.8). */
  readonly inventoryInterval: string | null;
  readonly inventoryJitter: string | null;
  readonly inventoryEnabled: boolean | null;
  /** From 0.101 on (protocol §12.3). */
  readonly maxLocalConcurrent: number | null;
  readonly clientDisplayName: string | null;
  /** Fields that 0.29 does not know and that can't be read; `<field>: expected …`. */
  readonly ignored: readonly string[];
}

/** A scope under its key: `global`, `groups.<g>` or `pcs.<pc>`. */
export interface Layer {
  readonly key: string;
  readonly scope: ConfigScope;
}

export interface EffectiveConfig {
  readonly targetVersion: string | null;
  readonly targetVersionJitterMs: number;
  /** 1 s to 60 s (D31). */
  readonly heartbeatIntervalMs: number;
  readonly inventoryEnabled: boolean;
  readonly inventoryIntervalMs: number;
  readonly inventoryJitterMs: number;
  /** At most so many scripts at once; null: the fleet does not say. */
  readonly maxLocalConcurrent: number | null;
  readonly clientDisplayName: string | null;
}

/** Reads a value of `agent_config`. A wrong type in a field of 0.29 makes all of it undecodable, as it does there. */
export function decodeScope(body: Uint8Array): Decoded<'scope', ConfigScope> {
  return decodeObject(body, 'scope', (fields) => {
    const ignored: string[] = [];
    const newer = <T>(read: (fields: FieldReader) => T): T | null => {
      const { value, problem } = fields.aside(read);
      if (problem !== null) ignored.push(problem);
      return value;
    };
    return {
      targetVersion: fields.nullableString('target_version'),
      targetVersionJitter: fields.nullableString('target_version_jitter'),
      heartbeatInterval: fields.nullableString('heartbeat_interval'),
      inventoryInterval: newer((extra) => extra.nullableString('inventory_interval')),
      inventoryJitter: newer((extra) => extra.nullableString('inventory_jitter')),
      inventoryEnabled: newer((extra) => extra.nullableBoolean('inventory_enabled')),
      maxLocalConcurrent: newer((extra) => extra.nullableInteger('max_local_concurrent', 1, 2 ** 32 - 1)),
      clientDisplayName: newer((extra) => extra.nullableString('client_display_name')),
      ignored,
    };
  });
}

const WIRE_NAMES = {
  targetVersion: 'target_version',
  targetVersionJitter: 'target_version_jitter',
  heartbeatInterval: 'heartbeat_interval',
  inventoryInterval: 'inventory_interval',
  inventoryJitter: 'inventory_jitter',
  inventoryEnabled: 'inventory_enabled',
  maxLocalConcurrent: 'max_local_concurrent',
  clientDisplayName: 'client_display_name',
} as const satisfies Record<Exclude<keyof ConfigScope, 'ignored'>, string>;

type Field = keyof typeof WIRE_NAMES;
type DurationField = 'targetVersionJitter' | 'heartbeatInterval' | 'inventoryInterval' | 'inventoryJitter';

interface DurationRule {
  /** Where nothing is set, or nothing that can be read. */
  readonly defaultMs: number;
  readonly minMs: number;
  readonly maxMs: number;
}

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const DURATIONS: Readonly<Record<DurationField, DurationRule>> = {
  targetVersionJitter: { defaultMs: 0, minMs: 0, maxMs: 365 * DAY },
  // The backend calls a PC offline after 2 minutes of silence.
  heartbeatInterval: { defaultMs: 30 * SECOND, minMs: SECOND, maxMs: MINUTE },
  inventoryInterval: { defaultMs: 24 * HOUR, minMs: MINUTE, maxMs: 365 * DAY },
  inventoryJitter: { defaultMs: 10 * MINUTE, minMs: 0, maxMs: 365 * DAY },
};

/**
 * What is in effect, field by field from the last layer that sets it, and what is worth a warning. `layers` are in their
 * order of application: global, own groups in byte order, this PC.
 */
export function resolve(layers: readonly Layer[]): { effective: EffectiveConfig; warnings: readonly string[] } {
  const warnings = [
    ...layers.flatMap(({ key, scope }) => scope.ignored.map((why) => `agent_config ${key}: ignored: ${why}`)),
    ...(Object.keys(WIRE_NAMES) as Field[]).flatMap((field) => groupConflict(layers, field)),
  ];
  const last = (field: Field) => layers.findLast(({ scope }) => scope[field] !== null);
  const value = <F extends Field>(field: F): ConfigScope[F] | null => last(field)?.scope[field] ?? null;
  const durationMs = (field: DurationField): number => {
    const text = value(field);
    if (text === null) return DURATIONS[field].defaultMs;
    const read = durationOf(text, DURATIONS[field]);
    if (read.why !== null) {
      warnings.push(`agent_config ${last(field)?.key}: ${WIRE_NAMES[field]} ${JSON.stringify(text)}: ${read.why}`);
    }
    return read.ms;
  };
  const effective = {
    targetVersion: value('targetVersion'),
    targetVersionJitterMs: durationMs('targetVersionJitter'),
    heartbeatIntervalMs: durationMs('heartbeatInterval'),
    inventoryEnabled: value('inventoryEnabled') ?? true,
    inventoryIntervalMs: durationMs('inventoryInterval'),
    inventoryJitterMs: durationMs('inventoryJitter'),
    maxLocalConcurrent: value('maxLocalConcurrent'),
    clientDisplayName: value('clientDisplayName'),
  };
  return { effective, warnings };
}

/** Groups have no rank among themselves, so that two that set one field are a mistake of whoever set them. */
function groupConflict(layers: readonly Layer[], field: Field): string[] {
  const groups = layers
    .filter(({ key, scope }) => key.startsWith('groups.') && scope[field] !== null)
    .map(({ key }) => key.slice('groups.'.length));
  if (groups.length < 2) return [];
  return [`MultiGroupConflict: ${WIRE_NAMES[field]} is set by the groups ${groups.join(', ')}; the last one counts`];
}

function durationOf(text: string, { defaultMs, minMs, maxMs }: DurationRule): { ms: number; why: string | null } {
  const parsed = parseDuration(text);
  if (!parsed.ok) return { ms: defaultMs, why: `${parsed.error}; ${defaultMs / SECOND} s is used` };
  const wantedMs = Number(parsed.ns) / 1e6;
  const ms = Math.min(Math.max(wantedMs, minMs), maxMs);
  return { ms, why: ms === wantedMs ? null : `out of range; ${ms / SECOND} s is used` };
}
