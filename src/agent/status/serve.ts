/** Serves the local socket: one listener for each account (threat-model §1), all on the same view of the agent. */
import { drop } from '../../base/drop.ts';
import type { Watched } from '../../base/watched.ts';
import type { EndpointGuard } from '../../platform/endpoint-acl.ts';
import { AccountShares } from './account-share.ts';
import { choosePlace } from './address.ts';
import { Endpoints } from './endpoint.ts';
import { Helpdesk } from './helpdesk.ts';
import { openListener } from './listener.ts';
import { OutputReaders } from './output-reader.ts';
import type { StatusPorts } from './ports.ts';
import { Projection } from './projection.ts';

export interface ServeOptions {
  readonly ports: StatusPorts;
  /** `<data>/kanade-tray`; its parent must be there. */
  readonly directory: string;
  readonly guard: EndpointGuard;
  /** Who is signed in on this PC (uids or SIDs). Used where the agent may give files away. */
  readonly accounts: Watched<readonly string[]>;
  /** Known to the process that started the agent; 32 bytes. */
  readonly hostSecret: Uint8Array | null;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** `/run`, where root's sockets go. */
  readonly runDirectory: string;
}

export interface StatusServer {
  /** Of the account that the agent runs as. */
  readonly address: string;
  /** Hangs up, and takes sockets and endpoint files away. */
  close(): Promise<void>;
}

export type Serving =
  | { readonly kind: 'serving'; readonly server: StatusServer }
  | { readonly kind: 'failed'; readonly why: string };

/** Begins to listen. Failing is an answer: the agent works on without its window, and says so in the log. */
export async function serveStatus(options: ServeOptions): Promise<Serving> {
  const { ports, guard, accounts, directory, hostSecret } = options;
  const place = await choosePlace({ ...options, platform: process.platform });
  if (!place.ok) return { kind: 'failed', why: place.why };
  const shared = {
    ports,
    projection: new Projection(ports),
    helpdesk: new Helpdesk(ports),
    outputs: new OutputReaders(),
    ownAccount: guard.own,
    isAdministrator: (account: string) => guard.isAdministrator(account),
    hostSecret,
  };
  const shares = new AccountShares(ports.clock);
  const endpoints = new Endpoints({
    directory,
    guard,
    log: ports.log,
    open: async (account, token) => {
      const address = await place.addressFor(account);
      const deps = { ...shared, account, token, share: shares.of(account) };
      return openListener({ address, guard, deps, log: ports.log });
    },
  });
  const started = await endpoints.start();
  if (!started.ok) {
    await endpoints.close();
    return { kind: 'failed', why: started.why };
  }
  const unwatch = accounts.watch((now) => drop(endpoints.serve(now), ports.log, 'serving accounts'));
  await endpoints.serve(accounts.value);
  const close = async () => {
    unwatch();
    await endpoints.close();
  };
  return { kind: 'serving', server: { address: endpoints.addressOf(guard.own) ?? '', close } };
}
