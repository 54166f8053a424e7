/** The local socket, for tray, window and command line. Part of the composition root. */
import type { Lifecycle } from './base/lifecycle.ts';
import { sleep } from './base/sleep.ts';
import { until } from './base/watched.ts';
import { signedInAccounts } from './os/accounts.ts';
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

/** Serves until the end of `life`; tries again while it can't. Loaded late: nobody in the fleet waits for it. */
export async function serveLocally(parts: StatusParts, hostSecret: Uint8Array | null, life: Lifecycle): Promise<void> {
  const [{ serveStatus }, { endpointGuard }] = await Promise.all([
    import('./status/serve.ts'),
    import('./os/endpoint-acl.ts'),
  ]);
  const log = parts.log.logger;
  const ending = new AbortController();
  const accounts = signedInAccounts(log.child('os'));
  life.add('accounts', () => {
    ending.abort(new Error('stopping'));
    accounts.close();
  });
  while (!ending.signal.aborted) {
    const serving = await serveStatus({
      ports: statusPorts(parts),
      directory: parts.config.directories.own,
      guard: await endpointGuard(),
      accounts: accounts.accounts,
      hostSecret,
      env: process.env,
      runDirectory: '/run',
    });
    if (serving.kind === 'serving') {
      life.add('status', () => serving.server.close());
      return;
    }
    log.error('the local socket can not be served yet', { why: serving.why });
    await sleep(RETRY_MS, ending.signal).catch(() => {});
  }
}
