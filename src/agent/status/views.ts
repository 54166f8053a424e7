/**
 * What a role may see. The server filters, not the window: a user gets name, outcome, reason and times; scripts and ids need
 * the helpdesk role, output that role or policy `ShowOutputToUsers`, which opens nothing else; a `run_as: user` run exists
 * only for its user (architecture §5). Texts are cut before they leave the agent.
 */
import type { Parsed } from '../../shared/contract.ts';
import { runNumberIn } from '../../shared/describe-report.ts';
import { reasonsOf } from '../../shared/outcome-groups.ts';
import { clip, MAX_WHOLE_TITLE_CHARS, runTitle } from '../../shared/run-title.ts';
import type { OutputSize, RunDetail, RunInternals, RunRow } from '../../shared/run-view.ts';
import type { ScheduleRow } from '../../shared/schedules-view.ts';
import { SIGNATURE_STATES } from '../../shared/signatures.ts';
import type { TitleWord } from '../../shared/title-words.ts';
import type { FullScheduleRow } from '../schedules/view.ts';
import { classifyCommandSubject, isSubjectId } from '../wire/subjects.ts';
import { clipped, MAX_ID_CHARS, MAX_TEXT_CHARS } from './clipped.ts';
import type { CommandRecord, KeptSize, RunFilter, RunRecord, ShowOutput, StoredOutput } from './ports.ts';

/** What the filters need to know of the one who asks. */
export interface Visibility {
  readonly account: string;
  readonly helpdesk: boolean;
  readonly showOutput: ShowOutput;
  /** Policy `HideCommandNames`, for whoever is not the helpdesk. */
  readonly nameless: boolean;
  /** Tray mode: what runs "as the system" runs as the signed-in user. */
  readonly asYou: boolean;
}

const MAX_FACTS_CHARS = 16_384;

/** False: for these visibility the run does not exist. */
export function maySee(record: RunRecord, visibility: Visibility): boolean {
  if (visibility.helpdesk || record.runAs !== 'user' || record.runAsUser === null) return true;
  return record.runAsUser === visibility.account;
}

/** What a run that may be seen has written, and nothing else of it: scripts and ids are the helpdesk's. */
export function maySeeOutput(record: RunRecord, visibility: Visibility): boolean {
  if (visibility.helpdesk || visibility.showOutput === 2) return true;
  return visibility.showOutput === 1 && record.runAs === 'user' && record.runAsUser === visibility.account;
}

export function rowOf(
  record: RunRecord,
  { asYou, nameless }: Pick<Visibility, 'asYou' | 'nameless'>,
  maxTitleChars?: number,
): RunRow {
  return {
    run: record.run,
    title: nameless ? { kind: 'hidden' } : runTitle(record.manifestId, record.title, maxTitleChars),
    source: record.source,
    asUser: asYou || record.runAs === 'user',
    state: record.state,
    reason: record.reason,
    exitCode: record.exitCode,
    receivedAtMs: record.receivedAtMs,
    notBeforeMs: record.notBeforeMs,
    startedAtMs: record.startedAtMs,
    finishedAtMs: record.finishedAtMs,
    deliveredAtMs: record.deliveredAtMs,
    timeoutSecs: record.timeoutSecs,
    parked: record.parkedWhy !== null,
    unreported: record.unreported === 1,
  };
}

/** By a kill, which goes by the id of its execution (protocol §1.3): without one that is a subject nobody can name it. */
export function canBeStopped({ execId }: Pick<RunRecord, 'execId'>): boolean {
  return execId !== null && isSubjectId(execId);
}

/** A user sees what comes when, and how the last time went. */
export function scheduleOf(row: FullScheduleRow, { helpdesk, nameless }: Visibility): ScheduleRow {
  const { id, jobId, when, note } = row.internals;
  return {
    ...row,
    title: nameless ? { kind: 'hidden' } : row.title,
    internals: helpdesk
      ? {
          id: clip(id, MAX_ID_CHARS),
          jobId: clipped(jobId),
          when: clipped(when),
          note: clipped(note, MAX_TEXT_CHARS),
        }
      : null,
  };
}

export interface OutputSizes {
  readonly stdout: KeptSize | undefined;
  readonly stderr: KeptSize | undefined;
}

export interface DetailFacts {
  readonly usualMs: number | null;
  /** Other runs of the same task that these visibility may see, newest first. */
  readonly same: readonly RunRecord[];
  readonly pcId: string | null;
}

