import { type BackoffPolicy, backoffMs } from '../base/backoff.ts';
import { errorText, type Logger } from '../base/logger.ts';
import { sleep } from '../base/sleep.ts';
import type { Watched } from '../base/watched.ts';
import type { Binding } from './bus.ts';
import type { Session } from './session.ts';

/** How long a binding waits for its stream or bucket to appear: soon at first, then once a minute. */
export const BIND_BACKOFF: BackoffPolicy = { minMs: 500, maxMs: 60_000, jitter: 0.5 };

/**
 * Keeps one thing bound: `bind` is called for each new session and again, after a pause, whenever it returns or throws
 * while its session lives. It stays inside `bind` for as long as the thing works. `bind` calls `bound()` once it does,
 * which resets the pauses.
 */
export function supervise(
  sessions: Watched<Session | null>,
  what: string,
  log: Logger,
  bind: (session: Session, signal: AbortSignal, bound: () => void) => Promise<void>,
  policy: BackoffPolicy = BIND_BACKOFF,
): Binding {
  const closing = new AbortController();
  const run = async (session: Session): Promise<void> => {
    const signal = AbortSignal.any([session.signal, closing.signal]);
    let attempt = 0;
    while (!signal.aborted) {
      try {
        await bind(session, signal, () => {
          attempt = 0;
        });
      } catch (error) {
        if (signal.aborted) return;
        log.debug(`${what} is not bound`, { error: errorText(error) });
      }
      await sleep(backoffMs(policy, attempt++), signal).catch(() => {});
    }
  };
  const follow = (session: Session | null) => {
    if (session !== null) void run(session);
  };
  const stop = sessions.watch(follow);
  follow(sessions.value);
  return {
    close() {
      stop();
      closing.abort(new Error(`${what} was closed`));
    },
  };
}

/** Resolves when the signal is aborted. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
