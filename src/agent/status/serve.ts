/**
 * The local socket (security S3): open to be connected to, closed to who can't prove a token. At most 8 connections are
 * unproven at a time, for 3 s each; a frame is at most 64 KiB; whatever one connection does, the others go on.
 */
import { chmod, rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { Fault } from '../../shared/faults.ts';
import { framedLink, MAX_REQUEST_BYTES } from '../../shared/frames.ts';
import { errorText as errorAnswer } from '../../shared/rpc.ts';
import { drop } from '../base/drop.ts';
import { errorText } from '../base/logger.ts';
import type { Watched } from '../base/watched.ts';
import type { EndpointGuard } from '../os/endpoint-acl.ts';
import { chooseAddress } from './address.ts';
import { Endpoints } from './endpoint.ts';
import { Helpdesk } from './helpdesk.ts';
import type { StatusPorts } from './ports.ts';
import { Projection } from './projection.ts';
import { serveSession } from './session.ts';
import type { SessionDeps } from './session-deps.ts';

export const MAX_UNPROVEN = 8;
export const HANDSHAKE_MS = 3_000;
/** Connections of one account: windows, tray, web and a few command lines. */
const MAX_PER_ACCOUNT = 16;
const LAST_WORDS_MS = 500;

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
  readonly address: string;
  /** Hangs up, and takes socket and endpoint files away. */
  close(): Promise<void>;
}

export type Serving =
  | { readonly kind: 'serving'; readonly server: StatusServer }
  | { readonly kind: 'failed'; readonly why: string };

/** Begins to listen. Failing is an answer: the agent works on without its window, and says so in the log. */
export async function serveStatus(options: ServeOptions): Promise<Serving> {
  const { ports, guard, accounts, directory } = options;
  const isWindows = process.platform === 'win32';
  const chosen = await chooseAddress({ ...options, platform: process.platform });
  if (!chosen.ok) return { kind: 'failed', why: chosen.why };
  const { address } = chosen;
  const endpoints = new Endpoints({ directory, address, guard, log: ports.log });
  const connections = new Connections({
    ports,
    projection: new Projection(ports),
    helpdesk: new Helpdesk(ports),
    address,
    tokens: endpoints.tokens,
    ownAccount: guard.own,
    isAdministrator: (account) => guard.isAdministrator(account),
    hostSecret: options.hostSecret,
  });
  const server = createServer((socket) => connections.accept(socket));
  try {
    await listen(server, address, isWindows);
    if (!isWindows) await chmod(address, guard.servesOthers ? 0o666 : 0o600);
  } catch (error) {
    server.close();
    return { kind: 'failed', why: errorText(error) };
  }
  server.on('error', (error) => ports.log.warn('the local socket reports', { error: errorText(error) }));
  const close = async (unwatch: () => void) => {
    unwatch();
    await endpoints.close();
    const closed = new Promise((resolve) => server.close(resolve));
    connections.close();
    await closed;
    if (!isWindows) await rm(address, { force: true });
  };
  const started = await endpoints.start();
  if (!started.ok) {
    await close(() => {});
    return { kind: 'failed', why: started.why };
  }
  const unwatch = accounts.watch((now) => {
    drop(
      endpoints.serve(now).then(() => connections.keepOnly(endpoints.tokens)),
      ports.log,
      'serving accounts',
    );
  });
  await endpoints.serve(accounts.value);
  return { kind: 'serving', server: { address, close: () => close(unwatch) } };
}

/** On Windows the pipe's own rights are opened by libuv; on Unix the file's mode is set after. */
function listen(server: Server, path: string, openToAll: boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ path, readableAll: openToAll, writableAll: openToAll }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

class Connections {
  readonly #deps: Omit<SessionDeps, 'onProven'>;
  readonly #all = new Set<Socket>();
  readonly #unproven = new Set<Socket>();
  readonly #proven = new Map<Socket, string>();

  constructor(deps: Omit<SessionDeps, 'onProven'>) {
    this.#deps = deps;
  }

  accept(socket: Socket): void {
    this.#all.add(socket);
    socket.on('close', () => void this.#all.delete(socket));
    const link = framedLink(socket, {
      maxReadBytes: MAX_REQUEST_BYTES,
      refusal: (bytes) =>
        errorAnswer(null, new Fault('too_large', `a request of ${bytes} bytes is larger than ${MAX_REQUEST_BYTES}`)),
    });
    if (this.#unproven.size >= MAX_UNPROVEN) {
      link.send(errorAnswer(null, TOO_MANY));
      link.close();
      return;
    }
    this.#unproven.add(socket);
    const late = setTimeout(() => link.close(), HANDSHAKE_MS);
    link.onClose(() => {
      clearTimeout(late);
      this.#unproven.delete(socket);
      this.#proven.delete(socket);
    });
    serveSession(link, {
      ...this.#deps,
      onProven: (account) => {
        if (this.#countOf(account) >= MAX_PER_ACCOUNT) return TOO_MANY;
        clearTimeout(late);
        this.#unproven.delete(socket);
        this.#proven.set(socket, account);
        return null;
      },
    });
  }

  #countOf(account: string): number {
    return [...this.#proven.values()].filter((each) => each === account).length;
  }

  /** Hangs up on accounts that are no longer served. */
  keepOnly(accounts: ReadonlyMap<string, unknown>): void {
    for (const [socket, account] of this.#proven) if (!accounts.has(account)) socket.destroy();
  }

  /** Answers under way still go out; a client that does not read them is not waited for. */
  close(): void {
    for (const socket of this.#all) socket.destroySoon();
    setTimeout(() => {
      for (const socket of this.#all) socket.destroy();
    }, LAST_WORDS_MS).unref();
  }
}

const TOO_MANY = new Fault('too_many', 'too many connections');
