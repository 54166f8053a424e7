/** One connection to the status server, in memory: as a client that knows its token, or bare. */
import { AccountShares } from '../../src/agent/status/account-share.ts';
import { serveClient } from '../../src/agent/status/client-connection.ts';
import type { ClientDeps } from '../../src/agent/status/client-deps.ts';
import { Helpdesk } from '../../src/agent/status/helpdesk.ts';
import { OutputReaders } from '../../src/agent/status/output-reader.ts';
import { Projection } from '../../src/agent/status/projection.ts';
import { type AgentClient, type OpenResult, openAgent } from '../../src/shared/client.ts';
import type { ClientKind } from '../../src/shared/contract.ts';
import { type Link, memoryLinks } from '../../src/shared/link.ts';
import type { StatusWorld } from './status.ts';

export const ADDRESS = '/run/kanade-tray/test.sock';
export const HOST_SECRET = 'ab'.repeat(32);
/** The accounts of a PC: the agent runs as root; two people are signed in. */
export const ROOT = '0';
export const TARO = '1000';
export const HANAKO = '1001';

export interface TestDeps extends ClientDeps {
  readonly shares: AccountShares;
}

export function clientDeps(world: StatusWorld, more: Partial<ClientDeps> = {}): TestDeps {
  const shares = new AccountShares(world.ports.clock);
  return {
    shares,
    share: shares.of(TARO),
    ports: world.ports,
    projection: new Projection(world.ports),
    helpdesk: new Helpdesk(world.ports),
    outputs: new OutputReaders(),
    address: ADDRESS,
    account: TARO,
    token: tokenOf(TARO),
    ownAccount: ROOT,
    isAdministrator: (account) => account === ROOT,
    hostSecret: Buffer.from(HOST_SECRET, 'hex'),
    onProven: () => null,
    ...more,
  };
}

export interface As {
  readonly account?: string;
  readonly client?: ClientKind;
  readonly hostSecret?: string;
  readonly token?: string;
  readonly address?: string;
}

/** The client's end of a new connection to the listener of `account`. */
export function clientLink(deps: TestDeps, account = deps.account): Link {
  const [server, client] = memoryLinks();
  serveClient(server, { ...deps, account, share: deps.shares.of(account), token: tokenOf(account) });
  return client;
}

export function tokenOf(account: string): Uint8Array {
  return Buffer.alloc(32, `token of ${account}`);
}

export function tryOpen(deps: TestDeps, as: As = {}): Promise<OpenResult> {
  const account = as.account ?? TARO;
  const token = as.token ?? Buffer.from(tokenOf(account)).toString('hex');
  return openAgent(clientLink(deps, account), {
    endpoint: { address: as.address ?? ADDRESS, token },
    client: as.client ?? 'window',
    ...(as.hostSecret === undefined ? {} : { hostSecret: as.hostSecret }),
    signal: AbortSignal.timeout(10_000),
  });
}

export async function open(deps: TestDeps, as: As = {}): Promise<AgentClient> {
  const opened = await tryOpen(deps, as);
  if (opened.kind !== 'open') throw new Error(`the connection did not open: ${opened.kind}`);
  return opened.agent;
}
