/**
 * The state of the agent as one status, built when somebody looks. Pushes are coalesced to two a second, carry the whole
 * status, and leave out what has not changed; while nobody is subscribed nothing is followed and nothing is read.
 */
import { errorText } from '../../base/logger.ts';
import { STORE_RETRY_MS } from '../../base/retry.ts';
import type { Watched } from '../../base/watched.ts';
import type { AgentStatus } from '../../shared/agent-status.ts';
import { CONTRACT_VERSION } from '../../shared/contract.ts';
import { TOLD_REASONS } from '../../shared/describe-sum.ts';
import { clip } from '../../shared/run-title.ts';
import { MAX_STATE_TEXT_CHARS } from './clipped.ts';
import { noticesFor } from './notices.ts';
import type { RunRecord, StatusPorts } from './ports.ts';
import { isHelpdesk, type Principal } from './roles.ts';
import { READ_SHARE, type RunsShown, ShownRuns } from './shown-runs.ts';
import { UsualTime } from './usual-time.ts';
import { canBeStopped, maySee, rowOf, type Visibility, visibleTo } from './views.ts';

export const PUSH_INTERVAL_MS = 500;
const MAX_OPEN_READ = 500;
const MAX_ROWS_SHOWN = 50;
const MAX_PROBLEMS = 100;
/** A clock that is set while we wait is no reason to spin. */
const MIN_WAIT_FOR_MIDNIGHT_MS = 1_000;
/** A timer counts no sleep of the PC, and midnight is another moment where its zone is set. */
const MAX_WAIT_FOR_MIDNIGHT_MS = 30_000;

export interface Subscription {
  /** Builds it again soon: what this principal may see has changed. */
  refresh(): void;
  end(): void;
}

interface Subscriber {
  readonly principal: () => Principal;
  readonly push: (status: AgentStatus) => void;
  /** The last status that was sent, as text, to leave out those that say nothing new. */
  last: string;
}

export class Projection {
  readonly #ports: StatusPorts;
  readonly #subscribers = new Set<Subscriber>();
  readonly usualTime: UsualTime;
  readonly #shown: ShownRuns;
  #unwatch: (() => void)[] = [];
  #timer: NodeJS.Timeout | undefined;
  #midnight: NodeJS.Timeout | undefined;
  #pushedAtMs = Number.NEGATIVE_INFINITY;
  #pushTookMs = 0;

  constructor(ports: StatusPorts) {
    this.#ports = ports;
    this.usualTime = new UsualTime(ports.history);
    this.#shown = new ShownRuns(ports.clock);
  }

  /** The status as this principal may see it; `recent`: what it says of very many runs may be some time old. */
  statusFor(principal: Principal, age: 'now' | 'recent' = 'recent'): AgentStatus {
    const { cells, clock, outbox, counters, identity, helpdeskCode } = this.#ports;
    const helpdesk = isHelpdesk(principal, clock.nowMs());
    const { pcId, hostname, agentVersion, hosting } = identity();
    const { state, sinceMs, problems } = cells.agent.value;
    const link = cells.connection.value;
    const groups = cells.groups.value;
    return {
      agent: {
        state,
        sinceMs,
        faults: {
          count: problems.length,
          list: helpdesk || principal.isHost ? problems.slice(0, MAX_PROBLEMS).map(clippedTexts) : null,
        },
      },
      connection: {
        state: link.state,
        sinceMs: link.sinceMs,
        lastGoodAtMs: link.lastGoodAtMs,
        server: helpdesk ? link.server : null,
        why: helpdesk && link.why !== null ? clip(link.why, MAX_STATE_TEXT_CHARS) : null,
      },
      identity: {
        pcId,
        hostname,
        groups: groups === null ? null : [...groups].slice(0, 200),
        agentVersion,
        contract: CONTRACT_VERSION,
        hosting,
      },
      ...this.#runsFor(this.visibilityOf(principal), age),
      outbox: outbox.counts(),
      update: cells.update.value,
      restartRequired: cells.restartRequired.value,
      disk: cells.disk.value,
      store: cells.store.value,
      secondAgentSeen: cells.secondAgentSeen.value,
      notices: noticesFor(cells, helpdesk),
      schedules: cells.schedules.value,
      counters: helpdesk ? { ...counters.all() } : null,
      helpdesk: {
        offered: helpdeskCode.isSet(),
        unlockedUntilMs: principal.unlockedUntilMs !== null && helpdesk ? principal.unlockedUntilMs : null,
      },
    };
  }

  visibilityOf(principal: Principal): Visibility {
    const { clock, identity, showOutput, ui } = this.#ports;
    const helpdesk = isHelpdesk(principal, clock.nowMs());
    return {
      account: principal.account,
      helpdesk,
      nameless: !helpdesk && (ui()?.hideCommandNames ?? true),
      showOutput: showOutput(),
      asYou: identity().hosting === 'tray',
    };
  }

