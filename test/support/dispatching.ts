/** A dispatcher, or what one run needs, with a real store, and with a broker and scripts in memory. */
import { FactsReader } from '../../src/agent/gates/facts.ts';
import { Dispatcher, type DispatcherOptions } from '../../src/agent/run/dispatcher.ts';
import type { ActiveRunOptions } from '../../src/agent/run/run-ports.ts';
import { Slots } from '../../src/agent/run/slots.ts';
import type { Store } from '../../src/agent/store/store.ts';
import { systemClock } from '../../src/base/clock.ts';
import { silentLogger } from '../../src/base/logger.ts';
import type { RunId } from '../../src/shared/ids.ts';
import { commandJson } from './commands.ts';
import { FakeBus } from './fake-bus.ts';
import { FakeScripts } from './fake-scripts.ts';
import { pcIdOf } from './ids.ts';
import { arrival, testStore } from './store.ts';
import { tempDir } from './temp.ts';

export interface RunWorld extends Partial<ActiveRunOptions> {
  readonly directory?: string;
  readonly scriptsEnabled?: () => boolean;
}

export interface Dispatching extends RunWorld, Partial<DispatcherOptions> {
  readonly parallel?: number;
}

/** What a run needs of the agent. What it is not told otherwise is as on a PC where nothing is special. */
export function runPorts(more: RunWorld = {}) {
  const store = more.store ?? testStore(more.directory ?? tempDir(), more.clock);
  const bus = new FakeBus();
  const scripts = new FakeScripts();
  const facts = new FactsReader(
    { bus, kvCache: store.kvCache, lastContact: store.lastContact, timeline: store.timeline, log: silentLogger },
    { scriptsEnabled: more.scriptsEnabled ?? (() => true), uncheckedHonoursRevoke: false },
  );
  const options = {
    pcId: pcIdOf('PC-1'),
    store,
    bus,
    facts,
    scripts,
    clock: systemClock,
    log: silentLogger,
    onQueued() {},
    pinRereadMs: [1, 1, 1],
    ...more,
  };
  return { store, bus, scripts, options };
}

/** Not started. Its surroundings are those of {@link runPorts}. */
export function dispatching(more: Dispatching = {}) {
  const { store, bus, scripts, options } = runPorts(more);
  const slots = new Slots(() => more.parallel ?? 4);
  const dispatcher = new Dispatcher({ slots, publishPinSkips: true, ...more, ...options });
  const recovery = { store, scripts, dispatcher, clock: systemClock, log: silentLogger };
  return { store, bus, scripts, dispatcher, recovery };
}

/** Admits a command for this PC; returns its run. `more` is of the message. */
export async function admitCommand(
  store: Store,
  requestId: string,
  more: Record<string, unknown> = {},
): Promise<RunId> {
  const execId = (more.exec_id as string | undefined) ?? null;
  const runAs = (more.run_as as string | undefined) ?? 'system';
  const admission = await store.runs.admit(
    arrival(requestId, commandJson(requestId, more), { execId, runAs, manifestId: 'job-1' }),
  );
  if (admission.kind !== 'admitted') throw new Error(admission.kind);
  return admission.run;
}
