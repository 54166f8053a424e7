/**
 * One task in words, for list, detail, notification and menu. A reason was set where the decision was made; here it is only
 * looked up, never guessed. Nothing in here shows a code, an id or a stack.
 */
import { assertNever } from './assert-never.ts';
import type { OutcomeMark } from './mark-names.ts';
import { outcomeRow, type Reason } from './outcomes.ts';
import type { RunTitle } from './run-title.ts';
import type { RunDetail, RunRow } from './run-view.ts';
import type { Hole, Words } from './words/words.ts';

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

type Facts = RunRow & Partial<Pick<RunDetail, 'deadlineAtMs' | 'viewAgeMs'>>;

/** What is known about `run`, as of `nowMs`. */
export function describeRun(run: Facts, words: Words, nowMs: number): RunDescription {
  return run.reason === null ? describeOpen(run, words, nowMs) : describeFinished(run, run.reason, words, nowMs);
}

/** The name under which a task is shown. */
export function taskName(run: Pick<RunRow, 'title' | 'source'>, words: Words): string {
  const name = titleText(run.title, words);
  return run.source === 'schedule' ? words.say('title.scheduled', { task: name }) : name;
}

function titleText(title: RunTitle, words: Words): string {
  switch (title.kind) {
    case 'text':
      return title.text;
    case 'direct':
      return words.say('title.direct');
    case 'hidden':
      return words.say('title.hidden');
    case 'none':
      return words.say('title.none');
  }
}

function describeOpen(run: Facts, words: Words, nowMs: number): RunDescription {
  const nothingYet = { changed: null, act: null };
  switch (run.state) {
    case 'running': {
      const t = words.duration(nowMs - (run.startedAtMs ?? nowMs));
      const limitMs = run.timeoutSecs === null ? null : run.timeoutSecs * 1_000;
      const limit = limitMs === null ? null : words.say('state.running.limit', { limit: words.roughly(limitMs) });
      return {
        mark: 'running',
        title: words.say('state.running.title'),
        line: words.say('state.running.line', { t }),
        body: words.join(words.say('state.running.body', { t }), limit),
        ...nothingYet,
      };
    }
    case 'waiting_jitter': {
      const t = words.roughly(Math.max(1_000, (run.notBeforeMs ?? nowMs) - nowMs));
      return {
        mark: 'waiting',
        title: words.say('state.waiting_jitter.title', { t }),
        line: words.say('state.waiting_jitter.line', { t }),
        body: words.say('state.waiting_jitter.body'),
        ...nothingYet,
      };
    }
    case 'waiting_slot':
    case 'waiting_user':
      return {
        mark: 'waiting',
        title: words.say(`state.${run.state}.title`),
        line: words.say(`state.${run.state}.line`),
        body: words.say(`state.${run.state}.body`),
        ...nothingYet,
      };
    case 'admitted':
    // One without a reason, which no agent of ours tells.
    case 'finished':
      return {
        mark: 'waiting',
        title: words.say('state.admitted.title'),
        line: words.say('state.admitted.line'),
        body: words.say('state.admitted.body'),
        ...nothingYet,
      };
    default:
      return assertNever(run.state);
  }
}

function describeFinished(run: Facts, reason: Reason, words: Words, nowMs: number): RunDescription {
  const { mark, changed, act } = outcomeRow(reason);
  const finished: Finished = { run, words, nowMs, ranMs: ranMsOf(run, nowMs) };
  return {
    mark,
    title: words.say(`reason.${reason}.title`),
    line: has(LINES, reason) ? LINES[reason](finished) : words.say(`reason.${reason}.line`),
    body: has(BODIES, reason) ? BODIES[reason](finished) : words.say(`reason.${reason}.body`),
    changed: changed === null ? null : words.say(`changed.${changed}`),
    act: words.say(`act.${act}`),
  };
}

interface Finished {
  readonly run: Facts;
  readonly words: Words;
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
  DONE: ({ words, ranMs }) => words.say('reason.DONE.line', { t: words.duration(ranMs) }),
  KILLED: ({ words, ranMs }) => words.say('reason.KILLED.line', { t: words.duration(ranMs) }),
  FAILED: ({ run, words }) => words.say('reason.FAILED.line', { n: run.exitCode ?? 0 }),
  TIMEOUT: (finished) => finished.words.say('reason.TIMEOUT.line', { limit: limitOf(finished) }),
};

const BODIES: Fillers<'body'> = {
  DONE: ({ words, ranMs }) => words.say('reason.DONE.body', { t: words.duration(ranMs) }),
  KILLED: ({ words, ranMs }) => words.say('reason.KILLED.body', { t: words.duration(ranMs) }),
  FAILED: ({ run, words }) => words.say('reason.FAILED.body', { n: run.exitCode ?? 0 }),
  TIMEOUT: (finished) => finished.words.say('reason.TIMEOUT.body', { limit: limitOf(finished) }),
  STALE_VIEW: ({ run, words }) => {
    const offlineMs = run.viewAgeMs ?? null;
    if (offlineMs === null) return words.say('reason.STALE_VIEW.never');
    return words.say('reason.STALE_VIEW.body', { t: words.duration(offlineMs) });
  },
  DEADLINE: ({ run, words, nowMs }) => {
    const deadlineAtMs = run.deadlineAtMs ?? null;
    if (deadlineAtMs === null) return words.say('reason.DEADLINE.unknown');
    const time = words.moment(deadlineAtMs, nowMs);
    if (run.receivedAtMs <= deadlineAtMs) return words.say('reason.DEADLINE.waited', { time });
    return words.say('reason.DEADLINE.body', { time, late: words.duration(run.receivedAtMs - deadlineAtMs) });
  },
  SIGNATURE: (finished) => finished.words.say('reason.SIGNATURE.body', { told: toldOf(finished) }),
  CONFLICT: (finished) => finished.words.say('reason.CONFLICT.body', { told: toldOf(finished) }),
};

function limitOf({ run, words, ranMs }: Finished): string {
  return words.duration(run.timeoutSecs === null ? ranMs : run.timeoutSecs * 1_000);
}

function toldOf({ run, words }: Finished): string {
  return words.say(run.deliveredAtMs === null ? 'told.here' : 'told.it');
}

function has<T extends object>(table: T, key: PropertyKey): key is keyof T {
  return Object.hasOwn(table, key);
}
