/**
 * Subjects and the ids in them (protocol §1): nothing from outside becomes part of a subject or a key before
 * one of the functions here has said that it can.
 */
import {
  type ExecId,
  type GroupName,
  type KvKey,
  nameOf,
  type PcId,
  type RequestId,
  type SubjectSafe,
} from '../../shared/ids.ts';

const PC_PREFIX = 'commands.pc.';
const GROUP_PREFIX = 'commands.group.';

/** Where commands are sent to (protocol §1.1). */
export const commandSubjects = {
  all: 'commands.all',
  pc: (pcId: PcId) => `${PC_PREFIX}${pcId}`,
  group: (group: GroupName) => `${GROUP_PREFIX}${group}`,
} as const;

export const killSubject = (execId: ExecId) => `kill.${execId}`;
export const resultSubject = (requestId: RequestId) => `results.${requestId}`;
export const heartbeatSubject = (pcId: PcId) => `heartbeat.${pcId}`;
export const pingSubject = (pcId: PcId) => `agents.${pcId}.ping`;
export const logsFetchSubject = (pcId: PcId) => `logs.fetch.${pcId}`;
export const startedSubject = (execId: ExecId, pcId: PcId) => `events.started.${execId}.${pcId}`;
export const liveTailSubject = (pcId: PcId) => `job.tail.${pcId}`;
export const inventorySubject = (pcId: PcId) => `inventory.${pcId}.hw`;
export const obsSubject = (pcId: PcId) => `obs.${pcId}`;
export const inventoryRequestSubject = (pcId: PcId) => `request.inventory.${pcId}`;

/** The durable consumer of a PC on the stream EXEC (protocol §5). `a.b` and `a_b` share one: protocol §5 on its metadata. */
export function durableName(pcId: PcId): string {
  return `agent_replay_${nameOf(pcId)}`;
}

export type CommandTarget =
  | { readonly to: 'all' }
  | { readonly to: 'pc' }
  | { readonly to: 'group'; readonly group: string }
  /** Another PC, or no command subject at all. */
  | { readonly to: 'other' };

/** For whom a command on this subject is. Groups are not checked for membership. */
export function classifyCommandSubject(subject: string, pcId: string): CommandTarget {
  if (subject === commandSubjects.all) return { to: 'all' };
  if (subject === `${PC_PREFIX}${pcId}`) return { to: 'pc' };
  const group = subject.startsWith(GROUP_PREFIX) ? subject.slice(GROUP_PREFIX.length) : '';
  return group === '' ? { to: 'other' } : { to: 'group', group };
}

const PC_ID_MAX = 64;
const PC_ID_LABELS_MAX = 4;

export type ParsedPcId = { readonly ok: true; readonly pcId: PcId } | { readonly ok: false; readonly problem: string };

/** `problem`: why `text` can not be the id of a PC, as a sentence. */
export function parsePcId(text: string): ParsedPcId {
  const problem = pcIdProblem(text);
  return problem === undefined ? { ok: true, pcId: text as PcId } : { ok: false, problem };
}

function pcIdProblem(text: string): string | undefined {
  if (text === '') return 'It is empty.';
  if (text.length > PC_ID_MAX) return `It has ${text.length} characters; at most ${PC_ID_MAX} are possible.`;
  const bad = /[^A-Za-z0-9_.-]/u.exec(text);
  if (bad !== null) {
    return `It contains ${JSON.stringify(bad[0])}; only letters A–Z and a–z, digits, "-", "_" and "." are possible.`;
  }
  const labels = text.split('.');
  if (labels.includes('')) return 'It begins or ends with a dot, or has two dots in a row.';
  if (labels.length > PC_ID_LABELS_MAX) {
    return `It has ${labels.length} parts between dots; at most ${PC_ID_LABELS_MAX} are possible.`;
  }
  return undefined;
}

/** 1 to 200 characters in tokens that are not empty. */
const SUBJECT_ID = /^(?=.{1,200}$)[^\s\p{Cc}*>.]+(?:\.[^\s\p{Cc}*>.]+)*$/su;

/** Whether a request_id or exec_id can stand in a subject (protocol §1.3). */
export function isSubjectId<Id extends string>(id: Id): id is Id & SubjectSafe {
  return SUBJECT_ID.test(id);
}

/**
 * A broker takes a line of 4,096 bytes (`max_control_line`) and ends the connection that sends a longer one. In that of a read stand
 * the bucket twice and the inbox for the answer, which grows with the id of the PC: 205 bytes with the longest of both.
 */
const KV_KEY_MAX = 3_890;
const KV_KEY = /^[-/_=a-zA-Z0-9]+(?:\.[-/_=a-zA-Z0-9]+)*$/;

/** Whether `text` can be a key of a bucket (protocol §1.3). */
export function isKvKey(text: string): text is KvKey {
  return text.length <= KV_KEY_MAX && KV_KEY.test(text);
}

/** The scopes of the configuration in the bucket `agent_config` (protocol §7). */
export const configKeys = {
  global: 'global' as KvKey,
  group: (group: GroupName) => `groups.${group}` as KvKey,
  pc: (pcId: PcId) => `pcs.${pcId}` as KvKey,
} as const;

const GROUP_NAME_MAX = 200;

/** Whether `text` can name a group: it is a part of a key and of a subject. */
export function isGroupName(text: string): text is GroupName {
  return text.length <= GROUP_NAME_MAX && isKvKey(text);
}
