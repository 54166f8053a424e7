/** The schedules of one PC on a real store, with a broker in memory and a clock that only the test moves. */
import { onTestFinished } from 'vitest';
import type { KvWatchHandlers } from '../../src/agent/bus/bus.ts';
import { Book } from '../../src/agent/schedules/book.ts';
import { Refusals } from '../../src/agent/schedules/refusals.ts';
import { Scheduler } from '../../src/agent/schedules/scheduler.ts';
import type { Condition, Conditions, Requirements } from '../../src/agent/schedules/types.ts';
import { scheduleRows } from '../../src/agent/schedules/view.ts';
import type { Store } from '../../src/agent/store/store.ts';
import { type Command, decodeCommand } from '../../src/agent/wire/command.ts';
import type { Trigger } from '../../src/agent/wire/schedule.ts';
import type { Clock } from '../../src/base/clock.ts';
import { silentLogger } from '../../src/base/logger.ts';
import type { RunId } from '../../src/shared/ids.ts';
import { FakeBus } from './fake-bus.ts';
import { runIdOf } from './ids.ts';
import { ending, testStore } from './store.ts';
import { tempDir } from './temp.ts';

/** A Monday. */
export const START = Date.parse('2026-11-30T07:00:00.200Z');

export class ManualClock implements Clock {
  ms: number;
  up: number;

  constructor(ms = START, up = 3_600_000) {
    this.ms = ms;
    this.up = up;
  }

  nowMs(): number {
    return this.ms;
  }
  nowNs(): bigint {
    return BigInt(this.ms) * 1_000_000n;
  }
  monotonicMs(): number {
    return this.up;
  }
  upMs(): number {
    return this.up;
  }

  advance(ms: number): void {
    this.ms += ms;
    this.up += ms;
  }
}

export const JOB = {
  id: 'clean',
  version: '1.0.0',
  description: 'Disk clean-up\nmore',
  execute: { shell: 'sh', script: 'echo hi', timeout: '30s', run_as: 'system' },
  staleness: { mode: 'cached' },
};

export interface RigOptions {
  readonly directory?: string;
  readonly clock?: ManualClock;
  readonly groups?: readonly string[];
  readonly zone?: string;
  readonly triggers?: readonly Trigger[];
  readonly cpuPercent?: number;
  /** What this PC tells of itself beside its load; absent: nothing. */
  readonly tells?: readonly Condition[];
  readonly conditions?: Partial<Conditions>;
}

export function scheduleRig(options: RigOptions = {}) {
  const { directory = tempDir(), clock = new ManualClock() } = options;
  const store: Store = testStore(directory, clock);
  const bus = new FakeBus();
  const fired: { readonly run: RunId; readonly command: Command }[] = [];
  const state = {
    groups: options.groups === undefined ? null : new Set(options.groups),
    zone: options.zone ?? 'Asia/Tokyo',
    scriptsEnabled: true,
    cpuPercent: options.cpuPercent ?? null,
    /** What has to happen before the PC tells what is required. */
    answers: Promise.resolve() as Promise<void>,
    conditions: {
      acPower: null,
      idleMs: null,
      network: null,
      ...options.conditions,
    } satisfies Conditions as Conditions,
  };
  const asked: Requirements[] = [];
  const book = new Book({
    bus,
    store,
    log: silentLogger,
    onChange: () => scheduler.refresh(),
    onJob: (id) => scheduler.jobChanged(id),
    onReload: () => scheduler.reloaded(),
  });
  const base = { pcId: 'PC-1', store, serverNowMs: () => null, clock, log: silentLogger };
  const scheduler: Scheduler = new Scheduler({
    ...base,
    book,
    groups: () => state.groups,
    scriptsEnabled: () => state.scriptsEnabled,
    cpuPercent: () => state.cpuPercent,
    zone: () => state.zone,
    checkZone: () => {},
    senses: { triggers: new Set(options.triggers ?? []), conditions: new Set(options.tells ?? []) },
    conditions: async (require) => {
      asked.push(require);
      await state.answers;
      return state.conditions;
    },
    refusals: new Refusals({ ...base, platform: 'linux', maxPayloadBytes: () => 1_000_000, onQueued: () => {} }),
    onAdmitted: (run, command) => fired.push({ run, command }),
  });
  book.start();
  onTestFinished(() => {
    book.close();
    scheduler.close();
  });
  let revision = 0;
  const handlers = (bucket: string): KvWatchHandlers => {
    const found = bus.watches.get(bucket);
    if (found === undefined) throw new Error(`${bucket} is not watched`);
    return found;
  };
  const put = (bucket: string, key: string, document: unknown) => {
    revision += 1;
    const text = typeof document === 'string' ? document : JSON.stringify(document);
    const value = document === null ? null : Buffer.from(text);
    handlers(bucket).change({ key, value, revision });
  };
  /** A watch that begins with these values. */
  const begin = (bucket: string, documents: Record<string, unknown>) => {
    handlers(bucket).begin();
    for (const [key, document] of Object.entries(documents)) put(bucket, key, document);
    handlers(bucket).current();
  };
  const schedule = (id: string, fields: object) =>
    put('schedules', id, { id, job_id: 'clean', runs_on: 'agent', target: { all: true }, ...fields });
  return {
    store,
    bus,
    scheduler,
    clock,
    fired,
    /** What was asked of the PC. */
    asked,
    state,
    put,
    begin,
    schedule,
    /** Schedules and their job are there, and firing has begun. */
    start(schedules: Record<string, object> = {}) {
      begin('schedules', {});
      for (const [id, fields] of Object.entries(schedules)) schedule(id, fields);
      if (bus.watches.has('jobs')) put('jobs', 'clean', JOB);
      scheduler.begin();
    },
    /** Lets time pass in steps of a second, and looks at each. */
    async pass(seconds: number, stepMs = 1_000): Promise<void> {
      for (let passedMs = 0; passedMs < seconds * 1_000; passedMs += stepMs) {
        clock.advance(stepMs);
        await scheduler.fireDue();
      }
    },
    /** The script of the newest run ends. */
    async end(exitCode = 0, run = runIdOf(fired.at(-1)?.run ?? 0)): Promise<void> {
      await store.runs.start(run, { startedAtMs: clock.ms, runAsUser: null, facts: null, event: null });
      const reason = exitCode === 0 ? 'DONE' : 'FAILED';
      await store.runs.finish(run, ending(`result ${run}`, { exitCode, reason, finishedAtMs: clock.ms }));
    },
    /** When each fire was for, as the time of its admission. */
    times: () =>
      fired.map(({ run }) => new Date(store.history.get(run)?.receivedAtMs ?? 0).toISOString().slice(11, 19)),
    rows: () =>
      scheduleRows({ book, scheduler, store, zone: () => state.zone, nowMs: () => clock.ms, platform: 'linux' }),
    row(id: string) {
      return this.rows().find(({ internals }) => internals.id === id);
    },
    commandOf: (run: RunId) => decodeCommand(store.inbox.body(run)),
    /** Everything that was handed to the store is in it. */
    settled: () => store.completions.record('-', '-', 0),
  };
}
