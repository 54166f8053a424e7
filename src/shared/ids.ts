/**
 * The ids of the fleet and of this PC as types. Invariant: a text from outside is one of these only after the one function for it has
 * looked at it (`subjects.ts` of the wire), so nothing else comes into a subject, a key or a path (protocol §1.3). Nothing of the
 * types remains at run time.
 */

import { z } from 'zod';

declare const KIND: unique symbol;
declare const KEY: unique symbol;
declare const SAFE: unique symbol;

/** An id of one kind, as somebody has sent it: any text. */
type Sent<Kind extends string> = string & { readonly [KIND]: Kind };

/** It can stand in a subject. */
export interface SubjectSafe {
  readonly [SAFE]: true;
}

export type SentRequestId = Sent<'request'>;
export type SentExecId = Sent<'exec'>;
export type RequestId = SentRequestId & SubjectSafe;
export type ExecId = SentExecId & SubjectSafe;
/** It can be the key of a bucket. */
export type KvKey = string & { readonly [KEY]: true };
/** The name of a group: a part of subjects and of keys. */
export type GroupName = KvKey & Sent<'group'> & SubjectSafe;
/** The name of a PC in the fleet; a key as well. */
export type PcId = KvKey & Sent<'pc'> & SubjectSafe;

/**
 * The number of a run in the store of this PC, ascending in order of arrival. The store gives it; what a client names comes through
 * this schema. A bound of a range of runs is a plain number: there need be no run of it.
 */
export const runIdSchema = z.number().int().min(1).brand<'run'>();
export type RunId = z.infer<typeof runIdSchema>;