  #runsFor(visibility: Visibility, age: 'now' | 'recent'): RunsShown {
    const midnightMs = midnightOf(this.#ports.clock.nowMs());
    const commits = this.#ports.cells.commits.value;
    return this.#shown.of(visibility, `${commits} ${midnightMs}`, age, () => this.#runs(visibility, midnightMs));
  }

  #runs(visibility: Visibility, midnightMs: number): RunsShown {
    const { history } = this.#ports;
    const open = history.open(MAX_OPEN_READ).filter((record) => maySee(record, visibility));
    const running = open.filter(({ state }) => state === 'running');
    const waiting = open.filter(({ state }) => state !== 'running');
    const count =
      open.length < MAX_OPEN_READ ? open.length : history.count({ ...visibleTo(visibility), openOnly: true });
    const ofToday = { ...visibleTo(visibility), receivedFromMs: midnightMs };
    return {
      now: {
        running: running.slice(0, MAX_ROWS_SHOWN).map((record) => this.#runningRow(record, visibility)),
        waiting: waiting.slice(0, MAX_ROWS_SHOWN).map((record) => rowOf(record, visibility)),
        waitingCount: count - running.length,
      },
      today: history.countByReason(ofToday),
      todayUntold: history.countUndelivered({ ...ofToday, reasons: TOLD_REASONS }),
    };
  }

  #runningRow(record: RunRecord, visibility: Visibility): AgentStatus['now']['running'][number] {
    return { ...rowOf(record, visibility), usualMs: this.usualTime.of(record), stoppable: canBeStopped(record) };
  }

  /** Pushes each change from now on; `principal` is asked again for each, since roles come and go. */
  subscribe(principal: () => Principal, push: (status: AgentStatus) => void): Subscription {
    const subscriber: Subscriber = { principal, push, last: JSON.stringify(this.statusFor(principal(), 'now')) };
    this.#subscribers.add(subscriber);
    if (this.#subscribers.size === 1) this.#follow();
    return {
      refresh: () => this.#changed(),
      end: () => {
        this.#subscribers.delete(subscriber);
        if (this.#subscribers.size === 0) this.#unfollow();
      },
    };
  }

  #follow(): void {
    const cells: readonly Watched<unknown>[] = Object.values(this.#ports.cells);
    this.#unwatch = cells.map((cell) => cell.watch(() => this.#changed()));
    this.#awaitMidnight();
  }

  #unfollow(): void {
    for (const stop of this.#unwatch) stop();
    this.#unwatch = [];
    clearTimeout(this.#timer);
    clearTimeout(this.#midnight);
    this.#timer = undefined;
  }

  /** A new day begins with new counts. */
  #awaitMidnight(): void {
    const { clock } = this.#ports;
    const nowMs = clock.nowMs();
    const midnightMs = midnightOf(nowMs);
    const leftMs = new Date(nowMs).setHours(24, 0, 0, 0) - nowMs;
    this.#midnight = setTimeout(
      () => {
        if (midnightOf(clock.nowMs()) !== midnightMs) this.#changed();
        this.#awaitMidnight();
      },
      Math.min(MAX_WAIT_FOR_MIDNIGHT_MS, Math.max(MIN_WAIT_FOR_MIDNIGHT_MS, leftMs)),
    );
    this.#midnight.unref();
  }

  #changed(): void {
    if (this.#timer !== undefined || this.#subscribers.size === 0) return;
    const pauseMs = Math.max(PUSH_INTERVAL_MS, this.#pushTookMs / READ_SHARE);
    const waitMs = this.#pushedAtMs + pauseMs - this.#ports.clock.monotonicMs();
    this.#timer = setTimeout(() => this.#push(), Math.max(0, waitMs));
    this.#timer.unref();
  }

  #push(): void {
    this.#timer = undefined;
    this.#pushedAtMs = this.#ports.clock.monotonicMs();
    try {
      for (const subscriber of this.#subscribers) this.#pushTo(subscriber);
    } catch (error) {
      // A page of the store that can't be read at present: what is shown stays until it can.
      this.#ports.log.error('the state could not be read', { error: errorText(error) });
      this.#timer = setTimeout(() => this.#push(), STORE_RETRY_MS).unref();
    }
    this.#pushTookMs = this.#ports.clock.monotonicMs() - this.#pushedAtMs;
  }

  #pushTo(subscriber: Subscriber): void {
    const status = this.statusFor(subscriber.principal(), 'now');
    const text = JSON.stringify(status);
    if (text === subscriber.last) return;
    subscriber.last = text;
    subscriber.push(status);
  }
}

function clippedTexts<F extends { readonly file: string; readonly key: string | null; readonly expected: string }>(
  problem: F,
): F {
  return {
    ...problem,
    file: clip(problem.file, MAX_STATE_TEXT_CHARS),
    key: problem.key === null ? null : clip(problem.key, MAX_STATE_TEXT_CHARS),
    expected: clip(problem.expected, MAX_STATE_TEXT_CHARS),
  };
}

/** When the day of this moment began here, ms since the epoch. */
function midnightOf(atMs: number): number {
  return new Date(atMs).setHours(0, 0, 0, 0);
}
