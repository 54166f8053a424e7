/**
 * Everything that the status server needs of the rest of the agent, as one interface. The composition root satisfies it;
 * `Store`'s `history`, `audit`, `counters`, `outbox` and `commits` fit as they are. All times are ms since the epoch.
 */
import type { Clock } from '../../base/clock.ts';
import type { ClockStep } from '../../base/clock-watch.ts';
import type { LogFailure } from '../../base/daily-file.ts';
import type { Logger, LogLevel } from '../../base/logger.ts';
import type { Watched } from '../../base/watched.ts';
import type { AboutFacts, Support } from '../../shared/about-view.ts';
import type { ConfigProblem, StoreHealth, UpdateView } from '../../shared/agent-status.ts';
import type { Setting } from '../../shared/contract.ts';
import type { LogEnd } from '../../shared/helpdesk-view.ts';
import type { RunId } from '../../shared/ids.ts';
import type { OutboxKind } from '../../shared/outbox-kinds.ts';
import type { SchedulesSummary } from '../../shared/schedules-view.ts';
import type { AgentState, ConnectionState, Hosting } from '../../shared/states.ts';
import type { UiSettings } from '../../shared/ui-view.ts';
import type { WishOutcome } from '../../shared/update-reasons.ts';
import type { FullScheduleRow } from '../schedules/view.ts';
import type { Undelivered } from '../ship/shipper.ts';
import type { Audit } from '../store/audit.ts';
import type { Failures } from '../store/failures.ts';
import type { History } from '../store/history.ts';
import type { LinkSpan } from '../store/link-states.ts';
import type { OutboxCounts, StuckMessage } from '../store/outbox.ts';
import type { VersionEntry } from '../store/versions.ts';
import type { StoreRoom } from '../store/writability.ts';
import type { OutputTail } from '../wire/live-tail.ts';

export type { KeptSize, RunRecord, RunShape } from '../store/history.ts';
export type { StoredOutput } from '../store/outputs.ts';
export type { RunFilter } from '../store/run-conditions.ts';

/** Reading what was recorded. */
export type HistoryPort = Pick<
  History,
  | 'list'
  | 'runsWithOutput'
  | 'count'
  | 'newestAt'
  | 'countByReason'
  | 'countEach'
  | 'hasAny'
  | 'shapes'
  | 'countUndelivered'
  | 'earlierDurations'
  | 'get'
  | 'open'
  | 'output'
  | 'outputSize'
  | 'numbers'
>;
export type AuditPort = Pick<Audit, 'append' | 'list' | 'unlockTries' | 'setUnlockTries'>;

/** The command of a run, as far as it could be decoded. */
export interface CommandRecord {
  readonly script: string | null;
  readonly deadlineAtMs: number | null;
}

/** What changes while the agent lives, each followed by the projection. */
export interface StatusCells {
  readonly agent: Watched<{
    readonly state: AgentState;
    readonly sinceMs: number;
    readonly problems: readonly ConfigProblem[];
  }>;
  /** `bus.link` fits as it is. */
  readonly connection: Watched<{
    readonly state: ConnectionState;
    readonly sinceMs: number;
    readonly lastGoodAtMs: number | null;
    readonly server: string | null;
    readonly why: string | null;
  }>;
  /** null: not known yet. `fleet.groups` fits as it is. */
  readonly groups: Watched<ReadonlySet<string> | null>;
  readonly update: Watched<UpdateView>;
  readonly restartRequired: Watched<boolean>;
  readonly store: Watched<{ readonly state: StoreHealth; readonly readable: boolean }>;
  /** `store.room` fits as it is. */
  readonly disk: Watched<StoreRoom>;
  readonly secondAgentSeen: Watched<boolean>;
  /** `bus.forbidden` fits as it is, and so do `shipper.undelivered`, `clockWatch.step` and the failure of the open log. */
  readonly forbidden: Watched<readonly string[]>;
  readonly undelivered: Watched<Undelivered | null>;
  readonly clockStep: Watched<ClockStep | null>;
  readonly logFailure: Watched<LogFailure | null>;
  /** Counts commits of the store: what is read from it may have changed. `store.commits` fits as it is. */
  readonly commits: Watched<number>;
  readonly schedules: Watched<SchedulesSummary>;
}

export interface Identity {
  /** null while the settings can't be read. */
  readonly pcId: string | null;
  readonly hostname: string;
  readonly agentVersion: string;
  readonly hosting: Hosting;
}

export interface HelpdeskCode {
  /** False: no code is set, so nobody can unlock. */
  isSet(): boolean;
  /** Compares with the stored scrypt hash. */
  matches(code: string): Promise<boolean>;
}

/** Policy `ShowOutputToUsers`: 0 nobody, 1 their own `run_as: user` runs, 2 every run they may see. */
export type ShowOutput = 0 | 1 | 2;

export interface StatusPorts {
  readonly clock: Clock;
  readonly log: Logger;
  readonly cells: StatusCells;
  readonly history: HistoryPort;
  /** While it is kept. */
  readonly command: (run: RunId) => CommandRecord | undefined;
  /** The newest output of a run that is running; undefined: it is not. */
  readonly tail: (run: RunId) => OutputTail | undefined;
  readonly outbox: {
    counts(): OutboxCounts;
    /** Queues again what could not be delivered, and wakes the shipper. False: there is nothing of the kind with this id. */
    resend(id: string, kind: OutboxKind): Promise<boolean>;
    /** The same for all; how many they were. */
    resendAll(): Promise<number>;
    stuck(limit: number): readonly StuckMessage[];
  };
  /** `store.failures` fits as it is. */
  readonly failures: Pick<Failures, 'since'>;
  /** Newest first, the present one included. */
  readonly linkSpans: (fromMs: number, limit: number) => readonly LinkSpan[];
  /** In time, whatever the disk does. */
  readonly logEnd: () => Promise<LogEnd>;
  readonly counters: { all(): Readonly<Record<string, number>> };
  readonly audit: AuditPort;
  readonly identity: () => Identity;
  readonly showOutput: () => ShowOutput;
  readonly helpdeskCode: HelpdeskCode;
  readonly settings: () => readonly Setting[];
  /** null, here and below: the settings can't be read, so what IT has said in them is not known. */
  readonly support: () => Support | null | Promise<Support>;
  /** What IT decides about icon and window; `hideCommandNames` stays with the agent. */
  readonly ui: () => (UiSettings & { readonly hideCommandNames: boolean }) | null;
  /** Those that this PC fires itself; what a role may see of them is decided by `views.ts`. */
  readonly schedules: () => readonly FullScheduleRow[];
  /** What was taken back here, newest first. */
  readonly undone: () => readonly VersionEntry[];
  /** null: this PC takes no updates by itself. */
  readonly scheduleUpdate: ((notBeforeMs: number | null) => Promise<WishOutcome>) | null;
  /** Newest first. */
  readonly versions: (limit: number) => readonly VersionEntry[];
  readonly about: () => AboutFacts | null;
  /** Begins to drain, or to stop; returns at once. */
  readonly drain: () => void;
  readonly stop: () => void;
  readonly setLogLevel: (level: LogLevel) => void;
}
