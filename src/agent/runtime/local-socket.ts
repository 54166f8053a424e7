/** The local socket, for tray, window and command line. Part of the composition root. */
import { dirname } from 'node:path';
import { errorText, type Logger } from '../../base/logger.ts';
import { sleep } from '../../base/sleep.ts';
import { until } from '../../base/watched.ts';
import { signedInAccounts } from '../../platform/accounts.ts';
import { makeDirectoryAsync } from '../../shared/make-directory.ts';
import type { StatusPorts } from '../status/ports.ts';
import type { StatusServer } from '../status/serve.ts';
import { type StatusParts, statusPorts } from './status-ports.ts';

/** The tray does not wait longer than this for its socket, whether there is a broker or not. */
const SERVE_WITHIN_MS = 250;
/** From the connection to the heartbeat on it. */
const HEARTBEAT_GOES_MS = 20;
/** A disk that is full or a directory that is in the way may be put right. */
const RETRY_MS = 10_000;

/** Resolves when the first heartbeat has gone out, soon in any case: the tray is served without a broker too. */
export async function fleetHasSeenUs({ bus }: Pick<StatusParts, 'bus'>): Promise<void> {
  const soon = AbortSignal.timeout(SERVE_WITHIN_MS);
  await until(bus.link, ({ state }) => state === 'connected', soon).catch(() => {});
  await sleep(HEARTBEAT_GOES_MS);
}

/**
 * The socket of a running agent. It opens late, since nobody in the fleet waits for it, and closes last: whoever looks on sees
 * the agent finish, and not an agent that is gone while a task still runs.
 */
export class LocalSocket {
  #serving: ServingAccounts | null = null;
  #closed = false;

  /** Serves until {@link close}; tries again while it can't. */
  async open(parts: StatusParts, hostSecret: Uint8Array | null): Promise<void> {
    if (this.#closed) return;
    this.#serving = serveAccounts(statusPorts(parts), parts.config.directories.agentDir, hostSecret, parts.log.logger);
    await this.#serving.begun;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#serving?.close();
  }
}

export interface ServingAccounts {
  /** Resolves when it serves, or was closed before it could. */
  readonly begun: Promise<void>;
  close(): Promise<void>;
}

/** The local socket for who is signed in; tried again while it can't be opened. `directory`: `<data>/kanade-tray`. */
export function serveAccounts(
  ports: StatusPorts,
  directory: string,
  hostSecret: Uint8Array | null,
  log: Logger,
): ServingAccounts {
  const ending = new AbortController();
  const accounts = signedInAccounts(log.child('os'));
  let server: StatusServer | null = null;
  const begun = serve();
  return {
    begun,
    async close() {
      ending.abort(new Error('stopping'));
      accounts.close();
      await begun;
      await server?.close();
    },
  };

  async function serve(): Promise<void> {
    while (server === null && !ending.signal.aborted) {
      try {
        server = await tryToServe();
      } catch (error) {
        log.error('the local socket can not be served yet', { why: errorText(error) });
        await sleep(RETRY_MS, ending.signal).catch(() => {});
      }
    }
  }

  async function tryToServe(): Promise<StatusServer> {
    const [{ serveStatus }, { endpointGuard }] = await Promise.all([
      import('../status/serve.ts'),
      import('../../platform/endpoint-acl.ts'),
    ]);
    // A PC without settings has no data either, and is to say so.
    await makeDirectoryAsync(dirname(directory), 0o711);
    const serving = await serveStatus({
      ports,
      directory,
      guard: endpointGuard(),
      accounts: accounts.accounts,
      hostSecret,
      env: process.env,
      runDirectory: '/run',
    });
    if (serving.kind === 'failed') throw new Error(serving.why);
    return serving.server;
  }
}
