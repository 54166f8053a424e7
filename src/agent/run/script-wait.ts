/**
 * How long a script that can't be fetched is waited for. Only the time counts in which a broker was there, was asked and did not give
 * it, with the pauses that we make between: not a wait for our own turn, or for an update. It is kept in the run's row, so that neither
 * a busy PC nor a restart begins it again.
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
}

/** What is to be noted in the row; null: it was waited for long enough. `noted`: the `script` of the failure before. */
export function waitsAfter({ gotMore, linkUpMs, askedMs }: FetchFailure, noted: Span | null): readonly Wait[] | null {
  if (linkUpMs === null) return [retryIn(RETRY_OFFLINE_MS)];
  const leftMs = noted === null || gotMore ? PATIENCE_MS : noted.askedMs - triedMs(noted, linkUpMs, askedMs);
  if (leftMs <= 0) return null;
  return [{ kind: 'script', askedMs: Math.ceil(leftMs), restart: true }, retryIn(pauseMs(leftMs))];
}

/** What counts of the time since it was noted. The pause that was made is told by what was left then: its own wait may be over. */
function triedMs({ askedMs: leftThenMs, leftMs }: Span, linkUpMs: number, askedMs: number): number {
  return Math.min(leftThenMs - leftMs, linkUpMs, askedMs + pauseMs(leftThenMs));
}

/**
 * Longer and longer, and never beyond the end. It is told by what is left, which the row keeps, and not by a number of tries, as a
 * back-off is.
 */
function pauseMs(leftMs: number): number {
  return Math.min(leftMs, RETRY_MAX_MS, Math.max(RETRY_MIN_MS, (PATIENCE_MS - leftMs) / 4));
}

/** So many others are fetched that nobody has asked for it yet. */
export const WAITS_WHILE_BUSY: readonly Wait[] = [retryIn(RETRY_BUSY_MS)];

function retryIn(ms: number): Wait {
  return { kind: 'retry', askedMs: Math.ceil(ms), restart: true };
}
