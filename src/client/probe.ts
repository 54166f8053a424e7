/** Whether somebody at the other end of a link still answers: a stopped process keeps it open, so silence is all there is to see. */

/** No answer for this long counts as hung (architecture §4). */
export const HUNG_AFTER_MS = 30_000;
const PROBE_EVERY_MS = 10_000;

/**
 * Asks again and again, and calls `onHung` once when nothing has come back for {@link HUNG_AFTER_MS}. An error is an answer
 * too. Returns what ends it.
 */
export function probe(ask: () => Promise<unknown>, onHung: () => void): () => void {
  let unansweredSinceMs: number | null = null;
  const timer = setInterval(() => {
    if (unansweredSinceMs !== null) {
      if (performance.now() - unansweredSinceMs < HUNG_AFTER_MS - PROBE_EVERY_MS) return;
      clearInterval(timer);
      onHung();
      return;
    }
    unansweredSinceMs = performance.now();
    const answered = () => {
      unansweredSinceMs = null;
    };
    ask().then(answered, answered);
  }, PROBE_EVERY_MS);
  timer.unref();
  return () => clearInterval(timer);
}
