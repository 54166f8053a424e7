/**
 * What the fleet wants to be fired here: its schedules for agents, the jobs that they name, and whether it holds all of them back.
 * Live, and the same again from the store while there is no broker. One document that can't be read is a note beside the others;
 * it never takes the watch along, and never leaves what it said before in force (D28, D30).
 */
import { drop } from '../../base/drop.ts';
import { errorText, type Logger } from '../../base/logger.ts';
import type { Binding, Bus, KvWatchHandlers } from '../bus/bus.ts';
import { snapshotThenChanges } from '../bus/kv-snapshot.ts';
import type { Store } from '../store/store.ts';
import { decodeFreeze } from '../wire/freeze.ts';
import { decodeJob } from '../wire/job.ts';
import { decodeScheduleHead, type Target } from '../wire/schedule.ts';
import { isKvKey } from '../wire/subjects.ts';
import { isWithin, readBound } from './bounds.ts';
import { readPlan } from './plan.ts';
import type { JobState, Period, Read } from './types.ts';

const SCHEDULES = 'schedules';
const JOBS = 'jobs';
const FLEET = 'fleet_config';
const FREEZE = 'freeze';

/** A schedule for agents that is switched on. */
export interface Entry {
  readonly id: string;
  /** null: that too can't be read, and the note is for everybody. */
  readonly target: Target | null;
  readonly read: Read;
  /** The document. */
  readonly body: Uint8Array;
}

export interface BookOptions {
  readonly bus: Bus;
  readonly store: Pick<Store, 'kvCache' | 'timeline' | 'scheduleRuns' | 'completions'>;
  readonly log: Logger;
  /** Something that all schedules depend on has changed. */
  readonly onChange: () => void;
  /** The job of this id has, and nothing else. */
  readonly onJob: (id: string) => void;
  /** All schedules have been read again: at the start, after a connect, and now and then. */
  readonly onReload: () => void;
}

/** Not frozen; frozen without an end that could be read; or in a time that its document names. */
type Freeze = 'no' | 'yes' | { readonly period: Period; readonly zone: 'local' | 'utc' };

export class Book {
  readonly #options: BookOptions;
  readonly #entries = new Map<string, Entry>();
  readonly #jobs = new Map<string, { readonly state: JobState; readonly body: Uint8Array | null }>();
  #freeze: Freeze = 'no';
  readonly #bindings: Binding[] = [];
  #jobWatch: { readonly keys: string; readonly binding: Binding } | null = null;

  constructor(options: BookOptions) {
    this.#options = options;
    const { kvCache } = options.store;
    try {
      // All of it or nothing: without the freeze nobody knows whether any of them may be fired.
      const freeze = kvCache.get(FLEET, FREEZE)?.value ?? null;
      const jobs = kvCache.all(JOBS);
      for (const [key, { value }] of kvCache.all(SCHEDULES)) this.#putSchedule(key, value);
      for (const [key, { value }] of jobs) this.#jobs.set(key, { state: jobOf(key, value), body: value });
      this.#freeze = freezeOf(freeze);
    } catch (error) {
      // A store that can't be read at present; the broker tells it all once more.
      options.log.warn('the schedules of before could not be read', { error: errorText(error) });
    }
  }

  start(): void {
    const { bus } = this.#options;
    this.#bindings.push(bus.kvWatch(SCHEDULES, ['>'], this.#scheduleHandlers()));
    this.#bindings.push(bus.kvWatch(FLEET, [FREEZE], this.#freezeHandlers()));
    this.#followJobs();
  }

