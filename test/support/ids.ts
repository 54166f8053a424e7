/** Ids for tests, by the checks that every id goes through. */

import { isSubjectId, parsePcId } from '../../src/agent/wire/subjects.ts';
import type { ExecId, PcId, RequestId, SentExecId, SentRequestId } from '../../src/base/ids.ts';

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

function checked<Id extends string>(id: Id) {
  if (!isSubjectId(id)) throw new Error(`${id} can not stand in a subject`);
  return id;
}
