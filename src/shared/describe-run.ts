/**
 * One task in words, for list, detail, notification and menu. A reason was set where the decision was made; here it is only
 * looked up, never guessed. Nothing in here shows a code, an id or a stack.
 */
import { assertNever } from './assert-never.ts';
import type { Hole, I18n } from './i18n/i18n.ts';
import type { OutcomeMark } from './mark-names.ts';
import { outcomeRow, type Reason } from './outcomes.ts';
import type { RunTitle } from './run-title.ts';
import type { RunDetail, RunRow } from './run-view.ts';
import { MINUTE_MS } from './time-units.ts';
import { TITLE_WORDS, type TitleWord } from './title-words.ts';

export interface RunDescription {
  readonly mark: OutcomeMark;
  /** "Stopped by IT". */
  readonly title: string;
  /** After the task's name in a list: "stopped by IT after 3 min". */
  readonly line: string;
  readonly body: string;
  /** Whether something was changed; null where the body says it, or nothing is known yet. */
  readonly changed: string | null;
  /** Whether to act; null while it is not finished. */
  readonly act: string | null;
}

/** Whether what waits begins as its own line says. `finishing`: after the agent is back; `held`: not as far as is known. */
export type Begins = 'soon' | 'finishing' | 'held';

type Facts = RunRow & Partial<Pick<RunDetail, 'deadlineAtMs' | 'viewAgeMs'>>;

/** What is known about `run`, as of `nowMs`; `begins`: what may be claimed of one that waits. */
export function describeRun(run: Facts, i18n: I18n, nowMs: number, begins: Begins = 'soon'): RunDescription {
  if (run.reason !== null) return describeFinished(run, run.reason, i18n, nowMs);
  return begins === 'soon' || run.state === 'running' ? describeOpen(run, i18n, nowMs) : describeHeld(begins, i18n);
}

/** The name under which a task is shown. */
export function taskName(run: Pick<RunRow, 'title' | 'source'>, i18n: I18n): string {
  const name = titleText(run.title, i18n);
  return run.source === 'schedule' ? i18n.t('title.scheduled', { task: name }) : name;
}

/** The words in or for names, of this language, that `search` is a part of. */
export function titleWordsWith(search: string, i18n: I18n): TitleWord[] {
  const wanted = search.trim().toLowerCase();
  if (wanted === '') return [];
  const said: Readonly<Record<TitleWord, string>> = {
    direct: i18n.t('title.direct'),
    none: i18n.t('title.none'),
    hidden: i18n.t('title.hidden'),
    scheduled: i18n.t('title.scheduled', { task: '' }),
  };
  return TITLE_WORDS.filter((word) => said[word].toLowerCase().includes(wanted));
}

export function titleText(title: RunTitle, i18n: I18n): string {
  switch (title.kind) {
    case 'text':
      return title.text;
    case 'direct':
      return i18n.t('title.direct');
    case 'hidden':
      return i18n.t('title.hidden');
    case 'none':
      return i18n.t('title.none');
  }
}

function describeOpen(run: Facts, i18n: I18n, nowMs: number): RunDescription {
  const nothingYet = { changed: null, act: null };
  switch (run.state) {
    case 'running': {
      const t = i18n.duration(nowMs - (run.startedAtMs ?? nowMs));
      const limitMs = run.timeoutSecs === null ? null : run.timeoutSecs * 1_000;
      const limit = limitMs === null ? null : i18n.t('state.running.limit', { limit: i18n.exactly(limitMs) });
      return {
        mark: 'running',
        title: i18n.t('state.running.title'),
        line: i18n.t('state.running.line', { t }),
        body: i18n.join(i18n.t('state.running.body', { t }), limit),
        ...nothingYet,
      };
    }
    case 'waiting_jitter': {
      // Up to the next full minute: it stays true until the page is drawn again.
      const minutes = Math.max(1, Math.ceil(((run.notBeforeMs ?? nowMs) - nowMs) / MINUTE_MS));
      const t = i18n.duration(minutes * MINUTE_MS);
      return {
        mark: 'waiting',
        title: i18n.t('state.waiting_jitter.title', { t }),
        line: i18n.t('state.waiting_jitter.line', { t }),
        body: i18n.t('state.waiting_jitter.body'),
        ...nothingYet,
      };
    }
    case 'waiting_slot':
    case 'waiting_user':
      return {
        mark: 'waiting',
        title: i18n.t(`state.${run.state}.title`),
        line: i18n.t(`state.${run.state}.line`),
        body: i18n.t(`state.${run.state}.body`),
        ...nothingYet,
      };
    case 'admitted':
    // One without a reason, which no agent of ours tells.
    case 'finished':
      return {
        mark: 'waiting',
        title: i18n.t('state.admitted.title'),
        line: i18n.t('state.admitted.line'),
        body: i18n.t('state.admitted.body'),
        ...nothingYet,
      };
    default:
      return assertNever(run.state);
  }
}

