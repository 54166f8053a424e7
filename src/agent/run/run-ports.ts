/** What a command on its way needs of the rest of the agent. */
import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import type { Account } from '../../platform/sessions.ts';
import type { PcId, ResultId } from '../../shared/ids.ts';
import type { Bus } from '../bus/bus.ts';
import type { FactsReader } from '../gates/facts.ts';
import type { Store } from '../store/store.ts';
import type { Command } from '../wire/command.ts';
import type { ScriptObjects } from './script-objects.ts';
import type { RunningScript, ScriptSpec } from './script-runner.ts';

/** Starting a script, as a run needs it; see `script-runner.ts`. */
export interface ScriptStarter {
  start(spec: ScriptSpec): RunningScript;
  /** Whether this `run_as` can run here now: not at all, or once somebody signs in. */
  availability(
    runAs: Command['runAs'],
  ): { kind: 'ready'; user: Account | null } | { kind: 'no_user' } | { kind: 'unsupported'; why: string };
  /** Resolves when a user may have signed in, or after a while. */
  userChange(signal: AbortSignal): Promise<void>;
  /** Ends what an earlier process has started for scripts to come. */
  endShellsAhead(): Promise<void>;
  /** Ends what is left of an interrupted run. */
  endLeftovers(run: { pid: number | null; pidStart: string | null; marker: string }): Promise<void>;
}

export interface ActiveRunOptions {
  readonly pcId: PcId;
  readonly store: Store;
  readonly bus: Bus;
  readonly facts: FactsReader;
  readonly scripts: ScriptStarter;
  readonly scriptObjects: ScriptObjects;
  readonly clock: Clock;
  readonly log: Logger;
  /** A result or event was queued. */
  readonly onQueued: () => void;
  /** A script runs. */
  readonly onStarted?: (resultId: ResultId, script: RunningScript) => void;
  readonly pinRereadMs?: readonly number[];
}

/** What a run has of a slot when it is taken up. */
export type Offer = 'none' | 'taken' | 'promised';

/**
 * A slot among the scripts that run at the same time. `taken` by whoever took the run up; `promised`: its script has to be fetched
 * first, which holds none, and with that it is before all who wait for one.
 */
export interface Slot {
  readonly offer: Offer;
  /** Takes one now, unless somebody who came earlier waits for it. */
  take(): boolean;
  release(): void;
}
