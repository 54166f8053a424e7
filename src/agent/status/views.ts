/**
 * What a role may see. The server filters, not the window: a user gets name, outcome, reason and times; output, scripts
 * and ids need the helpdesk role or policy `ShowOutputToUsers`; a `run_as: user` run exists only for its user
 * (architecture §5). Texts are cut before they leave the agent.
 */

import type { Parsed } from '../../shared/contract.ts';
import { reasonsOf } from '../../shared/outcome-groups.ts';
import { clip, runTitle } from '../../shared/run-title.ts';
import type { RunDetail, RunInternals, RunRow } from '../../shared/run-view.ts';
import { SIGNATURE_STATES } from '../../shared/signatures.ts';
import type { CommandRecord, RunFilter, RunRecord, ShowOutput, StoredOutput } from './ports.ts';

/** What the filters need to know of the one who asks. */
export interface Eyes {
  readonly account: string;
  readonly helpdesk: boolean;
  readonly showOutput: ShowOutput;
  /** Policy `HideCommandNames`, for whoever is not the helpdesk. */
  readonly nameless: boolean;
  /** Tray mode: what runs "as the system" runs as the signed-in user. */
  readonly asYou: boolean;
}

const MAX_ID_CHARS = 500;
const MAX_DETAIL_CHARS = 2_000;
const MAX_FACTS_CHARS = 16_384;

/** False: for these eyes the run does not exist. */
export function maySee(record: RunRecord, eyes: Eyes): boolean {
  if (eyes.helpdesk || record.runAs !== 'user' || record.runAsUser === null) return true;
  return record.runAsUser === eyes.account;
}

/** Output, script and ids of a run that may be seen. */
export function maySeeInside(record: RunRecord, eyes: Eyes): boolean {
  if (eyes.helpdesk || eyes.showOutput === 2) return true;
  return eyes.showOutput === 1 && record.runAs === 'user' && record.runAsUser === eyes.account;
}

export function rowOf(record: RunRecord, { asYou, nameless }: Pick<Eyes, 'asYou' | 'nameless'>): RunRow {
  return {
    run: record.run,
    title: nameless ? { kind: 'hidden' } : runTitle(record.manifestId, record.title),
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

export interface Outputs {
  readonly stdout: StoredOutput | undefined;
  readonly stderr: StoredOutput | undefined;
}

/** `inside` is asked for only where these eyes may look inside. */
export function detailOf(
  record: RunRecord,
  eyes: Eyes,
  command: CommandRecord | undefined,
  inside: () => Outputs,
): RunDetail {
  const gates = readFacts(record.facts);
  const viewAgeMs = gates?.viewAgeMs;
  return {
    ...rowOf(record, eyes),
    decidedAtMs: record.decidedAtMs,
    deadlineAtMs: command?.deadlineAtMs ?? null,
    viewAgeMs: typeof viewAgeMs === 'number' ? viewAgeMs : null,
    signature: signatureOf(record),
    internals: maySeeInside(record, eyes) ? internalsOf(record, gates, inside()) : null,
  };
}

function signatureOf({ signature, signedBy }: RunRecord): RunDetail['signature'] {
  const state = SIGNATURE_STATES.find((each) => each === signature);
  return state === undefined ? null : { state, kid: clipped(signedBy) };
}

function internalsOf(record: RunRecord, gates: RunInternals['gates'], outputs: Outputs): RunInternals {
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
    detail: clipped(record.detail, MAX_DETAIL_CHARS),
    gates,
    parkedWhy: clipped(record.parkedWhy, MAX_DETAIL_CHARS),
    stdout: sizeOf(outputs.stdout),
    stderr: sizeOf(outputs.stderr),
  };
}

export function sizeOf(output: StoredOutput | undefined): RunInternals['stdout'] {
  return {
    keptChars: output?.text.length ?? 0,
    totalBytes: output?.totalBytes ?? 0,
    cut: output?.cut ?? false,
  };
}

/** What to look for, as these eyes may: their search does not reach into ids and output they may not see. */
export function conditionsOf(query: Parsed<'runs.list'>, eyes: Eyes): RunFilter {
  const { group, fromMs, toMs, search, afterRun } = query;
  const ofGroup = group === undefined || group === 'open' ? undefined : reasonsOf(group);
  const reasons = query.reasons === undefined ? ofGroup : query.reasons.filter((r) => ofGroup?.includes(r) ?? true);
  return {
    ...visibleTo(eyes),
    ...(group === 'open' ? { openOnly: true } : {}),
    ...(reasons === undefined ? {} : { reasons }),
    ...(fromMs === undefined ? {} : { receivedFromMs: fromMs }),
    ...(toMs === undefined ? {} : { receivedBeforeMs: toMs }),
    ...(afterRun === undefined ? {} : { afterRun }),
    ...(search === undefined
      ? {}
      : { search, nameless: eyes.nameless, searchEverything: eyes.helpdesk || eyes.showOutput === 2 }),
  };
}

/** The condition for everything these eyes may see. */
export function visibleTo(eyes: Eyes): RunFilter {
  return eyes.helpdesk ? {} : { userRunsOf: eyes.account };
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

function clipped(text: string | null, maxChars = MAX_ID_CHARS): string | null {
  return text === null ? null : clip(text, maxChars);
}
