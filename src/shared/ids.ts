/**
 * The ids of the fleet and of this PC as types. Invariant: a text from outside is one of these only after the one function for it has
 * looked at it (`subjects.ts` of the wire, of a client's `id-schemas.ts`), so nothing else comes into a subject, a key or a path
 * (protocol §1.3). Nothing of the types remains at run time.
 */
import type { z } from 'zod';

declare const KEY: unique symbol;
declare const SAFE: unique symbol;

/** An id of one kind, as somebody has sent it: any text. */
type Sent<Kind extends string> = string & z.$brand<Kind>;

/** It can stand in a subject. */
export interface SubjectSafe {
  readonly [SAFE]: true;
}

export type SentRequestId = Sent<'request'>;
export type SentExecId = Sent<'exec'>;
export type SentResultId = Sent<'result'>;
export type RequestId = SentRequestId & SubjectSafe;
export type ExecId = SentExecId & SubjectSafe;
export type ResultId = SentResultId & SubjectSafe;
/** It can be the key of a bucket. */
export type KvKey = string & { readonly [KEY]: true };
/** The name of a group: a part of subjects and of keys. */
export type GroupName = KvKey & Sent<'group'> & SubjectSafe;
/** The name of a PC in the fleet; a key as well. */
export type PcId = KvKey & Sent<'pc'> & SubjectSafe;

/** An id as one name: of the durable consumer and the inboxes of a PC. `a.b` and `a_b` have the same (protocol §5). */
export function nameOf(id: string): string {
  return id.replaceAll(/[^A-Za-z0-9_-]/gu, '_');
}

/**
 * The number of a run in the store of this PC, ascending in order of arrival; the store gives it. A bound of a range of runs is a
 * plain number: there need be no run of it.
 */
export type RunId = number & z.$brand<'run'>;

/** A text of this form can always stand in a subject. */
type Uuid = `${string}-${string}-${string}-${string}-${string}`;

export function newRequestId(uuid: Uuid): RequestId {
  return uuid as string as RequestId;
}

export function newExecId(uuid: Uuid): ExecId {
  return uuid as string as ExecId;
}

export function newResultId(uuid: Uuid): ResultId {
  return uuid as string as ResultId;
}
