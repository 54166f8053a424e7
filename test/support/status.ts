/** Ports for the status server: a real store in a fresh directory, the rest as plain cells that a test moves. */
import { join } from 'node:path';
import type { ShowOutput, StatusCells, StatusPorts } from '../../src/agent/status/ports.ts';
import type { Arrival, Ending } from '../../src/agent/store/runs.ts';
import type { Store } from '../../src/agent/store/store.ts';
import type { OutputTail } from '../../src/agent/wire/live-tail.ts';
import type { Clock } from '../../src/base/clock.ts';
import { silentLogger } from '../../src/base/logger.ts';
import { WatchedCell } from '../../src/base/watched.ts';
import type { AboutFacts } from '../../src/shared/about-view.ts';
import type { ConfigProblem } from '../../src/shared/agent-status.ts';
import type { Setting } from '../../src/shared/contract.ts';
import type { LogEnd } from '../../src/shared/helpdesk-view.ts';
import type { RunId } from '../../src/shared/ids.ts';
import { DEFAULT_UI } from '../../src/shared/ui-settings.ts';
import { arrival, ending, testStore } from './store.ts';

/** A clock that stands still until it is moved. */
/** What About says of a PC with the settings that are built in. */
export const ABOUT: AboutFacts = {
  scripts: true,
  runAsSystem: 'system',
  runAsUser: true,
  readLog: true,
  signatures: 'off',
  commandKeys: [],
  commandKeysFault: false,
  inventory: true,
  priority: 'below_normal',
  maxParallel: 2,
  namesHidden: false,
  outputShown: 0,
  data: { directory: '/d', historyDays: 90, historyMaxMib: 1024, logDirectory: '/l', logDays: 14 },
};

export class ManualClock implements Clock {
  atMs = Date.UTC(2026, 10, 25, 12);

  nowMs = () => this.atMs;
  nowNs = () => BigInt(this.atMs) * 1_000_000n;
  monotonicMs = () => this.atMs;
  upMs = () => this.atMs;

  forward(ms: number): void {
    this.atMs += ms;
  }
}

type Cells = {
  -readonly [K in Exclude<keyof StatusCells, 'commits'>]: StatusCells[K] extends { value: infer V }
    ? WatchedCell<V>
    : never;
};

export interface StatusWorld {
  readonly ports: StatusPorts;
  readonly cells: Cells;
  readonly store: Store;
  readonly clock: ManualClock;
  /** What `drain`, `stop` and `setLogLevel` were asked for, in order. */
  readonly asked: string[];
  readonly tails: Map<number, OutputTail>;
  schedules: ReturnType<StatusPorts['schedules']>;
  logEnd: LogEnd;
  settings: Setting[];
  showOutput: ShowOutput;
  ui: NonNullable<ReturnType<StatusPorts['ui']>>;
  /** The helpdesk code; null: none is set. */
  /** This PC installs updates by itself, and the person may put them off. */
  takesUpdates: boolean;
  code: string | null;
}

export const PROBLEM: ConfigProblem = { file: '/etc/kanade/agent.toml', line: 3, key: 'agent.id', expected: 'an id' };

