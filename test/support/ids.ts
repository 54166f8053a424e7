/** Ids for tests, by the checks that every id goes through. */
import { isGroupName, isKvKey, isSubjectId, parsePcId } from '../../src/agent/wire/subjects.ts';
import { runIdSchema } from '../../src/shared/id-schemas.ts';
import type {
  ExecId,
  GroupName,
  KvKey,
  PcId,
  RequestId,
  ResultId,
  RunId,
  SentExecId,
  SentRequestId,
  SentResultId,
} from '../../src/shared/ids.ts';

export function pcIdOf(text: string): PcId {
  const parsed = parsePcId(text);
  if (!parsed.ok) throw new Error(`${text} is no pc_id. ${parsed.problem}`);
  return parsed.pcId;
}

export function requestIdOf(text: string): RequestId {
  return checked(text as SentRequestId);
}

export function execIdOf(text: string): ExecId {
  return checked(text as SentExecId);
}

export function kvKeyOf(text: string): KvKey {
  if (!isKvKey(text)) throw new Error(`${text} can not be a key`);
  return text;
}

export function groupsOf(...names: readonly string[]): ReadonlySet<GroupName> {
  const wrong = names.find((name) => !isGroupName(name));
  if (wrong !== undefined) throw new Error(`${wrong} can not be a group`);
  return new Set(names.filter(isGroupName));
}

function checked<Id extends string>(id: Id) {
  if (!isSubjectId(id)) throw new Error(`${id} can not stand in a subject`);
  return id;
}

export function resultIdOf(text: string): ResultId {
  return checked(text as SentResultId);
}

export function runIdOf(run: number): RunId {
  return runIdSchema.parse(run);
}
