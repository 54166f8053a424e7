/** A dispatcher with a real store, and with a broker and scripts in memory. */
import { FactsReader } from '../../src/agent/gates/facts.ts';
import { Dispatcher, type DispatcherOptions } from '../../src/agent/run/dispatcher.ts';
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

export interface Dispatching extends Partial<DispatcherOptions> {
  readonly directory?: string;
  readonly parallel?: number;
  readonly scriptsEnabled?: () => boolean;
}

/** Not started. What it is not told otherwise is as on a PC where nothing is special. */
export function dispatching(more: Dispatching = {}) {
  const store = more.store ?? testStore(more.directory ?? tempDir(), more.clock);
  const bus = new FakeBus();
  const scripts = new FakeScripts();
  const facts = new FactsReader(
    { bus, kvCache: store.kvCache, lastContact: store.lastContact, timeline: store.timeline, log: silentLogger },
    { scriptsEnabled: more.scriptsEnabled ?? (() => true), uncheckedHonoursRevoke: false },
  );
  const dispatcher = new Dispatcher({
    pcId: pcIdOf('PC-1'),
    store,
    bus,
    facts,
    scripts,
    slots: new Slots(() => more.parallel ?? 4),
    clock: systemClock,
    log: silentLogger,
    publishPinSkips: true,
    onQueued() {},
    pinRereadMs: [1, 1, 1],
    ...more,
  });
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
