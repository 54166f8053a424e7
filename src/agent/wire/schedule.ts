/**
 * A schedule of the bucket `schedules`, of either generation: `cron` with a mode (protocol §3.7), or `when` (protocol §6.4).
 * Unknown fields are ignored. One that can't be read says whether it is ours to read at all: the backend's own are none of ours.
 */
import { type Decoded, decodeObject, type FieldReader } from './fields.ts';

export const TRIGGERS = ['startup', 'logon', 'lock', 'unlock', 'network_change'] as const;
export type Trigger = (typeof TRIGGERS)[number];

export interface Target {
  readonly all: boolean;
  readonly pcs: readonly string[];
  readonly groups: readonly string[];
}

/** Durations and times are texts, as they stand there. */
export type When =
  | { readonly kind: 'cron'; readonly expression: string; readonly once: boolean; readonly cooldown: string | null }
  | { readonly kind: 'per_pc'; readonly repeat: 'once' | 'once_per_version' }
  | { readonly kind: 'per_pc'; readonly repeat: 'every'; readonly every: string }
  | { readonly kind: 'calendar'; readonly at: string; readonly days: readonly string[] }
  | { readonly kind: 'on'; readonly triggers: readonly Trigger[] };

export interface Require {
  readonly acPower: boolean;
  readonly idle: string | null;
  readonly cpuBelow: number | null;
  readonly network: boolean;
}

export interface ScheduleDocument {
  readonly jobId: string;
  readonly when: When;
  readonly target: Target;
  readonly jitter: string | null;
  readonly active: { readonly from: string | null; readonly until: string | null };
  readonly window: string | null;
  readonly skipDates: readonly string[];
  readonly maxConcurrent: boolean;
  readonly require: Require;
  readonly retry: { readonly max: number; readonly backoff: string } | null;
  readonly tz: 'local' | 'utc';
  readonly startingDeadline: string | null;
  readonly rollout: boolean;
}

/** For which PCs, by whom and whether at all: what is asked of a document first. */
export interface ScheduleHead {
  readonly runsOn: 'backend' | 'agent';
  readonly enabled: boolean;
  /** null: it can't be read. */
  readonly target: Target | null;
}

/** Reads what is asked first. Not an object, or `runs_on` or `enabled` not readable: nobody knows whether it is ours. */
export function decodeScheduleHead(body: Uint8Array): Decoded<'head', ScheduleHead> {
  return decodeObject(body, 'head', (fields) => ({
    runsOn: fields.has('runs_on') ? fields.oneOf('runs_on', ['backend', 'agent']) : 'backend',
    enabled: fields.has('enabled') ? fields.boolean('enabled') : true,
    target: fields.aside(readTarget).value,
  }));
}

export function decodeSchedule(body: Uint8Array): Decoded<'schedule', ScheduleDocument> {
  return decodeObject(body, 'schedule', (fields) => {
    const constraints = objectOr(fields, 'constraints', readConstraints, NO_CONSTRAINTS);
    return {
      jobId: fields.string('job_id'),
      when: readWhen(fields),
      target: readTarget(fields),
      jitter: fields.nullableString('jitter'),
      active: objectOr(fields, 'active', readActive, { from: null, until: null }),
      ...constraints,
      retry: objectOr(fields, 'on_failure', (inside) => objectOr(inside, 'retry', readRetry, null), null),
      tz: fields.has('tz') ? fields.oneOf('tz', ['local', 'utc']) : 'local',
      startingDeadline: fields.nullableString('starting_deadline'),
      rollout: !fields.isNone('rollout'),
    };
  });
}

function objectOr<T>(fields: FieldReader, name: string, read: (fields: FieldReader) => T, otherwise: T): T {
  return fields.isNone(name) ? otherwise : fields.object(name, read);
}

function readTarget(fields: FieldReader): Target {
  return objectOr(
    fields,
    'target',
    (target) => ({
      all: target.nullableBoolean('all') ?? false,
      pcs: target.nullableStrings('pcs') ?? [],
      groups: target.nullableStrings('groups') ?? [],
    }),
    { all: false, pcs: [], groups: [] },
  );
}

function readWhen(fields: FieldReader): When {
  if (!fields.has('when')) return readCronWhen(fields);
  return fields.object('when', (when) => {
    if (when.has('calendar')) {
      return when.object('calendar', (calendar) => ({
        kind: 'calendar',
        at: calendar.string('at'),
        days: calendar.nullableStrings('days') ?? [],
      }));
    }
    if (when.has('on')) return { kind: 'on', triggers: when.choices('on', TRIGGERS) };
    // A hand-written `per_target` means on one PC what `per_pc` does.
    return readPerPc(when, when.has('per_target') ? 'per_target' : 'per_pc');
  });
}

function readCronWhen(fields: FieldReader): When {
  const modes = ['every_tick', 'once_per_pc', 'once_per_target'] as const;
  const mode = fields.has('mode') ? fields.oneOf('mode', modes) : 'every_tick';
  return {
    kind: 'cron',
    expression: fields.string('cron'),
    once: mode !== 'every_tick',
    cooldown: fields.nullableString('cooldown'),
  };
}

function readPerPc(when: FieldReader, name: string): When {
  if (when.isText(name)) return { kind: 'per_pc', repeat: when.oneOf(name, ['once', 'once_per_version']) };
  return when.object(name, (repeat) => ({ kind: 'per_pc', repeat: 'every', every: repeat.string('every') }));
}

function readActive(fields: FieldReader): ScheduleDocument['active'] {
  return { from: fields.nullableString('from'), until: fields.nullableString('until') };
}

type Constraints = Pick<ScheduleDocument, 'window' | 'skipDates' | 'maxConcurrent' | 'require'>;

const NOTHING_REQUIRED: Require = { acPower: false, idle: null, cpuBelow: null, network: false };
const NO_CONSTRAINTS: Constraints = { window: null, skipDates: [], maxConcurrent: false, require: NOTHING_REQUIRED };

function readConstraints(fields: FieldReader): Constraints {
  return {
    window: fields.nullableString('window'),
    skipDates: fields.nullableStrings('skip_dates') ?? [],
    maxConcurrent: !fields.isNone('max_concurrent'),
    require: objectOr(
      fields,
      'require',
      (require) => ({
        acPower: require.nullableBoolean('ac_power') ?? false,
        idle: require.nullableString('idle'),
        cpuBelow: require.nullableNumber('cpu_below'),
        network: require.nullableBoolean('network') ?? false,
      }),
      NOTHING_REQUIRED,
    ),
  };
}

function readRetry(fields: FieldReader): ScheduleDocument['retry'] {
  return { max: fields.integer('max', 1, 10), backoff: fields.string('backoff') };
}