/** `sizes` is asked for only where these visibility may see them. */
export function detailOf(
  record: RunRecord,
  visibility: Visibility,
  command: CommandRecord | undefined,
  sizes: () => OutputSizes,
  { usualMs, same, pcId }: DetailFacts,
): RunDetail {
  const gates = readFacts(record.facts);
  const viewAgeMs = gates?.viewAgeMs;
  return {
    ...rowOf(record, visibility, MAX_WHOLE_TITLE_CHARS),
    usualMs,
    stoppable: canBeStopped(record),
    audience: audienceOf(record, pcId),
    // Under a hidden name nobody is told which tasks are one.
    same: visibility.nameless ? [] : same.map((each) => rowOf(each, visibility)),
    decidedAtMs: record.decidedAtMs,
    deadlineAtMs: command?.deadlineAtMs ?? null,
    viewAgeMs: typeof viewAgeMs === 'number' ? viewAgeMs : null,
    signature: signatureOf(record),
    internals: visibility.helpdesk ? internalsOf(record, gates) : null,
    output: maySeeOutput(record, visibility) ? sizesOf(sizes()) : null,
  };
}

function signatureOf({ signature, signedBy }: RunRecord): RunDetail['signature'] {
  const state = SIGNATURE_STATES.find((each) => each === signature);
  return state === undefined ? null : { state, kid: clipped(signedBy) };
}

function audienceOf({ source, subject }: RunRecord, pcId: string | null): RunDetail['audience'] {
  if (source === 'schedule') return { to: 'schedule' };
  const target = classifyCommandSubject(subject, pcId ?? '');
  return target.to === 'group' ? { to: 'group', group: clip(target.group, MAX_ID_CHARS) } : { to: target.to };
}

function internalsOf(record: RunRecord, gates: RunInternals['gates']): RunInternals {
  return {
    requestId: clipped(record.requestId),
    resultId: clipped(record.resultId),
    execId: clipped(record.execId),
    manifestId: clipped(record.manifestId),
    version: clipped(record.version),
    subject: clip(record.subject, MAX_ID_CHARS),
    shell: clipped(record.shell),
    runAs: clipped(record.runAs),
    runAsUser: clipped(record.runAsUser),
    detail: clipped(record.detail, MAX_TEXT_CHARS),
    gates,
    parkedWhy: clipped(record.parkedWhy, MAX_TEXT_CHARS),
  };
}

function sizesOf({ stdout, stderr }: OutputSizes): RunDetail['output'] {
  return { stdout: sizeAsKept(stdout), stderr: sizeAsKept(stderr) };
}

/** Bytes in UTF-8 are never fewer than characters. */
function sizeAsKept(size: KeptSize | undefined): OutputSize {
  return { keptChars: size?.keptBytes ?? 0, totalBytes: size?.totalBytes ?? 0, cut: size?.cut ?? false };
}

export function sizeOf(output: StoredOutput | undefined): OutputSize {
  return {
    keptChars: output?.text.length ?? 0,
    totalBytes: output?.totalBytes ?? 0,
    cut: output?.cut ?? false,
  };
}

type RunConditions = Partial<
  Pick<Parsed<'runs.list'>, 'group' | 'reasons' | 'fromMs' | 'toMs' | 'search' | 'shownAs' | 'afterRun'>
>;

/** What to look for, as these visibility may: their search does not reach into ids and output they may not see. */
export function conditionsOf(query: RunConditions, visibility: Visibility): RunFilter {
  const { group, fromMs, toMs, search, shownAs = [], afterRun } = query;
  const numbered = search === undefined ? null : runNumberIn(search);
  const ofGroup = group === undefined || group === 'open' ? undefined : reasonsOf(group);
  const reasons = query.reasons === undefined ? ofGroup : query.reasons.filter((r) => ofGroup?.includes(r) ?? true);
  return {
    ...visibleTo(visibility),
    ...(group === 'open' ? { openOnly: true } : {}),
    ...(reasons === undefined ? {} : { reasons }),
    ...(fromMs === undefined ? {} : { receivedFromMs: fromMs }),
    ...(toMs === undefined ? {} : { receivedBeforeMs: toMs }),
    ...(afterRun === undefined ? {} : { afterRun }),
    ...(search === undefined
      ? {}
      : {
          search,
          shownAs: shownTo(shownAs, visibility),
          nameless: visibility.nameless,
          searchEverything: visibility.helpdesk,
          ...(numbered === null ? {} : { numbered }),
        }),
  };
}

/** Whether a name is hidden is for the agent to say. */
function shownTo(shownAs: readonly TitleWord[], { nameless }: Visibility): TitleWord[] {
  return shownAs.filter((word) => (word === 'hidden') === nameless || word === 'scheduled');
}

/** A search looks into output where all of it may be seen. */
export function maySearchOutput(visibility: Visibility): boolean {
  return visibility.helpdesk || visibility.showOutput === 2;
}

/** The condition for everything these visibility may see. */
export function visibleTo(visibility: Visibility): RunFilter {
  return visibility.helpdesk ? {} : { userRunsOf: visibility.account };
}

function readFacts(text: string | null): Record<string, unknown> | null {
  if (text === null || text.length > MAX_FACTS_CHARS) return null;
  try {
    const facts: unknown = JSON.parse(text);
    return typeof facts === 'object' && facts !== null ? { ...facts } : null;
  } catch {
    return null;
  }
}