/** `dataDirectory` holds the store under `kanade-tray`, as on a real PC. */
export function statusWorld(dataDirectory: string, clock = new ManualClock()): StatusWorld {
  const store = testStore(join(dataDirectory, 'kanade-tray'), clock);
  let wish: number | null = null;
  const cells: Cells = {
    agent: new WatchedCell<Cells['agent']['value']>({ state: 'running', sinceMs: 1, problems: [] }),
    connection: new WatchedCell<Cells['connection']['value']>({
      state: 'connected',
      sinceMs: 2,
      lastGoodAtMs: 3,
      server: 'nats://it:4222',
      why: null,
    }),
    groups: new WatchedCell<ReadonlySet<string> | null>(new Set(['office'])),
    update: new WatchedCell<Cells['update']['value']>({
      state: 'none',
      installed: '0.1.0',
      wanted: null,
      reason: null,
      release: null,
    }),
    restartRequired: new WatchedCell(false),
    store: new WatchedCell<Cells['store']['value']>({ state: 'ok', readable: true }),
    disk: new WatchedCell<Cells['disk']['value']>({ ok: true, freeBytes: 1_000_000, neededBytes: 0 }),
    secondAgentSeen: new WatchedCell(false),
    forbidden: new WatchedCell<readonly string[]>([]),
    undelivered: new WatchedCell<Cells['undelivered']['value']>(null),
    clockStep: new WatchedCell<Cells['clockStep']['value']>(null),
    logFailure: new WatchedCell<Cells['logFailure']['value']>(null),
    schedules: new WatchedCell({
      count: 0,
      notUnderstood: 0,
      nextAtMs: null,
      frozen: false,
    } as Cells['schedules']['value']),
  };
  const asked: string[] = [];
  const tails = new Map<number, OutputTail>();
  const world: StatusWorld = {
    cells,
    store,
    clock,
    asked,
    tails,
    schedules: [],
    logEnd: { kind: 'none' },
    settings: [aSetting('agent.id', { means: { kind: 'text', text: 'PC-1' }, value: 'PC-1' })],
    showOutput: 0,
    ui: { ...DEFAULT_UI, hideCommandNames: false },
    code: null,
    takesUpdates: false,
    ports: {
      clock,
      log: silentLogger,
      cells: { ...cells, commits: store.commits },
      history: store.history,
      command: (run) => {
        const body = store.history.command(run);
        return body === undefined ? undefined : { script: Buffer.from(body).toString(), deadlineAtMs: 99 };
      },
      tail: (run) => tails.get(run),
      outbox: store.outbox,
      failures: store.failures,
      linkSpans: (fromMs, limit) => store.linkStates.list(fromMs, limit),
      logEnd: () => Promise.resolve(world.logEnd),
      counters: store.counters,
      audit: store.audit,
      identity: () => ({ pcId: 'PC-1', hostname: 'pc-1', agentVersion: '0.1.0', hosting: 'service' }),
      showOutput: () => world.showOutput,
      helpdeskCode: {
        isSet: () => world.code !== null,
        matches: (code) => Promise.resolve(code === world.code),
      },
      settings: () => world.settings,
      support: () => ({ phone: '03-1', mail: null, url: null, text: null, hardware: null }),
      ui: () => world.ui,
      schedules: () => world.schedules,
      versions: (limit) => store.versions.list(limit),
      undone: () => [],
      get scheduleUpdate() {
        if (!world.takesUpdates) return null;
        return async (notBeforeMs: number | null) => {
          asked.push(`update ${notBeforeMs ?? 'now'}`);
          if (notBeforeMs === wish) return 'unchanged';
          wish = notBeforeMs;
          return 'taken';
        };
      },
      about: () => ABOUT,
      drain: () => void asked.push('drain'),
      stop: () => void asked.push('stop'),
      setLogLevel: (level) => void asked.push(`level ${level}`),
    },
  };
  return world;
}

export const CODE = 'open sesame';

/** One from a file, that is not what is built in. */
export function aSetting(key: string, more: Partial<Setting> = {}): Setting {
  return {
    key,
    value: null,
    source: 'agent.toml',
    place: 'a.toml:3',
    locked: false,
    about: null,
    means: { kind: 'none' },
    builtIn: { kind: 'none' },
    changed: true,
    ...more,
  };
}

/** Records a run that has ended, and returns its number and result id. */
export async function endedRun(
  store: Store,
  requestId: string,
  more: { arrival?: Partial<Arrival>; ending?: Partial<Ending>; user?: string } = {},
): Promise<{ run: RunId; resultId: string }> {
  const admission = await store.runs.admit(arrival(requestId, `script of ${requestId}`, more.arrival));
  if (admission.kind !== 'admitted') throw new Error(admission.kind);
  const { run, resultId } = admission;
  await store.runs.start(run, {
    startedAtMs: more.ending?.startedAtMs ?? 2_000,
    runAsUser: more.user ?? null,
    facts: null,
    event: null,
  });
  await store.runs.finish(run, ending(resultId, more.ending));
  return { run, resultId };
}
