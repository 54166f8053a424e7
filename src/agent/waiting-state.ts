/**
 * An agent that can't work yet, or not now: it stays up, shows the state that holds it up over its local socket, and looks
 * again and again whether it can go on (architecture §4). Nothing but that state is shown, since nothing else is known for sure.
 */

import type { StartedAs } from '../shared/directories.ts';
import { DEFAULT_UI } from '../shared/ui-settings.ts';
import { systemClock } from './base/clock.ts';
import { type Logger, silentLogger } from './base/logger.ts';
import { sleep } from './base/sleep.ts';
import { WatchedCell } from './base/watched.ts';
import type { BootConfig } from './config/boot-config.ts';
import type { ConfigFault } from './config/fault.ts';
import { SETTINGS } from './config/settings.ts';
import { serveAccounts } from './local-socket.ts';
import { hostFacts } from './os/host-facts.ts';
import type { StatusPorts } from './status/ports.ts';
import { configPorts } from './status-ports.ts';
import { onStopRequest } from './stop-requests.ts';
import { Store } from './store/store.ts';

/** What holds us up. */
export interface Obstacle {
  readonly state: 'not_set_up' | 'config_invalid' | 'not_trusted' | 'elsewhere' | 'original_running';
  readonly faults: readonly ConfigFault[];
}

export type Look<T> =
  | { readonly kind: 'clear'; readonly value: T }
  | { readonly kind: 'held_up'; readonly by: Obstacle };

export interface WaitOptions {
  readonly startedAs: StartedAs;
  /** `<data>/kanade-tray`, where clients look for the socket. No other process may serve one there. */
  readonly directory: string;
  /** null: it can't be read. */
  readonly config: BootConfig | null;
  readonly hostSecret: Uint8Array | null;
  readonly version: string;
  readonly lookEveryMs: number;
  readonly log: Logger;
}

/** Shows what holds us up until `look` says that the way is clear; null: asked to stop before. */
export async function waitUntilClear<T>(
  first: Obstacle,
  look: () => Look<T> | Promise<Look<T>>,
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
      await sleep(options.lookEveryMs, stopping.signal);
      const found = await look();
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

function agentIn({ state, faults }: Obstacle): AgentCell['value'] {
  return { state, sinceMs: systemClock.nowMs(), faults };
}

/** An agent that knows nothing yet but its own state, and its settings where they can be read. */
function emptyPorts(options: WaitOptions, agent: AgentCell, stop: () => void): StatusPorts {
  const { startedAs, version, config, log, directory } = options;
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
      update: new WatchedCell({ state: 'none', installed: version, wanted: null }),
      restartRequired: new WatchedCell(false),
      store: new WatchedCell({ state: 'ok', readable: false }),
      disk: new WatchedCell({ ok: true, freeBytes: null, neededBytes: null }),
      secondAgentSeen: new WatchedCell(false),
      forbidden: new WatchedCell<readonly string[]>([]),
      undelivered: new WatchedCell(null),
      clockStep: new WatchedCell(null),
      logFault: new WatchedCell(null),
      commits: store.commits,
    },
    history: store.history,
    command: () => undefined,
    tail: () => undefined,
    outbox: { counts: () => store.outbox.counts(), resend: async () => false },
    counters: store.counters,
    audit: store.audit,
    showOutput: () => 0,
    // Wrong codes are counted in the store of the agent that works, so here there is no code to be tried.
    helpdeskCode: { isSet: () => false, matches: async () => false },
    identity: () => ({ pcId: config?.agent.id ?? null, hostname, agentVersion: version, hosting: startedAs }),
    versions: () => [],
    ...(config === null ? WITHOUT_SETTINGS : configPorts(config, log)),
    drain: stop,
    stop,
    setLogLevel: () => {},
  };
}

const WITHOUT_SETTINGS: ReturnType<typeof configPorts> = {
  settings: () => [],
  support: () => ({ phone: null, mail: null, url: null, text: null, hardware: null }),
  // The built-in ones count.
  ui: () => ({ ...DEFAULT_UI, hideCommandNames: SETTINGS['ui.hide_command_names'].default }),
  about: () => ({
    scripts: false,
    runAsSystem: 'no',
    runAsUser: false,
    readLog: false,
    signatures: 'off',
    commandKeys: [],
    commandKeysFault: false,
    inventory: false,
    outputShown: 0,
    data: { directory: '', historyDays: 0, historyMaxMib: 0, logDirectory: null, logDays: 0 },
  }),
};
