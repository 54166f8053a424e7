/** Talks to a running agent as the window, the command line or its host would. */
import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { ownAccount } from '../../src/platform/accounts.ts';
import { ADMINISTRATORS_SID } from '../../src/platform/windows/access-list.ts';
import {
  type AgentClient,
  type Endpoint,
  endpointSchema,
  type OpenResult,
  openAgent,
} from '../../src/shared/client.ts';
import type { ClientKind } from '../../src/shared/contract.ts';
import { framedLink, MAX_FRAME_BYTES } from '../../src/shared/frames.ts';

export interface ConnectOptions {
  /** The agent's data directory, in which `kanade-tray/ipc` lies. */
  readonly dataDirectory: string;
  /** Whose endpoint file is read; our own uid by default. */
  readonly account?: string;
  /** `cli` by default. */
  readonly client?: ClientKind;
  /** Hex. */
  readonly hostSecret?: string;
  readonly signal?: AbortSignal;
}

/** Whose endpoint is for who runs the PC; as root on Linux we are that ourselves. */
export const ADMINISTRATOR: { readonly account?: string } =
  process.platform === 'win32' ? { account: ADMINISTRATORS_SID } : {};

const CONNECT_MS = 10_000;

/** Rejects where there is no endpoint file that we may read, or nobody answers within 10 s. */
export async function tryAgent(options: ConnectOptions): Promise<OpenResult> {
  return openAt(await readEndpoint(options.dataDirectory, options.account), options);
}

/** As {@link tryAgent}, but anything but an open connection is an error. */
export async function connectAgent(options: ConnectOptions): Promise<AgentClient> {
  const opened = await tryAgent(options);
  if (opened.kind === 'open') return opened.agent;
  throw new Error(opened.kind === 'refused' ? opened.fault.message : `the agent's socket: ${opened.kind}`);
}

export async function readEndpoint(dataDirectory: string, account = ownAccount().id): Promise<Endpoint> {
  const file = join(dataDirectory, 'kanade-tray', 'ipc', account, 'endpoint.json');
  return endpointSchema.parse(JSON.parse(await readFile(file, 'utf8')));
}

/** Connects to the address of `endpoint` and proves its token there. */
export function openAt(endpoint: Endpoint, options: Omit<ConnectOptions, 'dataDirectory'> = {}): Promise<OpenResult> {
  const link = framedLink(connect(endpoint.address), { maxReadBytes: MAX_FRAME_BYTES });
  return openAgent(link, {
    endpoint,
    client: options.client ?? 'cli',
    ...(options.hostSecret === undefined ? {} : { hostSecret: options.hostSecret }),
    signal: options.signal ?? AbortSignal.timeout(CONNECT_MS),
  });
}
