/**
 * Tells when this PC has come into another network: its IPv4 addresses have changed, and then stay as they are for a while. Invariant:
 * nothing is read while nobody wants to know.
 */
import { type NetworkInterfaceInfo, networkInterfaces } from 'node:os';

const POLL_EVERY_MS = 2_000;
/** While a PC changes its network its addresses come and go. */
const QUIET_MS = 8_000;

export interface AddressWatchOptions {
  readonly onChange: () => void;
  readonly read?: () => NodeJS.Dict<NetworkInterfaceInfo[]>;
  readonly monotonicMs?: () => number;
  readonly pollEveryMs?: number;
  readonly quietMs?: number;
}

export class AddressWatch {
  readonly #options: Required<AddressWatchOptions>;
  #timer: NodeJS.Timeout | undefined;
  /** null: they could not be read yet. */
  #addresses: string | null = null;
  /** When they have last changed, with nobody told yet. */
  #changedAtMs: number | null = null;

  constructor(options: AddressWatchOptions) {
    this.#options = {
      read: networkInterfaces,
      monotonicMs: () => performance.now(),
      pollEveryMs: POLL_EVERY_MS,
      quietMs: QUIET_MS,
      ...options,
    };
  }

  /** Whether somebody wants to know; what has changed before counts for nobody. */
  want(wanted: boolean): void {
    if (wanted === (this.#timer !== undefined)) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#changedAtMs = null;
    if (!wanted) return;
    this.#addresses = this.#read();
    this.#timer = setInterval(() => this.#check(), this.#options.pollEveryMs);
    this.#timer.unref();
  }

  close(): void {
    this.want(false);
  }

  #check(): void {
    const nowMs = this.#options.monotonicMs();
    const addresses = this.#read();
    if (addresses === null) return;
    if (addresses !== this.#addresses) {
      // The first ones that can be read are no change.
      this.#changedAtMs = this.#addresses === null ? null : nowMs;
      this.#addresses = addresses;
    } else if (this.#changedAtMs !== null && nowMs - this.#changedAtMs >= this.#options.quietMs) {
      this.#changedAtMs = null;
      this.#options.onChange();
    }
  }

  /** null: the system does not tell now, for want of a file descriptor. */
  #read(): string | null {
    try {
      return addressesOf(this.#options.read());
    } catch {
      return null;
    }
  }
}

function addressesOf(interfaces: NodeJS.Dict<NetworkInterfaceInfo[]>): string {
  const all = Object.entries(interfaces).flatMap(([name, infos]) =>
    (infos ?? []).filter(({ family, internal }) => family === 'IPv4' && !internal).map(({ cidr }) => `${name} ${cidr}`),
  );
  return all.sort().join('\n');
}