  close(): void {
    for (const binding of this.#bindings) binding.close();
    this.#jobWatch?.binding.close();
  }

  /** Every schedule for agents that is switched on, whoever it is for. */
  get entries(): ReadonlyMap<string, Entry> {
    return this.#entries;
  }

  job(id: string): JobState {
    return this.#jobs.get(id)?.state ?? MISSING;
  }

  /** `zone`: that of this PC. */
  isFrozen(nowMs: number, zone: string): boolean {
    if (typeof this.#freeze === 'string') return this.#freeze === 'yes';
    return isWithin(this.#freeze.period, nowMs, this.#freeze.zone === 'utc' ? 'UTC' : zone);
  }

  #changed(): void {
    this.#followJobs();
    this.#options.onChange();
  }

  #scheduleHandlers(): KvWatchHandlers {
    return snapshotThenChanges({
      change: ({ key, value, revision }, live) => {
        const ours = this.#putSchedule(key, value);
        this.#remember(SCHEDULES, key, ours ? value : null, revision);
        if (value === null) this.#forget([key]);
        if (live) this.#changed();
      },
      whole: (present) => {
        const gone = [...this.#entries.keys()].filter((key) => !present.has(key));
        for (const key of gone) {
          this.#entries.delete(key);
          this.#remember(SCHEDULES, key, null, 0);
        }
        this.#forget(this.#options.store.scheduleRuns.known().filter((key) => !present.has(key)));
        drop(this.#options.store.completions.prune(), this.#options.log, 'forgetting old completions');
        this.#changed();
        this.#options.onReload();
      },
    });
  }

  /** Whether it is one for agents. One of which that can't be told may be. */
  #putSchedule(key: string, value: Uint8Array | null): boolean {
    const entry = value === null ? null : entryOf(key, value);
    if (entry === null) {
      this.#entries.delete(key);
      return false;
    }
    const known = this.#entries.get(key);
    // The same one again, at the beginning of a watch: it keeps its place in time.
    if (known !== undefined && isSameBody(known.body, entry.body)) return true;
    if (!entry.read.ok)
      this.#options.log.warn('a schedule is not understood, and skipped', { key, why: entry.read.why });
    this.#entries.set(key, entry);
    return true;
  }

  #forget(ids: readonly string[]): void {
    for (const id of ids) drop(this.#options.store.scheduleRuns.forget(id), this.#options.log, 'forgetting a schedule');
  }

  /** Only the jobs that are needed are watched: all the scripts of a fleet are much to send to every PC. */
  #followJobs(): void {
    if (this.#bindings.length === 0) return;
    const wanted = new Set<string>();
    for (const { read } of this.#entries.values()) if (read.ok && isKvKey(read.plan.jobId)) wanted.add(read.plan.jobId);
    const ids = [...wanted].sort();
    const keys = ids.join(' ');
    if (this.#jobWatch?.keys === keys) return;
    this.#jobWatch?.binding.close();
    this.#jobWatch = null;
    for (const id of this.#jobs.keys()) {
      if (wanted.has(id)) continue;
      this.#jobs.delete(id);
      drop(this.#options.store.kvCache.forget(JOBS, id), this.#options.log, 'forgetting a job');
    }
    if (ids.length > 0)
      this.#jobWatch = { keys, binding: this.#options.bus.kvWatch(JOBS, ids, this.#jobHandlers(wanted)) };
  }

  #jobHandlers(wanted: ReadonlySet<string>): KvWatchHandlers {
    const put = (key: string, value: Uint8Array | null, revision: number) => {
      this.#remember(JOBS, key, value, revision);
      const known = this.#jobs.get(key)?.body ?? null;
      // All of them come again with each connect.
      if (isSameBody(known, value)) return;
      const state = jobOf(key, value);
      if (state.kind === 'unreadable')
        this.#options.log.warn('a job can not be read, and is not run', { key, why: state.why });
      this.#jobs.set(key, { state, body: value });
      this.#options.onJob(key);
    };
    return snapshotThenChanges({
      change: ({ key, value, revision }) => {
        // A server that takes no list of keys sends all of them.
        if (wanted.has(key)) put(key, value, revision);
      },
      whole: (present) => {
        for (const id of wanted) if (!present.has(id) && this.job(id).kind !== 'missing') put(id, null, 0);
      },
    });
  }

  #freezeHandlers(): KvWatchHandlers {
    const put = (value: Uint8Array | null, revision: number) => {
      this.#freeze = freezeOf(value);
      this.#remember(FLEET, FREEZE, value, revision);
      this.#options.onChange();
    };
    return snapshotThenChanges({
      change: ({ value, revision }) => put(value, revision),
      whole: (present, valueless) => {
        if (present.size === 0 && this.#freeze !== 'no') put(null, 0);
        // A freeze may have stood there before what is no value: as one that can't be read.
        if (valueless.has(FREEZE) && this.#freeze === 'no') {
          this.#freeze = 'yes';
          this.#options.onChange();
        }
      },
    });
  }

  /** null: the key is not there, or nothing of ours. */
  #remember(bucket: string, key: string, value: Uint8Array | null, revision: number): void {
    const { kvCache, timeline } = this.#options.store;
    const stored =
      value === null
        ? kvCache.forget(bucket, key)
        : kvCache.putChanged(bucket, key, { value, revision, read: timeline.now() });
    drop(stored, this.#options.log, 'remembering a broker key');
  }
}

const MISSING: JobState = { kind: 'missing' };

function isSameBody(one: Uint8Array | null, other: Uint8Array | null): boolean {
  return one === null || other === null ? one === other : Buffer.compare(one, other) === 0;
}

function entryOf(id: string, body: Uint8Array): Entry | null {
  const decoded = decodeScheduleHead(body);
  if (!decoded.ok) return { id, body, target: null, read: { ok: false, why: decoded.error } };
  const { runsOn, enabled, target } = decoded.head;
  if (runsOn !== 'agent' || !enabled) return null;
  return { id, body, target, read: readPlan(id, body) };
}

/** Another job below this key is one that somebody has had copied there. */
function jobOf(key: string, value: Uint8Array | null): JobState {
  if (value === null) return MISSING;
  const decoded = decodeJob(value);
  if (decoded.ok && decoded.job.id !== key) return { kind: 'unreadable', why: `it is the job ${decoded.job.id}` };
  return decoded.ok ? { kind: 'known', job: decoded.job } : { kind: 'unreadable', why: decoded.error };
}

/** What can't be read holds everything back (protocol §6.6). */
function freezeOf(value: Uint8Array | null): Freeze {
  if (value === null) return 'no';
  const decoded = decodeFreeze(value);
  if (!decoded.ok) return 'yes';
  const [from, until] = [readBound(decoded.freeze.from), readBound(decoded.freeze.until)];
  if (from === undefined || until === undefined) return 'yes';
  return { period: { from, until }, zone: decoded.freeze.tz };
}
