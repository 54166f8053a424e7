/** A task as one reports it to the service desk: by a number to say, and a few lines to send. Invariant: nothing in it that the person may not see. */
import { describeRun, taskName } from './describe-run.ts';
import type { I18n } from './i18n/i18n.ts';
import type { MailDraft } from './mail-link.ts';
import { toldTimes } from './run-times.ts';
import { clip } from './run-title.ts';
import type { RunDetail } from './run-view.ts';

const MAX_NAME_CHARS = 80;

/** "1 204": groups of three are said most easily, and the search takes them as they are said. */
export function spokenNumber(run: number): string {
  return String(run).replaceAll(/\B(?=(\d{3})+$)/g, ' ');
}

/** The number of a run in what somebody searches for, however it is written; null: it is no number. */
export function runNumberIn(search: string): number | null {
  const match = /^[#＃]?\s*((?:[0-9０-９][\s,-]?)+)$/.exec(search.trim());
  if (match === null) return null;
  const digits = (match[1] ?? '').normalize('NFKC').replaceAll(/[^0-9]/g, '');
  return digits.length > 15 ? null : Number(digits);
}

export function taskReport(
  run: RunDetail,
  pcName: string | null,
  userName: string,
  i18n: I18n,
  nowMs: number,
): MailDraft {
  const said = describeRun(run, i18n, nowMs);
  const { startedAtMs, finishedAtMs, foundAtMs } = toldTimes(run);
  const name = clip(taskName(run, i18n), MAX_NAME_CHARS);
  const number = spokenNumber(run.run);
  const pc = pcName ?? '–';
  const time = (ms: number | null) => (ms === null ? null : `${i18n.day(ms)} ${i18n.clockWithSeconds(ms)}`);
  const line = (label: string, text: string | null) => (text === null ? null : `${label}: ${text}`);
  const lines = [
    i18n.t('report.number', { number, pc }),
    i18n.t('report.task', { task: name }),
    i18n.t('report.outcome', { outcome: i18n.join(`${said.title}${i18n.t('report.stop')}`, said.body) }),
    line(i18n.t('run.received'), time(run.receivedAtMs)),
    line(i18n.t('run.started'), time(startedAtMs)),
    line(i18n.t('run.finished'), time(finishedAtMs)),
    line(i18n.t('run.found'), time(foundAtMs)),
    i18n.t('details.user', { user: userName }),
    i18n.t('report.see'),
  ];
  return {
    subject: clip(i18n.t('report.subject', { number, pc, task: name }), 200),
    body: lines.filter((each) => each !== null).join('\n'),
  };
}
