/** One try to fetch the script of a run. Where it fails for now, what comes of that is said as what is to be noted in the row. */
import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import { type Outcome, withoutRun } from '../results/ending.ts';
import type { OpenRun } from '../store/inbox.ts';
import type { Note } from '../store/runs.ts';
import type { Store } from '../store/store.ts';
import type { Command } from '../wire/command.ts';
import type { ScriptObjects } from './script-objects.ts';
import { WAITS_WHILE_BUSY, waitsAfter } from './script-wait.ts';

export type FetchedText =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'ended'; readonly outcome: Outcome }
  /** Before its turn, and it could not be kept. */
  | { readonly kind: 'no_room' }
  /** `needsLink`: for the next connection. */
  | { readonly kind: 'waits'; readonly notes: readonly Note[]; readonly needsLink: boolean };

export interface FetchPorts {
  readonly scriptObjects: ScriptObjects;
  readonly store: Pick<Store, 'waits' | 'inbox'>;
  readonly clock: Pick<Clock, 'nowMs' | 'monotonicMs'>;
  readonly log: Logger;
}

export interface Wanted {
  readonly object: NonNullable<Command['scriptObject']>;
  /** There is no slot for it yet: it is fetched only while it can be kept. */
  readonly isAhead: boolean;
}

/** `refusal` asks the gates: it may be a long while since they were. Rejects when aborted. */
export async function fetchText(
  open: OpenRun,
  { object, isAhead }: Wanted,
  { scriptObjects, store, clock, log }: FetchPorts,
  refusal: () => Promise<Outcome | null>,
  signal: AbortSignal,
): Promise<FetchedText> {
  const hasRoom = () => !isAhead || scriptObjects.hasRoom;
  if (!hasRoom()) return { kind: 'no_room' };
  using turn = await scriptObjects.turn(signal);
  const refused = await refusal();
  if (refused !== null) return { kind: 'ended', outcome: refused };
  if (turn === null) return { kind: 'waits', notes: WAITS_WHILE_BUSY, needsLink: false };
  if (!hasRoom()) return { kind: 'no_room' };
  const fromMs = clock.monotonicMs();
  const fetched = await scriptObjects.fetch(open.run, object, { signal, isOwnFire: open.source === 'schedule' });
  if (fetched.kind === 'text') return fetched;
  const { linkUpMs } = scriptObjects;
  const noted = store.waits.span(open.run, 'script');
  const askedMs = clock.monotonicMs() - fromMs;
  const readBytes = fetched.kind === 'refused' ? 0 : fetched.readBytes;
  // Than ever came: whatever was forgotten since then, and over restarts.
  const gotMore = readBytes > (store.inbox.scriptReadBytes(open.run) ?? 0);
  const waits = fetched.kind === 'refused' ? null : waitsAfter({ gotMore, linkUpMs, askedMs }, noted);
  if (waits === null) {
    return { kind: 'ended', outcome: withoutRun('UNSUPPORTED', fetched.why, { nowMs: clock.nowMs() }) };
  }
  if (noted === null) log.warn('a script could not be fetched yet', { request_id: open.requestId, why: fetched.why });
  const notes = [...waits, { kind: 'read', bytes: readBytes } as const];
  return { kind: 'waits', notes, needsLink: linkUpMs === null };
}
