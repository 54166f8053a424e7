/**
 * Reads a schedule's document to the end: every text in it becomes what it means, or the whole becomes a sentence that says what
 * can't be understood. What the original passes over (a jitter or a cooldown that is no duration) is passed over.
 */
import { NS_PER_MS } from '../../shared/time-units.ts';
import { parseDuration } from '../wire/humantime.ts';
import { wholeSeconds } from '../wire/job.ts';
import { decodeSchedule, type ScheduleDocument, type When } from '../wire/schedule.ts';
import { isDate, readBound, readWindow } from './bounds.ts';
import { readCron } from './cron.ts';
import type { Plan, Read, Repeat } from './types.ts';

type Rhythm = Pick<Plan, 'text' | 'times' | 'triggers' | 'zone' | 'repeat' | 'anyTrigger'>;

class NotUnderstood extends Error {}

/** Of the document under the key `id`. */
export function readPlan(id: string, body: Uint8Array): Read {
  const decoded = decodeSchedule(body);
  if (!decoded.ok) return { ok: false, why: decoded.error };
  try {
    return { ok: true, plan: planOf(id, decoded.schedule) };
  } catch (error) {
    if (!(error instanceof NotUnderstood)) throw error;
    return { ok: false, why: error.message };
  }
}

function planOf(id: string, document: ScheduleDocument): Plan {
  const rhythm = rhythmOf(document.when, document.tz);
  const { jobId, target, require } = document;
  const jitterSecs = document.jitter === null ? null : wholeSeconds(document.jitter);
  if (document.when.kind === 'cron') {
    // What came with `when` means nothing here, as to the original (protocol §6.1).
    return { id, jobId, target, jitterSecs, ...rhythm, ...NO_LIMITS };
  }
  if (document.rollout) refuse('rollout', 'waves are not for schedules that PCs fire themselves');
  if (document.maxConcurrent) refuse('constraints.max_concurrent', 'one PC can not count the runs of the fleet');
  const bounds = { from: readBound(document.active.from), until: readBound(document.active.until) };
  const { from, until } = bounds;
  if (from === undefined) refuse('active.from', expectedTime(document.active.from));
  if (until === undefined) refuse('active.until', expectedTime(document.active.until));
  const window = document.window === null ? null : readWindow(document.window);
  if (document.window !== null && window === null) refuse('constraints.window', `expected HH:MM-HH:MM`);
  const badDate = document.skipDates.find((date) => !isDate(date));
  if (badDate !== undefined) refuse('constraints.skip_dates', `expected dates, found ${JSON.stringify(badDate)}`);
  const { idle, ...required } = require;
  const idleMs = idle === null ? null : durationMs('constraints.require.idle', idle);
  return {
    id,
    jobId,
    target,
    jitterSecs,
    ...rhythm,
    active: { from, until },
    window,
    skipDates: document.skipDates,
    require: { ...required, idleMs },
    retry: document.retry === null ? null : retryOf(document.retry),
    startingDeadlineMs:
      document.startingDeadline === null ? null : durationMs('starting_deadline', document.startingDeadline),
  };
}

const NO_LIMITS = {
  active: { from: null, until: null },
  window: null,
  skipDates: [],
  require: { acPower: false, idleMs: null, cpuBelow: null, network: false },
  retry: null,
  startingDeadlineMs: null,
} as const satisfies Partial<Plan>;

function rhythmOf(when: When, tz: Plan['zone']): Rhythm {
  switch (when.kind) {
    case 'cron': {
      const times = cronTimes('cron', when.expression);
      const repeat = when.once ? cronRepeat(when.cooldown) : ALWAYS;
      return { text: when.expression, times, triggers: [], zone: 'utc', repeat, anyTrigger: false };
    }
    case 'per_pc':
      return {
        text: when.repeat === 'every' ? `per_pc: every ${when.every}` : `per_pc: ${when.repeat}`,
        times: cronTimes('per_pc', EACH_MINUTE),
        triggers: [],
        zone: tz,
        repeat:
          when.repeat === 'every' ? { kind: 'every', ms: durationMs('when.every', when.every) } : { kind: when.repeat },
        anyTrigger: true,
      };
    case 'calendar': {
      const text = `calendar: ${[when.at, ...when.days].join(' ')}`;
      const times = cronTimes('when.calendar', calendarCron(when.at, when.days));
      return { text, times, triggers: [], zone: tz, repeat: ALWAYS, anyTrigger: false };
    }
    case 'on':
      if (when.triggers.length === 0) refuse('when.on', 'expected at least one event');
      return {
        text: `on: ${when.triggers.join(', ')}`,
        times: null,
        triggers: when.triggers,
        zone: tz,
        repeat: ALWAYS,
        anyTrigger: false,
      };
  }
}

const ALWAYS: Repeat = { kind: 'always' };
const EACH_MINUTE = '0 * * * * *';

/** A cooldown that is no duration is none: then once is once. */
function cronRepeat(cooldown: string | null): Repeat {
  const parsed = cooldown === null ? null : parseDuration(cooldown);
  return parsed?.ok === true ? { kind: 'every', ms: msOf(parsed.ns) } : { kind: 'once' };
}

/** `HH:MM` with days, or one day and time. */
function calendarCron(at: string, days: readonly string[]): string {
  const once = /^(\d{4})[-/](\d{1,2})[-/](\d{1,2})[T ](\d{1,2}):(\d\d)$/.exec(at.trim());
  if (once !== null) {
    if (days.length > 0) refuse('when.calendar.days', 'a single day can not be on days of the week too');
    const [year, month, day, hour, minute] = once.slice(1).map(Number);
    return `0 ${minute} ${hour} ${day} ${month} * ${year}`;
  }
  const daily = /^(\d{1,2}):(\d\d)$/.exec(at.trim());
  if (daily === null) refuse('when.calendar.at', `expected HH:MM or YYYY-MM-DD HH:MM, found ${JSON.stringify(at)}`);
  return `0 ${Number(daily[2])} ${Number(daily[1])} * * ${days.length === 0 ? '*' : days.join(',')}`;
}

function cronTimes(name: string, expression: string): Plan['times'] {
  const read = readCron(expression);
  return read.ok ? read.times : refuse(name, read.why);
}

function retryOf({ max, backoff }: { max: number; backoff: string }): Plan['retry'] {
  const backoffSecs = Math.floor(durationMs('on_failure.retry.backoff', backoff) / 1000);
  return { max, backoffSecs };
}

function durationMs(name: string, text: string): number {
  const parsed = parseDuration(text);
  return parsed.ok ? msOf(parsed.ns) : refuse(name, parsed.error);
}

/** 253,000 years: so long after any time of ours is still a time that a Date holds. */
const LONGEST_MS = 8e15;

function msOf(ns: bigint): number {
  return Math.min(Number(ns / NS_PER_MS), LONGEST_MS);
}

function expectedTime(text: string | null): string {
  return `expected YYYY-MM-DD or a time such as 2026-11-24T03:00:00Z, found ${JSON.stringify(text)}`;
}

function refuse(name: string, why: string): never {
  throw new NotUnderstood(`${name}: ${why}`);
}
