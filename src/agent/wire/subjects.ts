/** Subjects and what may be part of one (protocol §1, design §7). One function each, so that no rule has two homes. */

const PC_ID = /^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+){0,3}$/;
const PC_ID_MAX = 64;
const ID_MAX = 200;
/** White space, wildcards, controls: what a subject token can't hold. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const NOT_IN_SUBJECT = /[\s*>\u0000-\u001f\u007f]/;
const KV_KEY = /^[-/_=.a-zA-Z0-9]+$/;

export const commandSubjects = {
  all: 'commands.all',
  pc: (pcId: string) => `commands.pc.${pcId}`,
  group: (group: string) => `commands.group.${group}`,
} as const;

export const heartbeatSubject = (pcId: string) => `heartbeat.${pcId}`;
export const resultSubject = (requestId: string) => `results.${requestId}`;
export const killSubject = (execId: string) => `kill.${execId}`;
export const logsFetchSubject = (pcId: string) => `logs.fetch.${pcId}`;
export const pingSubject = (pcId: string) => `agents.${pcId}.ping`;
export const startedSubject = (execId: string, pcId: string) => `events.started.${execId}.${pcId}`;
export const liveTailSubject = (pcId: string) => `job.tail.${pcId}`;
export const inventorySubject = (pcId: string) => `inventory.${pcId}.hw`;
export const inventoryRequestSubject = (pcId: string) => `request.inventory.${pcId}`;

/** The original's name of our consumer on EXEC; `a.b` and `a_b` share one (D22). */
export function durableName(pcId: string): string {
  return `agent_replay_${[...pcId].map((char) => (/[A-Za-z0-9_-]/.test(char) ? char : '_')).join('')}`;
}

export type CommandTarget = { readonly to: 'all' | 'pc' | 'other' } | { readonly to: 'group'; readonly group: string };

/** Whom a message on `commands.>` is for. `pc`: this one. */
export function classifyCommandSubject(subject: string, pcId: string): CommandTarget {
  if (subject === commandSubjects.all) return { to: 'all' };
  if (subject === commandSubjects.pc(pcId)) return { to: 'pc' };
  const prefix = commandSubjects.group('');
  if (subject.startsWith(prefix)) return { to: 'group', group: subject.slice(prefix.length) };
  return { to: 'other' };
}

/** Why `text` can't be a pc_id; undefined: it can. */
export function pcIdProblem(text: string): string | undefined {
  if (text === '') return 'it is empty';
  if (text.length > PC_ID_MAX) return `it is longer than ${PC_ID_MAX} characters`;
  if (PC_ID.test(text)) return undefined;
  return 'it may hold only letters, digits, "-" and "_", in at most four parts joined by dots';
}

/** True for what can be a request_id or an exec_id in a subject: 1 to 200 characters, dots only between other characters. */
export function isSubjectId(text: string): boolean {
  if (text.length === 0 || text.length > ID_MAX || NOT_IN_SUBJECT.test(text) || !text.isWellFormed()) return false;
  return !text.startsWith('.') && !text.endsWith('.') && !text.includes('..');
}

/** True for what can be a key of a KV bucket (protocol §1.5). */
export function isKvKey(text: string): boolean {
  return KV_KEY.test(text) && !text.startsWith('.') && !text.endsWith('.');
}

/** A group's name is a KV key part and a subject token. */
export function isGroupName(text: string): boolean {
  return isKvKey(text) && isSubjectId(text);
}