/** One that waits, whatever else it waits for. */
function describeHeld(begins: Exclude<Begins, 'soon'>, i18n: I18n): RunDescription {
  return {
    mark: 'waiting',
    title: i18n.t('state.held.title'),
    line: i18n.t(`state.${begins}.line`),
    body: i18n.t(`state.${begins}.body`),
    changed: null,
    act: null,
  };
}

function describeFinished(run: Facts, reason: Reason, i18n: I18n, nowMs: number): RunDescription {
  const { mark, changed, act } = outcomeRow(reason);
  const finished: Finished = { run, i18n, nowMs, ranMs: ranMsOf(run, nowMs) };
  return {
    mark,
    title: i18n.t(`reason.${reason}.title`),
    line: has(LINES, reason) ? LINES[reason](finished) : i18n.t(`reason.${reason}.line`),
    body: has(BODIES, reason) ? BODIES[reason](finished) : i18n.t(`reason.${reason}.body`),
    changed: changed === null ? null : i18n.t(`changed.${changed}`),
    act: i18n.t(`act.${act}`),
  };
}

interface Finished {
  readonly run: Facts;
  readonly i18n: I18n;
  readonly nowMs: number;
  readonly ranMs: number;
}

function ranMsOf(run: Facts, nowMs: number): number {
  return (run.finishedAtMs ?? nowMs) - (run.startedAtMs ?? run.finishedAtMs ?? nowMs);
}

/** The outcomes whose text of this kind has holes: each needs a function that fills them. */
type Holed<Part extends 'line' | 'body'> = {
  [R in Reason]: [Hole<`reason.${R}.${Part}`>] extends [never] ? never : R;
}[Reason];
type Fillers<Part extends 'line' | 'body'> = Readonly<Record<Holed<Part>, (finished: Finished) => string>>;

const LINES: Fillers<'line'> = {
  DONE: ({ i18n, ranMs }) => i18n.t('reason.DONE.line', { t: i18n.duration(ranMs) }),
  KILLED: ({ i18n, ranMs }) => i18n.t('reason.KILLED.line', { t: i18n.duration(ranMs) }),
  FAILED: ({ run, i18n }) => i18n.t('reason.FAILED.line', { n: run.exitCode ?? 0 }),
  TIMEOUT: (finished) => finished.i18n.t('reason.TIMEOUT.line', { limit: limitOf(finished) }),
};

const BODIES: Fillers<'body'> = {
  DONE: ({ i18n, ranMs }) => i18n.t('reason.DONE.body', { t: i18n.duration(ranMs) }),
  KILLED: ({ i18n, ranMs }) => i18n.t('reason.KILLED.body', { t: i18n.duration(ranMs) }),
  FAILED: ({ run, i18n }) => {
    const told = i18n.t(run.deliveredAtMs === null ? 'told.here' : 'told.details');
    return i18n.t('reason.FAILED.body', { n: run.exitCode ?? 0, told });
  },
  TIMEOUT: (finished) => finished.i18n.t('reason.TIMEOUT.body', { limit: limitOf(finished) }),
  STALE_VIEW: ({ run, i18n }) => {
    const offlineMs = run.viewAgeMs ?? null;
    if (offlineMs === null) return i18n.t('reason.STALE_VIEW.never');
    return i18n.t('reason.STALE_VIEW.body', { t: i18n.duration(offlineMs) });
  },
  DEADLINE: ({ run, i18n, nowMs }) => {
    const deadlineAtMs = run.deadlineAtMs ?? null;
    if (deadlineAtMs === null) return i18n.t('reason.DEADLINE.unknown');
    const time = i18n.moment(deadlineAtMs, nowMs);
    if (run.receivedAtMs <= deadlineAtMs) return i18n.t('reason.DEADLINE.waited', { time });
    return i18n.t('reason.DEADLINE.body', { time, late: i18n.duration(run.receivedAtMs - deadlineAtMs) });
  },
  SIGNATURE: (finished) => finished.i18n.t('reason.SIGNATURE.body', { told: toldOf(finished) }),
  CONFLICT: (finished) => finished.i18n.t('reason.CONFLICT.body', { told: toldOf(finished) }),
};

function limitOf({ run, i18n, ranMs }: Finished): string {
  return run.timeoutSecs === null ? i18n.duration(ranMs) : i18n.exactly(run.timeoutSecs * 1_000);
}

function toldOf({ run, i18n }: Finished): string {
  return i18n.t(run.deliveredAtMs === null ? 'told.here' : 'told.it');
}

function has<T extends object>(table: T, key: PropertyKey): key is keyof T {
  return Object.hasOwn(table, key);
}
