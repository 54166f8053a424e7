/**
 * The local socket of one account (threat-model §1): the operating system lets only this account, and who runs the PC anyway, connect
 * to it, and who has connected still proves the account's token. So nobody takes another one's places, at most 8 connections
 * without a proof, for 3 s each. A frame is at most 64 KiB. What an account may ask for is counted over all of its connections
 * (`account-share.ts`); whatever one account does, the others go on.
 */
import { rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { errorText, type Logger } from '../../base/logger.ts';
import type { EndpointGuard } from '../../platform/endpoint-acl.ts';
import { Fault } from '../../shared/faults.ts';
import { framedLink, MAX_REQUEST_BYTES } from '../../shared/frames.ts';
import { errorAnswer } from '../../shared/rpc.ts';
import { serveClient } from './client-connection.ts';
import type { ClientDeps } from './client-deps.ts';

export const MAX_UNPROVEN = 8;
export const HANDSHAKE_MS = 3_000;
/** Windows, tray, web and a few command lines. */
const MAX_PROVEN = 16;
const LAST_WORDS_MS = 500;

export interface Listener {
  /** Hangs up, and takes the socket away. */
  close(): Promise<void>;
}

export type Opened =
  | { readonly ok: true; readonly address: string; readonly listener: Listener }
  | { readonly ok: false; readonly why: string };

export interface ListenerOptions {
  readonly address: string;
  readonly guard: Pick<EndpointGuard, 'socket'>;
  readonly deps: Omit<ClientDeps, 'onProven' | 'address'>;
  readonly log: Logger;
}

/** Begins to listen; failing is an answer. */
export async function openListener({ address, guard, deps, log }: ListenerOptions): Promise<Opened> {
  const connections = new Connections({ ...deps, address });
  const server = createServer((socket) => connections.accept(socket));
  const close = async () => {
    const closed = new Promise((resolve) => server.close(resolve));
    connections.close();
    await closed;
    if (process.platform !== 'win32') await rm(address, { force: true });
  };
  try {
    await listen(server, address);
  } catch (error) {
    server.close();
    return { ok: false, why: errorText(error) };
  }
  server.on('error', (error) => log.warn('the local socket reports', { error: errorText(error) }));
  // Until then it is open to nobody but us.
  const guarded = await guard.socket(address, deps.account);
  if (guarded.ok) return { ok: true, address, listener: { close } };
  await close();
  return guarded;
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ path }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

class Connections {
  readonly #deps: Omit<ClientDeps, 'onProven'>;
  readonly #all = new Set<Socket>();
  readonly #unproven = new Set<Socket>();
  readonly #proven = new Set<Socket>();

  constructor(deps: Omit<ClientDeps, 'onProven'>) {
    this.#deps = deps;
  }

  accept(socket: Socket): void {
    // Each connection is counted as a frame, so that making another gives nothing.
    if (!this.#deps.share.takeFrame()) {
      socket.destroy();
      return;
    }
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
    serveClient(link, {
      ...this.#deps,
      onProven: () => {
        if (this.#proven.size >= MAX_PROVEN) return TOO_MANY;
        clearTimeout(late);
        this.#unproven.delete(socket);
        this.#proven.add(socket);
        return null;
      },
    });
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
