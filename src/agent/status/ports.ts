/**
 * Everything that the status server needs of the rest of the agent, as one interface. The composition root satisfies it;
 * `Store`'s `history`, `audit`, `counters`, `outbox` and `commits` fit as they are. All times are ms since the epoch.
 */
import type { ConfigFault, Hosting, StoreHealth, UpdateView } from '../../shared/agent-status.ts';
import type { About, Setting, Support } from '../../shared/contract.ts';
import type { AgentState, ConnectionState, Reason, RunState, Source } from '../../shared/states.ts';
import type { Clock } from '../base/clock.ts';
import type { Logger, LogLevel } from '../base/logger.ts';
import type { Watched } from '../base/watched.ts';

/** One recorded command, without bodies. */
export interface RunRecord {
  readonly run: number;
  readonly requestId: string | null;
  readonly resultId: string | null;
  readonly execId: string | null;
  readonly manifestId: string | null;
  readonly version: string | null;
  /** First line of the job's description, where it was known. */
  readonly title: string | null;
  readonly source: Source;
  readonly subject: string;
  readonly shell: string | null;
  readonly runAs: string | null;
  /** The account (uid or SID) that a `run_as: user` run belongs to. */
  readonly runAsUser: string | null;
  readonly timeoutSecs: number | null;
  readonly receivedAtMs: number;
  readonly decidedAtMs: number | null;
  readonly notBeforeMs: number | null;
  readonly startedAtMs: number | null;
  readonly finishedAtMs: number | null;
  readonly deliveredAtMs: number | null;
  readonly state: RunState;
  readonly reason: Reason | null;
  readonly exitCode: number | null;
  readonly detail: string | null;
  /** What the gates saw, as JSON text. */
  readonly facts: string | null;
  readonly parkedWhy: string | null;
}

export interface RunConditions {
  readonly reasons?: readonly Reason[];
  readonly openOnly?: boolean;
  readonly receivedFromMs?: number;
  readonly receivedBeforeMs?: number;
  readonly search?: string;
  /** Search ids and output too. */
  readonly searchEverything?: boolean;
  /** Leaves out the `run_as: user` runs of other accounts. */
  readonly userRunsOf?: string;
}

export interface HistoryPort {
  /** Newest first, those before `beforeRun` (Infinity: all). */
  list(conditions: RunConditions, beforeRun: number, limit: number): RunRecord[];
  count(conditions: RunConditions): number;
  /** Finished runs by reason. */
  countByReason(conditions: RunConditions): Partial<Record<Reason, number>>;
  get(run: number): RunRecord | undefined;
  /** What is not finished, oldest first. */
  open(limit: number): RunRecord[];
  output(run: number, stream: 'stdout' | 'stderr'): OutputRecord | undefined;
}

export interface OutputRecord {
  readonly text: string;
  readonly totalBytes: number;
  readonly cut: boolean;
}

export interface AuditRecord {
  readonly atMs: number;
  readonly account: string;
  readonly action: string;
  readonly detail: string;
}

export interface AuditPort {
  append(entry: AuditRecord): Promise<void>;
  /** Newest first. */
  list(limit: number): AuditRecord[];
  /** Wrong helpdesk codes of one account since the last right one. `retryAtMs`: no try before. */
  unlockTries(account: string): { readonly failed: number; readonly retryAtMs: number };
  setUnlockTries(account: string, tries: { readonly failed: number; readonly retryAtMs: number }): Promise<void>;
}

/** The command of a run, as far as it could be decoded. */
export interface CommandRecord {
  readonly script: string | null;
  readonly deadlineAtMs: number | null;
}

/** The end of what a script has written so far. */
export interface LiveTail {
  readonly stdout: string;
  readonly stderr: string;
  /** Earlier output is left out. */
  readonly stdoutCut: boolean;
  readonly stderrCut: boolean;
}

/** What changes while the agent lives, each followed by the projection. */
export interface StatusCells {
  readonly agent: Watched<{
    readonly state: AgentState;
    readonly sinceMs: number;
    readonly faults: readonly ConfigFault[];
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
  readonly store: Watched<StoreHealth>;
  readonly disk: Watched<{ readonly ok: boolean; readonly freeBytes: number | null }>;
  readonly secondAgentSeen: Watched<boolean>;
  /** Counts commits of the store: what is read from it may have changed. `store.commits` fits as it is. */
  readonly commits: Watched<number>;
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
  readonly command: (run: number) => CommandRecord | undefined;
  /** The newest output of a run that is running; undefined: it is not. */
  readonly tail: (run: number) => LiveTail | undefined;
  readonly outbox: {
    counts(): { readonly waiting: number; readonly parked: number };
    /** Queues a parked result again and wakes the shipper. False: there is none with this id. */
    resend(resultId: string): Promise<boolean>;
  };
  readonly counters: { all(): Readonly<Record<string, number>> };
  readonly audit: AuditPort;
  readonly identity: () => Identity;
  readonly showOutput: () => ShowOutput;
  readonly helpdeskCode: HelpdeskCode;
  readonly settings: () => readonly Setting[];
  readonly support: () => Support;
  readonly about: () => Omit<About, 'methods'>;
  /** Begins to drain, or to stop; returns at once. */
  readonly drain: () => void;
  readonly stop: () => void;
  readonly setLogLevel: (level: LogLevel) => void;
}
