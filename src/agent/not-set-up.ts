/**
 * Settings that are missing or faulty, under a service manager or a tray: not the end, but a state that is shown with
 * file, line and key. The files are read again when they change (design §4).
 */

import { statSync } from 'node:fs';
import { homedir } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { systemClock } from './base/clock.ts';
import { type Logger, lineLogger } from './base/logger.ts';
import { WatchedCell } from './base/watched.ts';
import type { Loaded } from './config/load.ts';
import { EXIT } from './exit-codes.ts';
import { directoriesOf } from './os/directories.ts';
import { endpointGuard } from './os/endpoint-acl.ts';
import { hostFacts } from './os/host-facts.ts';
import type { StatusPorts } from './status/ports.ts';
import { serveStatus } from './status/serve.ts';
import { Store } from './store/store.ts';

type Usable = Extract<Loaded, { ok: true }>;
type Faulty = Extract<Loaded, { ok: false }>;

/** How often the files are looked at; a change on a network share sends no event. */
const LOOK_EVERY_MS = 2_000;

export interface WaitOptions {
  readonly loaded: Faulty;
  readonly startedAs: 'tray' | 'service';
  readonly hostSecret: Uint8Array | null;
  readonly reload: () => Loaded;
  readonly version: string;
}

/** Serves the state until the settings are usable (then they are returned) or it is asked to stop (an exit code). */
export async function waitForSettings(options: WaitOptions): Promise<Usable | number> {
  const log = lineLogger(
    (line) => process.stdout.write(`${line}\n`),
    () => 'info',
  );
  const stopping = new AbortController();
  const stop = () => stopping.abort(new Error('stopping'));
  for (const signal of SIGNALS) process.once(signal, stop);
  let faulty = options.loaded;
  log.error('the settings can not be used', { state: faulty.state, faults: faulty.message });
  const cell = new WatchedCell(agentOf(faulty));
  const server = await serve(options, cell, stop, log);
  try {
    for (let seen = stamps(faulty.files); ; ) {
      await delay(LOOK_EVERY_MS, undefined, { signal: stopping.signal }).catch(() => {});
      if (stopping.signal.aborted) return EXIT.stopped;
      const now = stamps(faulty.files);
      if (now === seen) continue;
      seen = now;
      const loaded = options.reload();
      if (loaded.ok) return loaded;
      faulty = loaded;
      log.error('the settings can still not be used', { state: faulty.state, faults: faulty.message });
      cell.set(agentOf(faulty));
    }
  } finally {
    for (const signal of SIGNALS) process.removeListener(signal, stop);
    await server?.close();
  }
}

const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;

function agentOf({ state, faults }: Faulty): StatusPorts['cells']['agent']['value'] {
  return { state, sinceMs: systemClock.nowMs(), faults };
}

/** Changes whenever one of the files does, or appears. */
function stamps(files: readonly string[]): string {
  return files.map((file) => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 'none').join('|');
}

async function serve(
  { startedAs, hostSecret, version }: WaitOptions,
  agent: WatchedCell<StatusPorts['cells']['agent']['value']>,
  stop: () => void,
  log: Logger,
) {
  const { env, platform } = process;
  const { own } = directoriesOf({ startedAs, platform, env, cwd: process.cwd(), home: homedir() });
  const retention = { historyDays: 0, historyMaxBytes: 0 };
  const store = Store.unusable({ directory: own, retention, clock: systemClock, log }, 'read_only');
  const serving = await serveStatus({
    ports: emptyPorts(store, agent, { startedAs, version }, stop, log),
    directory: own,
    guard: await endpointGuard(),
    accounts: new WatchedCell<readonly string[]>([]),
    hostSecret,
    env,
    runDirectory: '/run',
  });
  if (serving.kind === 'serving') return serving.server;
  log.error('the local socket can not be served', { why: serving.why });
  return null;
}

/** An agent that knows nothing yet but its own state. */
function emptyPorts(
  store: Store,
  agent: WatchedCell<StatusPorts['cells']['agent']['value']>,
  { startedAs, version }: { startedAs: 'tray' | 'service'; version: string },
  stop: () => void,
  log: Logger,
): StatusPorts {
  const sinceMs = systemClock.nowMs();
  return {
    clock: systemClock,
    log,
    cells: {
      agent,
      connection: new WatchedCell({ state: 'starting', sinceMs, lastGoodAtMs: null, server: null, why: null }),
      groups: new WatchedCell<ReadonlySet<string> | null>(null),
      update: new WatchedCell({ state: 'none', installed: version, wanted: null }),
      restartRequired: new WatchedCell(false),
      store: new WatchedCell('ok'),
      disk: new WatchedCell({ ok: true, freeBytes: null }),
      secondAgentSeen: new WatchedCell(false),
      commits: store.commits,
    },
    history: store.history,
    command: () => undefined,
    tail: () => undefined,
    outbox: { counts: () => store.outbox.counts(), resend: async () => false },
    counters: store.counters,
    audit: store.audit,
    identity: () => ({ pcId: null, hostname: hostFacts().hostname, agentVersion: version, hosting: startedAs }),
    showOutput: () => 0,
    helpdeskCode: { isSet: () => false, matches: async () => false },
    settings: () => [],
    support: () => ({ brandName: null, phone: null, mail: null, url: null, text: null }),
    about: () => ({
      scripts: false,
      runAsSystem: 'no',
      runAsUser: false,
      readLog: false,
      signatures: 'off',
      commandKeys: [],
    }),
    drain: stop,
    stop,
    setLogLevel: () => {},
  };
}
