/**
 * How long a script that can't be fetched is waited for. Only the time counts in which a broker was there, was asked and did not give
 * it, with the pauses that we make between: not a wait for our own turn, or for an update. It is kept in the run's row, so that neither
 * a busy PC nor a restart begins it anew.
 */
import type { Span, Wait } from '../store/waits.ts';

/** A broker that is there and does not give a script for so long will not. */
const PATIENCE_MS = 10 * 60_000;
const RETRY_MIN_MS = 1_000;
const RETRY_MAX_MS = 30_000;
/** The next connection is what is waited for; this is for one that nobody has told of. */
const RETRY_OFFLINE_MS = 15 * 60_000;
/** Others are being fetched. */
const RETRY_BUSY_MS = 2_000;

export interface FetchFailure {
  /** More of it came than ever before. */
  readonly gotMore: boolean;
  /** For how long there has been a broker, ms; null: there is none. */
  readonly linkUpMs: number | null;
  /** For how long the broker was asked this time, ms. */
  readonly askedMs: number;
  /** The pause that was wanted before, ms. */
  readonly pauseMs: number;
}

/** What is to be noted in the row; null: it was waited for long enough. `noted`: the `script` of the failure before. */
export function waitsAfter(
  { gotMore, linkUpMs, askedMs, pauseMs: wantedMs }: FetchFailure,
  noted: Span | null,
): readonly Wait[] | null {
  if (linkUpMs === null) return [retryIn(RETRY_OFFLINE_MS)];
  // One that waited for a connection is no pause that we made.
  const triedMs = askedMs + Math.min(wantedMs, RETRY_MAX_MS);
  const leftMs =
    noted === null || gotMore ? PATIENCE_MS : noted.askedMs - Math.min(noted.askedMs - noted.leftMs, linkUpMs, triedMs);
  if (leftMs <= 0) return null;
  const waitedMs = PATIENCE_MS - leftMs;
  const pauseMs = Math.min(RETRY_MAX_MS, Math.max(RETRY_MIN_MS, waitedMs / 4));
  return [{ kind: 'script', askedMs: Math.ceil(leftMs), anew: true }, retryIn(Math.min(pauseMs, leftMs))];
}

/** So many others are fetched that nobody has asked for it yet. */
export const WAITS_WHILE_BUSY: readonly Wait[] = [retryIn(RETRY_BUSY_MS)];

function retryIn(ms: number): Wait {
  return { kind: 'retry', askedMs: Math.ceil(ms), anew: true };
}
