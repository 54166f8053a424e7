/**
 * The rendezvous files `<data>/kanade-tray/ipc/<account>/endpoint.json` (threat-model §1): one socket and one token per account, new
 * at each start, readable by that account alone. Reading one's own file is what proves who one is.
 */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { Logger } from '../../base/logger.ts';
import type { EndpointGuard, Guarded } from '../../platform/endpoint-acl.ts';
import type { Endpoint } from '../../shared/client.ts';
import { endpointFile } from '../../shared/directories.ts';
import { SECRET_BYTES } from '../../shared/link-crypto.ts';
import type { Listener, Opened } from './listener.ts';

export interface EndpointsOptions {
  /** `<data>/kanade-tray`. */
  readonly directory: string;
  readonly guard: EndpointGuard;
  readonly log: Logger;
  readonly open: (account: string, token: Uint8Array) => Promise<Opened>;
}

interface Served {
  readonly address: string;
  readonly listener: Listener;
}

export class Endpoints {
  readonly #directory: string;
  readonly #guard: EndpointGuard;
  readonly #log: Logger;
  readonly #open: EndpointsOptions['open'];
  readonly #served = new Map<string, Served>();
  #turn: Promise<unknown> = Promise.resolve();

  constructor({ directory, guard, log, open }: EndpointsOptions) {
    this.#directory = directory;
    this.#guard = guard;
    this.#log = log;
    this.#open = open;
  }

  addressOf(account: string): string | undefined {
    return this.#served.get(account)?.address;
  }

  /** Makes the directories and the files of the accounts that always have one. */
  async start(): Promise<Guarded> {
    for (const path of [this.#directory, join(this.#directory, 'ipc')]) {
      const made = await this.#guard.directory(path);
      if (!made.ok) return made;
    }
    for (const account of this.#guard.always) {
      const added = await this.#add(account);
      if (!added.ok) return added;
    }
    return { ok: true };
  }

  /** Gives these accounts an endpoint beside those that always have one, and takes it from all others. */
  serve(accounts: readonly string[]): Promise<void> {
    const mine = this.#turn.then(() => this.#serve(accounts));
    // One that fails is its caller's; the next one has its turn all the same.
    this.#turn = mine.catch(() => {});
    return mine;
  }

  async #serve(accounts: readonly string[]): Promise<void> {
    const wanted = new Set(this.#guard.servesOthers ? [...this.#guard.always, ...accounts] : this.#guard.always);
    for (const account of this.#served.keys()) if (!wanted.has(account)) await this.#remove(account);
    for (const account of wanted) {
      if (this.#served.has(account)) continue;
      const added = await this.#add(account);
      if (!added.ok) this.#log.error('an account can not be given an endpoint', { account, why: added.why });
    }
  }

  async #add(account: string): Promise<Guarded> {
    if (!this.#guard.isAccount(account)) return { ok: false, why: `${account} is no account` };
    const made = await this.#guard.directory(join(this.#directory, 'ipc', account));
    if (!made.ok) return made;
    const token = randomBytes(SECRET_BYTES);
    const opened = await this.#open(account, token);
    if (!opened.ok) return opened;
    const { address, listener } = opened;
    const content: Endpoint = { address, token: token.toString('hex') };
    const file = endpointFile(this.#directory, account);
    const written = await this.#guard.privateFile(file, `${JSON.stringify(content)}\n`, account);
    if (written.ok) this.#served.set(account, { address, listener });
    else await listener.close();
    return written;
  }

  async #remove(account: string): Promise<void> {
    const served = this.#served.get(account);
    this.#served.delete(account);
    await this.#guard.removeFile(endpointFile(this.#directory, account));
    await served?.listener.close();
  }

  /** Takes every file away; an address that nobody listens on should not be found. */
  async close(): Promise<void> {
    await this.#turn;
    await Promise.all([...this.#served.keys()].map((account) => this.#remove(account)));
  }
}
