/** How much the helpdesk's screen shows of each thing, and which ends of a task it counts as failures. */
import { outcomeRow, REASONS, type Reason } from './outcomes.ts';

/** How far back failures are counted, and how long the line of the connection is at most. */
export const LOOK_BACK_MS = 7 * 86_400_000;
export const MAX_FAILURE_KINDS = 50;
export const MAX_LINK_SPANS = 1_000;
export const MAX_PARKED_ROWS = 100;
export const MAX_LOG_LINES = 200;
/** Below what a clipboard takes. */
export const MAX_REPORT_CHARS = 512 * 1024;

/** All that ended otherwise than well, what a check left out as well; IT's own hand is none of it. */
export const FAILURES: readonly Reason[] = REASONS.filter(
  (reason) => reason !== 'DONE' && reason !== 'KILLED' && reason !== 'KILLED_WAITING',
);
/** Those that a check left out as it should: there may be very many, and they come last. */
export const LEFT_OUT: readonly Reason[] = FAILURES.filter((reason) => outcomeRow(reason).skipped);
