/**
 * The rendezvous files `<data>/kanade-tray/ipc/<account>/endpoint.json` (security S3): one token per account, new at each
 * start, readable by that account alone. Reading one's own file is what proves who one is.
 */
import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Endpoint } from '../../shared/client.ts';
import { endpointFile } from '../../shared/directories.ts';
import { SECRET_BYTES } from '../../shared/link-crypto.ts';
import type { Logger } from '../base/logger.ts';
import type { EndpointGuard, Guarded } from '../os/endpoint-acl.ts';

export class Endpoints {
  readonly #directory: string;
  readonly #address: string;
  readonly #guard: EndpointGuard;
  readonly #log: Logger;
  readonly #tokens = new Map<string, Uint8Array>();
  #turn: Promise<unknown> = Promise.resolve();

  /** `directory` is `<data>/kanade-tray`. */
  constructor(options: { directory: string; address: string; guard: EndpointGuard; log: Logger }) {
    this.#directory = options.directory;
    this.#address = options.address;
    this.#guard = options.guard;
    this.#log = options.log;
  }

  /** Account → token; changes with {@link serve}. */
  get tokens(): ReadonlyMap<string, Uint8Array> {
    return this.#tokens;
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
    for (const account of this.#tokens.keys()) if (!wanted.has(account)) await this.#remove(account);
    for (const account of wanted) {
      if (this.#tokens.has(account)) continue;
      const added = await this.#add(account);
      if (!added.ok) this.#log.error('an account can not be given an endpoint', { account, why: added.why });
    }
  }

  async #add(account: string): Promise<Guarded> {
    if (!this.#guard.isAccount(account)) return { ok: false, why: `${account} is no account` };
    const made = await this.#guard.directory(join(this.#directory, 'ipc', account));
    if (!made.ok) return made;
    const token = randomBytes(SECRET_BYTES);
    const content: Endpoint = { address: this.#address, token: token.toString('hex') };
    const file = endpointFile(this.#directory, account);
    const written = await this.#guard.privateFile(file, `${JSON.stringify(content)}\n`, account);
    if (written.ok) this.#tokens.set(account, token);
    return written;
  }

  async #remove(account: string): Promise<void> {
    this.#tokens.delete(account);
    await rm(endpointFile(this.#directory, account), { force: true }).catch(() => {});
  }

  /** Takes every file away; an address that nobody listens on should not be found. */
  async close(): Promise<void> {
    await this.#turn;
    for (const account of this.#tokens.keys()) await this.#remove(account);
  }
}
