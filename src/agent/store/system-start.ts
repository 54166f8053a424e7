/**
 * Which start of the system this is, for what is to be done once for each. Most systems name it; where one does not, it is the one
 * that this store has met before if it began at about the same time and has gone on since.
 */
import type { Database } from 'better-sqlite3';
import type { Clock } from '../../base/clock.ts';
import type { GroupCommit } from './group-commit.ts';
import { Meta } from './meta.ts';

const KEY = 'system_start';
/** A wall clock that is set by so much makes no other start of it (as 0.101 has it). */
const SAME_MS = 120_000;

interface Met {
  readonly name: string;
  /** When it began, by the wall clock, and how long it had been up when this was noted; ms. */
  readonly beganMs: number;
  readonly upMs: number;
}

/** `boot`: the system's own name; null: it gives none. A note that can't be written now is written at the next opening. */
export function systemStart(db: Database, group: GroupCommit, clock: Clock, boot: string | null): string {
  if (boot !== null) return boot;
  const meta = new Meta(db);
  const upMs = Math.round(clock.upMs());
  const beganMs = clock.nowMs() - upMs;
  const met = meta.json<Met>(KEY);
  const isSame = met !== null && Math.abs(met.beganMs - beganMs) <= SAME_MS && upMs >= met.upMs;
  const name = isSame ? met.name : `began-${beganMs}`;
  group.submitLazily(() => meta.setJson(KEY, { name, beganMs, upMs } satisfies Met)).catch(() => {});
  return name;
}
