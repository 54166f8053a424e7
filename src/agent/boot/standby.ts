/**
 * An agent that can't work yet, or not now: it stays up, shows the state that holds it up over its local socket, and checks
 * again and again whether it can go on (architecture §4). Nothing but that state is shown, since nothing else is known for sure.
 */
import { systemClock } from '../../base/clock.ts';
import { type Logger, silentLogger } from '../../base/logger.ts';
import { sleep } from '../../base/sleep.ts';
import { WatchedCell } from '../../base/watched.ts';
import { hostFacts } from '../../platform/host-facts.ts';
import type { Hosting } from '../../shared/states.ts';
import type { BootConfig, ShownSettings } from '../config/boot-config.ts';
import type { ConfigProblem } from '../config/problem.ts';
import { serveAccounts } from '../runtime/local-socket.ts';
import { configPorts, shownPorts } from '../runtime/status-ports.ts';
import { onStopRequest } from '../runtime/stop-requests.ts';
import type { StatusPorts } from '../status/ports.ts';
import { Store } from '../store/store.ts';

/** What holds us up. */
export interface Blocker {
  readonly state: 'not_set_up' | 'config_invalid' | 'not_trusted' | 'elsewhere' | 'original_running';
  readonly problems: readonly ConfigProblem[];
}

export type ReadinessCheck<T> =
  | { readonly kind: 'clear'; readonly value: T }
  | { readonly kind: 'held_up'; readonly by: Blocker };

export interface WaitOptions {
  readonly startedAs: Hosting;
  /** `<data>/kanade-tray`, where clients look for the socket. No other process may serve one there. */
  readonly directory: string;
  /** All of them, or what can be read of them now; null: nothing can. */
  readonly settings: () => BootConfig | ShownSettings | null;
  readonly hostSecret: Uint8Array | null;
  readonly version: string;
  readonly pollEveryMs: number;
  readonly log: Logger;
}

/** Shows what holds us up until `check` says that the way is clear; null: asked to stop before. */
export async function waitUntilClear<T>(
  first: Blocker,
  check: () => ReadinessCheck<T> | Promise<ReadinessCheck<T>>,
  options: WaitOptions,
): Promise<T | null> {
  const stopping = new AbortController();
  const stop = () => stopping.abort(new Error('stopping'));
  const listening = onStopRequest(stop);
  const cell = new WatchedCell(agentIn(first));
  const { directory, hostSecret, log } = options;
  const serving = serveAccounts(emptyPorts(options, cell, stop), directory, hostSecret, log);
  try {
    for (let shown = first; ; ) {
      await sleep(options.pollEveryMs, stopping.signal);
      const found = await check();
      if (found.kind === 'clear') return found.value;
      if (found.by !== shown) cell.set(agentIn(found.by));
      shown = found.by;
    }
  } catch (error) {
    if (stopping.signal.aborted) return null;
    throw error;
  } finally {
    listening();
    await serving.close();
  }
}

type AgentCell = StatusPorts['cells']['agent'];

function agentIn({ state, problems }: Blocker): AgentCell['value'] {
  return { state, sinceMs: systemClock.nowMs(), problems };
}

/** An agent that knows nothing yet but its own state, and its settings where they can be read. */
function emptyPorts(options: WaitOptions, agent: AgentCell, stop: () => void): StatusPorts {
  const { startedAs, version, settings, log, directory } = options;
  const retention = { historyDays: 0, historyMaxBytes: 0 };
  const store = Store.unusable({ directory, retention, clock: systemClock, log: silentLogger }, 'read_only');
  const sinceMs = systemClock.nowMs();
  const { hostname } = hostFacts();
  return {
    clock: systemClock,
    log,
    cells: {
      agent,
      connection: new WatchedCell({ state: 'starting', sinceMs, lastGoodAtMs: null, server: null, why: null }),
      groups: new WatchedCell<ReadonlySet<string> | null>(null),
      update: new WatchedCell({ state: 'none', installed: version, wanted: null, reason: null, release: null }),
      restartRequired: new WatchedCell(false),
      store: new WatchedCell({ state: 'ok', readable: false }),
      disk: new WatchedCell({ ok: true, freeBytes: null, neededBytes: null }),
      secondAgentSeen: new WatchedCell(false),
      forbidden: new WatchedCell<readonly string[]>([]),
      undelivered: new WatchedCell(null),
      clockStep: new WatchedCell(null),
      logFailure: new WatchedCell(null),
      commits: store.commits,
      schedules: new WatchedCell({ count: 0, notUnderstood: 0, nextAtMs: null, frozen: false }),
    },
    history: store.history,
    command: () => undefined,
    tail: () => undefined,
    outbox: store.outbox,
    failures: store.failures,
    linkSpans: () => [],
    logEnd: async () => ({ kind: 'none' }),
    counters: store.counters,
    audit: store.audit,
    showOutput: () => 0,
    // Wrong codes are counted in the store of the agent that works, so here there is no code to be tried.
    helpdeskCode: { isSet: () => false, matches: async () => false },
    identity: () => ({ pcId: pcIdIn(settings()), hostname, agentVersion: version, hosting: startedAs }),
    versions: () => [],
    undone: () => [],
    scheduleUpdate: null,
    schedules: () => [],
    ...settingsPorts(settings, log),
    drain: stop,
    stop,
    setLogLevel: () => {},
  };
}

type SettingsPorts = ReturnType<typeof configPorts>;

/** What the settings say now: a file that is put right in part is read again. */
function settingsPorts(settings: WaitOptions['settings'], log: Logger): SettingsPorts {
  let last: { readonly of: ReturnType<typeof settings>; readonly ports: SettingsPorts } | null = null;
  const now = () => {
    const found = settings();
    if (last === null || last.of !== found) last = { of: found, ports: portsOf(found, log) };
    return last.ports;
  };
  return {
    settings: () => now().settings(),
    support: () => now().support(),
    about: () => now().about(),
    ui: () => now().ui(),
  };
}

function portsOf(settings: BootConfig | ShownSettings | null, log: Logger): SettingsPorts {
  if (settings !== null && 'agent' in settings) return configPorts(settings, log);
  return shownPorts(settings, log);
}

function pcIdIn(settings: BootConfig | ShownSettings | null): string | null {
  if (settings === null) return null;
  return 'agent' in settings ? settings.agent.id : settings.pcId;
}
