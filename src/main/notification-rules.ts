/**
 * Which notifications there are, and when (ui §4): little, and at most one in ten minutes. A pure state machine: it is
 * told what can be seen now, and says what to show.
 */
import type { AgentStatus } from '../shared/agent-status.ts';
import type { Route } from '../shared/app-shell-contract.ts';
import { taskName } from '../shared/describe-run.ts';
import type { I18n } from '../shared/i18n/i18n.ts';
import { outcomeGroup } from '../shared/outcome-groups.ts';
import type { RunRow } from '../shared/run-view.ts';

export interface Toast {
  readonly title: string;
  readonly body: string;
  /** Where a click leads. */
  readonly route: Route;
}

export interface Observation {
  readonly status: AgentStatus;
  /** The newest runs. */
  readonly rows: readonly RunRow[];
  /** 0: no start of a task; 1: of those that run as the person; 2: of all. IT decides. */
  readonly notifyOnRun: number;
  /** The person wants to be told what does not need them. */
  readonly wanted: boolean;
}

type Event =
  | { readonly kind: 'restart' }
  | { readonly kind: 'helpdesk'; readonly atMs: number }
  | { readonly kind: 'update'; readonly version: string }
  | { readonly kind: 'user' | 'started' | 'failed'; readonly run: RunRow };

const INTERVAL_MS = 10 * 60_000;
/** What needs the person first. */
const ORDER: readonly Event['kind'][] = ['user', 'restart', 'update', 'helpdesk', 'failed', 'started'];
/** Each is told by itself: it needs the person, or is no task, and so in no list of tasks. */
const BY_ITSELF: ReadonlySet<Event['kind']> = new Set(['user', 'restart', 'update', 'helpdesk']);

export class NotificationRules {
  #restart: boolean | null = null;
  /** The version of which it was said that it is ready, or that was so at the first check: once for each. */
  #toldUpdate: string | null | undefined;
  /** Run → how far it was when it was checked last; what was there at the first check is no news. */
  #known: Map<number, RunRow['state']> | null = null;
  #waiting: Event[] = [];
  /** Monotonic, as every `nowMs` here: a clock that is set back must not keep notifications away. */
  #shownAtMs = Number.NEGATIVE_INFINITY;

  /** Notes what is new in `observation`. */
  check({ status, rows, notifyOnRun, wanted }: Observation): void {
    if (this.#restart === false && status.restartRequired) this.#add({ kind: 'restart' });
    this.#restart = status.restartRequired;
    this.#checkUpdate(status, wanted);
    const before = this.#known;
    const known = new Map(rows.map((row) => [row.run, row.state]));
    this.#known = known;
    this.#waiting = this.#waiting.filter((event) => isStillTrue(event, status, known));
    if (before === null) return;
    const oldest = before.size === 0 ? 0 : Math.min(...before.keys());
    for (const run of rows) {
      const was = before.get(run.run);
      // Older than all that was known: it has only come into view because others were pruned.
      if (was === run.state || (was === undefined && run.run < oldest)) continue;
      this.#changed(run, was, notifyOnRun, wanted);
    }
  }

  #checkUpdate(status: AgentStatus, wanted: boolean): void {
    const version = waitingUpdate(status);
    if (this.#toldUpdate === undefined) this.#toldUpdate = version;
    if (version === null || version === this.#toldUpdate) return;
    this.#toldUpdate = version;
    if (wanted) this.#add({ kind: 'update', version });
  }

  /** The helpdesk's view was opened in the window, at `atMs` since the epoch. It may be told when that has ended again. */
  helpdeskOpened(atMs: number): void {
    this.#add({ kind: 'helpdesk', atMs });
  }

  /** What to show now; null: nothing, or not yet. */
  next(i18n: I18n, nowMs: number): Toast | null {
    if (this.#waiting.length === 0 || nowMs - this.#shownAtMs < INTERVAL_MS) return null;
    this.#shownAtMs = nowMs;
    const [first] = [...this.#waiting].sort((one, other) => ORDER.indexOf(one.kind) - ORDER.indexOf(other.kind));
    if (first === undefined) return null;
    if (BY_ITSELF.has(first.kind) || this.#waiting.length === 1) {
      this.#waiting = this.#waiting.filter((event) => event !== first);
      return toastOf(first, i18n);
    }
    const n = this.#waiting.length;
    const ofOneKind = this.#waiting.every(({ kind }) => kind === first.kind) ? first.kind : null;
    this.#waiting = [];
    const title =
      ofOneKind === 'failed' || ofOneKind === 'started' ? (`toast.digest.${ofOneKind}` as const) : 'toast.digest.title';
    return {
      title: i18n.t(title, { n }),
      body: i18n.t('toast.digest.body'),
      route: { screen: 'activity' },
    };
  }

  /** When {@link next} has something again, in ms from now; null: when something happens. */
  dueInMs(nowMs: number): number | null {
    return this.#waiting.length === 0 ? null : Math.max(0, this.#shownAtMs + INTERVAL_MS - nowMs);
  }

  #changed(run: RunRow, was: RunRow['state'] | undefined, notifyOnRun: number, wanted: boolean): void {
    if (run.state === 'waiting_user') this.#add({ kind: 'user', run });
    const began = run.startedAtMs !== null && (was === undefined || (was !== 'running' && was !== 'finished'));
    if (began && (notifyOnRun >= 2 || (notifyOnRun === 1 && run.asUser))) this.#add({ kind: 'started', run });
    const failed = run.reason !== null && outcomeGroup(run.reason) === 'failed';
    if (failed && run.asUser && wanted) this.#add({ kind: 'failed', run });
  }

  #add(event: Event): void {
    this.#waiting.push(event);
  }
}

/** What asks something of the person is not said late when it has been done meanwhile. */
function isStillTrue(event: Event, status: AgentStatus, known: ReadonlyMap<number, RunRow['state']>): boolean {
  if (event.kind === 'restart') return status.restartRequired;
  if (event.kind === 'update') return waitingUpdate(status) === event.version;
  // A run that is out of view is older than the others, and no less waiting for that.
  return event.kind !== 'user' || (known.get(event.run.run) ?? 'waiting_user') === 'waiting_user';
}

/** The version that lies ready until its time, which the person may choose; null: there is nothing to choose. */
function waitingUpdate({ update: { state, wanted, taking } }: AgentStatus): string | null {
  const isChosen = taking?.waitsFor !== 'window' || taking.deferUntilMs === null;
  return state !== 'verified' || isChosen ? null : wanted;
}

function toastOf(event: Event, i18n: I18n): Toast {
  switch (event.kind) {
    case 'restart':
      return {
        title: i18n.t('toast.restart.title'),
        body: i18n.t('toast.restart.body'),
        route: { screen: 'updates' },
      };
    case 'update':
      return {
        title: i18n.t('toast.update.title'),
        body: i18n.t('toast.update.body', { v: event.version }),
        route: { screen: 'updates' },
      };
    case 'helpdesk':
      return {
        title: i18n.t('toast.helpdesk.title'),
        body: i18n.t('toast.helpdesk.body', { time: i18n.clock(event.atMs) }),
        route: { screen: 'support' },
      };
    case 'user':
    case 'started':
    case 'failed': {
      const route: Route = { screen: 'run', run: event.run.run };
      return { title: i18n.t(`toast.${event.kind}.title`), body: taskName(event.run, i18n), route };
    }
  }
}
