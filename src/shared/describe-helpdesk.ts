/**
 * All of the helpdesk's screen as one text, for a ticket, with this PC's hardware and schedules. Invariant: what is not known is said
 * to be so, and nothing is in it that the window does not show.
 */
import type { Hardware } from './about-view.ts';
import type { AgentStatus } from './agent-status.ts';
import type { Setting } from './contract.ts';
import { describeState, type PcSnapshot, pcDetails } from './describe.ts';
import { describeHardware } from './describe-hardware.ts';
import { linkAbsences, linkParts, linkShare } from './describe-link.ts';
import { spokenNumber } from './describe-report.ts';
import { titleText } from './describe-run.ts';
import { describeSchedule } from './describe-schedule.ts';
import { describeWaiting, messageName } from './describe-send.ts';
import { describeSetting } from './describe-settings.ts';
import { LOOK_BACK_MS, MAX_REPORT_CHARS } from './helpdesk-limits.ts';
import type { Failures, LinkHistoryView, LogEnd, Parked } from './helpdesk-view.ts';
import type { I18n } from './i18n/i18n.ts';
import type { PcFacts } from './remembered.ts';
import { clip } from './run-title.ts';
import type { ScheduleRow } from './schedules-view.ts';
import { undelivered } from './troubles.ts';

/** What the screen knows; null: not at present. */
export interface Inside {
  readonly failures: Failures | null;
  readonly link: LinkHistoryView | null;
  readonly parked: Parked | null;
  readonly settings: readonly Setting[] | null;
  readonly log: LogEnd | null;
  readonly hardware: Hardware | null;
  readonly schedules: readonly ScheduleRow[] | null;
}

/** Whom it is about, and when. */
export interface ReportFrame {
  readonly snapshot: PcSnapshot;
  readonly pc: PcFacts | null;
  readonly userName: string;
  readonly nowMs: number;
}

export const MAX_ABSENCES = 100;

export function helpdeskReport(inside: Inside, frame: ReportFrame, i18n: I18n): string {
  const { snapshot, pc, userName, nowMs } = frame;
  const at = `${i18n.day(nowMs)} ${i18n.clockWithSeconds(nowMs)}`;
  const { status } = snapshot;
  const connection = status === null ? [] : connectionLines(status, i18n);
  const { failures, link, parked, settings, log, hardware, schedules } = inside;
  const said = (changed: boolean) =>
    settings?.filter((each) => each.changed === changed).map((each) => settingLine(each, i18n));
  const sections: readonly (readonly [title: string, lines: readonly string[] | undefined])[] = [
    [i18n.t('helpdesk.report.title', { time: at }), [pcDetails(snapshot, pc, userName, i18n, nowMs), ...connection]],
    [i18n.t('support.notices'), status === null ? undefined : troubleLines(snapshot, status, i18n, nowMs)],
    [failuresTitle(failures, i18n, nowMs), failures === null ? undefined : failureLines(failures, i18n, nowMs)],
    [i18n.t('helpdesk.report.link'), link === null ? undefined : linkLines(link, i18n, nowMs)],
    [
      i18n.t('helpdesk.parked'),
      parked === null ? undefined : [...parkedLines(parked, i18n, nowMs), ...waitingLines(status, i18n)],
    ],
    [i18n.t('schedules.title'), schedules?.flatMap((each) => scheduleLines(each, i18n, nowMs))],
    [i18n.t('support.hardware'), hardware === null ? undefined : hardwareLines(hardware, i18n, nowMs)],
    [i18n.t('helpdesk.settings.changed'), said(true)],
    [i18n.t('helpdesk.settings.same'), said(false)],
    [i18n.t('helpdesk.log'), log === null ? undefined : logLines(log, i18n)],
  ];
  const texts = sections.map(([title, lines = [i18n.t('status.unread')]]) =>
    [`## ${title}`, ...(lines.length === 0 ? ['–'] : lines)].join('\n'),
  );
  return clip(texts.join('\n\n'), MAX_REPORT_CHARS);
}

/** Since when they are counted: all seven days, or less of a PC with very many. */
export function failuresTitle(failures: Failures | null, i18n: I18n, nowMs: number): string {
  const sinceMs = failures?.sinceMs ?? null;
  if (sinceMs === null) return i18n.t('helpdesk.failures');
  return i18n.t('helpdesk.failures.since', { time: i18n.moment(sinceMs, nowMs) });
}

function connectionLines({ connection }: AgentStatus, i18n: I18n): string[] {
  return [
    ...fact(i18n.t('support.connection'), i18n.t(`connection.${connection.state}`)),
    ...fact(i18n.t('support.connection.server'), connection.server),
    ...fact(i18n.t('support.connection.why'), connection.why),
  ];
}

