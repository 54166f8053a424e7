/** Bindings that come back: whatever was asked for is bound in each connection, and again when it is lost (invariant 10). */
import { type BackoffPolicy, backoffMs } from '../../base/backoff.ts';
import { drop } from '../../base/drop.ts';
import { errorText, type Logger } from '../../base/logger.ts';
import { sleep } from '../../base/sleep.ts';
import type { Watched } from '../../base/watched.ts';
import { isNotForUs } from './api.ts';
import type { BrokerConnection } from './broker-connection.ts';
import type { Binding } from './bus.ts';

/** How long a binding waits for its stream or bucket to appear: soon at first, then once a minute. */
export const BIND_BACKOFF: BackoffPolicy = { minMs: 500, maxMs: 60_000, jitter: 0.5 };
/** What ends sooner was made, and never worked: made again at once it would be so for ever. */
const LASTS_MS = 10_000;

/**
 * Keeps one thing bound: `bind` is called for each new connection and again, after a pause, whenever it returns or throws
 * while its connection lives. It stays inside `bind` for as long as the thing works. `bind` calls `bound()` once it is made:
 * where that lasts, or `bind` returns since it was asked to, the pauses begin from the shortest again. Why it is not bound is warned of
 * once for each reason, not for each try; what is not there yet is no reason for that, and what is forbidden is said where it is
 * refused.
 */
export function supervise(
  connections: Watched<BrokerConnection | null>,
  what: string,
  log: Logger,
  bind: (connection: BrokerConnection, signal: AbortSignal, bound: () => void) => Promise<void>,
  policy: BackoffPolicy = BIND_BACKOFF,
  lastsMs: number = LASTS_MS,
): Binding {
  const closing = new AbortController();
  let reason: string | null = null;
  const failed = (error: unknown) => {
    const why = errorText(error);
    const expected = isNotForUs(error);
    if (expected || why === reason) log.debug(`${what} is not bound`, { error: why });
    else log.warn(`${what} is not bound`, { error: why });
    reason = expected ? null : why;
  };
  const run = async (connection: BrokerConnection): Promise<void> => {
    const signal = AbortSignal.any([connection.signal, closing.signal]);
    let attempt = 0;
    const works = () => {
      attempt = 0;
      if (reason !== null) log.info(`${what} is bound again`);
      reason = null;
    };
    let lasting: NodeJS.Timeout | undefined;
    const bound = () => {
      lasting = setTimeout(works, lastsMs);
    };
    while (!signal.aborted) {
      try {
        await bind(connection, signal, bound);
        if (lasting !== undefined) attempt = 0;
      } catch (error) {
        if (signal.aborted) return;
        failed(error);
      } finally {
        clearTimeout(lasting);
        lasting = undefined;
      }
      await sleep(backoffMs(policy, attempt++), signal).catch(() => {});
    }
  };
  const follow = (connection: BrokerConnection | null) => {
    if (connection !== null) drop(run(connection), log, what);
  };
  const stop = connections.watch(follow);
  follow(connections.value);
  return {
    close() {
      stop();
      closing.abort(new Error(`${what} was closed`));
    },
  };
}
