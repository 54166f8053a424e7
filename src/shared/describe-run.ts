/**
 * One task in words, for list, detail, notification and menu. A reason was set where the decision was made; here it is only
 * looked up, never guessed. Nothing in here shows a code, an id or a stack.
 */
import type { OutcomeMark } from './mark-names.ts';
import { outcomeGroup } from './outcome-groups.ts';
import type { RunTitle } from './run-title.ts';
import type { RunDetail, RunRow } from './run-view.ts';
import type { Reason } from './states.ts';
import { TITLE_WORDS, type TitleWord } from './title-words.ts';
import type { Words } from './words/words.ts';

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

/** The words in or for names, of this language, that `search` is a part of. */
export function titleWordsWith(search: string, words: Words): TitleWord[] {
  const wanted = search.trim().toLowerCase();
  if (wanted === '') return [];
  const said: Readonly<Record<TitleWord, string>> = {
    direct: words.say('title.direct'),
    none: words.say('title.none'),
    hidden: words.say('title.hidden'),
    scheduled: words.say('title.scheduled', { task: '' }),
  };
  return TITLE_WORDS.filter((word) => said[word].toLowerCase().includes(wanted));
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
    default:
      return {
        mark: 'waiting',
        title: words.say('state.admitted.title'),
        line: words.say('state.admitted.line'),
        body: words.say('state.admitted.body'),
        ...nothingYet,
      };
  }
}

function describeFinished(run: Facts, reason: Reason, words: Words, nowMs: number): RunDescription {
  const ranMs = (run.finishedAtMs ?? nowMs) - (run.startedAtMs ?? run.finishedAtMs ?? nowMs);
  const t = words.duration(ranMs);
  const n = run.exitCode ?? 0;
  const limit = words.duration(run.timeoutSecs === null ? ranMs : run.timeoutSecs * 1_000);
  const told = words.say(run.deliveredAtMs === null ? 'told.here' : 'told.it');
  return {
    mark: markOf(reason),
    title: words.say(`reason.${reason}.title`),
    line: line(),
    body: body(),
    changed: changed(reason, words),
    act: act(reason, words),
  };

  function line(): string {
    switch (reason) {
      case 'DONE':
      case 'KILLED':
        return words.say(`reason.${reason}.line`, { t });
      case 'FAILED':
        return words.say('reason.FAILED.line', { n });
      case 'TIMEOUT':
        return words.say('reason.TIMEOUT.line', { limit });
      default:
        return words.say(`reason.${reason}.line`);
    }
  }

  function body(): string {
    switch (reason) {
      case 'DONE':
      case 'KILLED':
        return words.say(`reason.${reason}.body`, { t });
      case 'FAILED':
        return words.say('reason.FAILED.body', { n });
      case 'TIMEOUT':
        return words.say('reason.TIMEOUT.body', { limit });
      case 'STALE_VIEW': {
        const offlineMs = run.viewAgeMs ?? null;
        if (offlineMs === null) return words.say('reason.STALE_VIEW.never');
        return words.say('reason.STALE_VIEW.body', { t: words.duration(offlineMs) });
      }
      case 'DEADLINE': {
        const deadlineAtMs = run.deadlineAtMs ?? null;
        if (deadlineAtMs === null) return words.say('reason.DEADLINE.unknown');
        const time = words.moment(deadlineAtMs, nowMs);
        if (run.receivedAtMs <= deadlineAtMs) return words.say('reason.DEADLINE.waited', { time });
        return words.say('reason.DEADLINE.body', { time, late: words.duration(run.receivedAtMs - deadlineAtMs) });
      }
      case 'SIGNATURE':
      case 'CONFLICT':
        return words.say(`reason.${reason}.body`, { told });
      default:
        return words.say(`reason.${reason}.body`);
    }
  }
}

function markOf(reason: Reason): OutcomeMark {
  return reason === 'TIMEOUT' ? 'too_long' : outcomeGroup(reason);
}

function changed(reason: Reason, words: Words): string | null {
  switch (reason) {
    case 'DONE':
      return words.say('changed.done');
    case 'FAILED':
    case 'TIMEOUT':
    case 'INTERRUPTED':
      return words.say('changed.maybe');
    case 'KILLED':
    case 'AGENT_STOPPED':
    case 'KILLED_WAITING':
    case 'BAD_MESSAGE':
      return null;
    default:
      return words.say('changed.nothing');
  }
}

function act(reason: Reason, words: Words): string {
  switch (reason) {
    case 'EXPIRED_ENV':
      return words.say('act.clock');
    case 'FAILED':
    case 'TIMEOUT':
    case 'KILLED':
    case 'AGENT_STOPPED':
    case 'INTERRUPTED':
    case 'START_FAILED':
      return words.say('act.support');
    default:
      return words.say('act.nothing');
  }
}