function fact(name: string, value: string | null | undefined): string[] {
  return value == null ? [] : [`${name}: ${value}`];
}

/** The sentences of Status, which the state above only counts, and what lies behind them. */
function troubleLines(snapshot: PcSnapshot, status: AgentStatus, i18n: I18n, nowMs: number): string[] {
  const waits = undelivered(status);
  const { log, forbidden } = status.notices;
  const problems = status.agent.faults.list ?? [];
  return [
    ...describeState(snapshot, i18n, nowMs).items.map(({ title, body }) => `${title}: ${body}`),
    ...fact(i18n.t('support.notices.undelivered'), waits?.why),
    ...(log === null ? [] : fact(i18n.t('support.notices.log'), i18n.list([log.path ?? '–', log.why ?? '–']))),
    ...fact(i18n.t('support.notices.forbidden'), forbidden?.subjects?.join(', ')),
    ...problems.map(({ file, line, key, expected }) =>
      i18n.list([`${file}${line === null ? '' : `:${line}`}`, key ?? '–', i18n.t('support.problem', { expected })]),
    ),
  ];
}

function failureLines({ rows, kinds }: Failures, i18n: I18n, nowMs: number): string[] {
  if (rows.length === 0) return [i18n.t('helpdesk.failures.none')];
  const lines = rows.map(({ title, reason, count, lastRun, lastAtMs }) => {
    const often = i18n.t('helpdesk.failures.count', { n: count, time: i18n.moment(lastAtMs, nowMs) });
    const what = `${titleText(title, i18n)}: ${i18n.t(`reason.${reason}.title`)} (${reason})`;
    return `${what} · ${often} · #${spokenNumber(lastRun)}`;
  });
  return kinds > rows.length ? [...lines, i18n.t('helpdesk.more', { n: kinds - rows.length })] : lines;
}

function linkLines(link: LinkHistoryView, i18n: I18n, nowMs: number): string[] {
  const parts = linkParts(link, link.nowMs - LOOK_BACK_MS);
  const absences = linkAbsences(parts, i18n, nowMs).map(({ said }) => said);
  const shown = absences.slice(0, MAX_ABSENCES);
  const more = absences.length - shown.length;
  return [linkShare(parts, i18n), ...shown, ...(more > 0 ? [i18n.t('helpdesk.more', { n: more })] : [])];
}

function parkedLines({ rows, total }: Parked, i18n: I18n, nowMs: number): string[] {
  if (total === 0) return [i18n.t('helpdesk.parked.none')];
  const lines = rows.map(({ kind, resultId, run, title, attempts, parkedAtMs, why }) => {
    const name = messageName(kind, title === null ? null : titleText(title, i18n), i18n);
    const since = i18n.t('helpdesk.parked.since', { n: attempts, time: i18n.moment(parkedAtMs, nowMs) });
    return [name, ...(run === null ? [] : [`#${spokenNumber(run)}`]), resultId, since, why].join(' · ');
  });
  return total > rows.length ? [...lines, i18n.t('helpdesk.more', { n: total - rows.length })] : lines;
}

function waitingLines(status: AgentStatus | null, i18n: I18n): string[] {
  const waiting = status === null ? [] : describeWaiting(status.outbox, i18n);
  return waiting.length === 0 ? [] : [i18n.t('helpdesk.parked.waiting', { what: i18n.list(waiting) })];
}

function settingLine(setting: Setting, i18n: I18n): string {
  const { key, value, source, builtIn } = describeSetting(setting, i18n);
  const instead = builtIn === null ? [] : [i18n.t('helpdesk.settings.builtIn', { value: builtIn })];
  return `${key} = ${value} (${[source, ...instead].join(' · ')})`;
}

function hardwareLines(hardware: Hardware, i18n: I18n, nowMs: number): string[] {
  return describeHardware(hardware, i18n, nowMs).flatMap(({ name, value }) => fact(name, value));
}

/** One line each, and what its document says of it. */
function scheduleLines(row: ScheduleRow, i18n: I18n, nowMs: number): string[] {
  const { name, state, last, skipped } = describeSchedule(row, i18n, nowMs);
  const { id, jobId, when, note } = row.internals ?? { id: null, jobId: null, when: null, note: null };
  return [[name, state, last, skipped, id, jobId, when, note].filter((each) => each !== null).join(' · ')];
}

function logLines(log: LogEnd, i18n: I18n): string[] {
  switch (log.kind) {
    case 'none':
      return [i18n.t('about.data.noLog')];
    case 'unread':
      return [i18n.t('helpdesk.log.unread', { path: log.path, why: log.why })];
    case 'lines':
      return [log.path, ...log.lines];
  }
}
