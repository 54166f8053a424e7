/**
 * The hardware facts for the person at the PC: those that were read last, by whomever. Reading is not free, so what is asked
 * for within an hour is not read again, and who asks meanwhile waits for the same reading.
 */
import { uptime } from 'node:os';
import type { Clock } from '../../base/clock.ts';
import { errorText, type Logger } from '../../base/logger.ts';
import type { HardwareFacts } from '../../platform/hardware/types.ts';
import type { Hardware } from '../../shared/about-view.ts';

export interface HardwareViewOptions {
  readonly read: (signal: AbortSignal) => Promise<HardwareFacts>;
  readonly clock: Clock;
  readonly log: Logger;
}

const FRESH_MS = 3_600_000;
/** A window must not wait longer; the reading goes on and is there for the next one. */
const PATIENCE_MS = 5_000;
const READ_MS = 60_000;

export class HardwareView {
  readonly #options: HardwareViewOptions;
  readonly #closing = new AbortController();
  #last: { readonly facts: HardwareFacts; readonly atMs: number } | null = null;
  #reading: Promise<void> | null = null;
  /** As it was said last. */
  #unread = '';

  constructor(options: HardwareViewOptions) {
    this.#options = options;
  }

  /** Reads now, for the inventory; what is shown afterwards is that. */
  async read(signal: AbortSignal): Promise<HardwareFacts> {
    const facts = await this.#options.read(signal);
    const unread = facts.unread.join('; ');
    if (unread !== '' && unread !== this.#unread)
      this.#options.log.warn('not all of the hardware can be read', { unread });
    this.#unread = unread;
    this.#last = { facts, atMs: this.#options.clock.monotonicMs() };
    return facts;
  }

  /** null: not known within a few seconds, or not at all. */
  async view(): Promise<Hardware | null> {
    const age = this.#last === null ? Number.POSITIVE_INFINITY : this.#options.clock.monotonicMs() - this.#last.atMs;
    if (age > FRESH_MS) await Promise.race([this.#readAgain(), patience()]);
    return this.#last === null ? null : viewOf(this.#last.facts, this.#options.clock.nowMs() - uptime() * 1_000);
  }

  close(): void {
    this.#closing.abort(new Error('closed'));
  }

  #readAgain(): Promise<void> {
    this.#reading ??= this.read(AbortSignal.any([this.#closing.signal, AbortSignal.timeout(READ_MS)]))
      .then(() => {})
      .catch((error: unknown) => {
        if (!this.#closing.signal.aborted) this.#options.log.warn('no hardware facts', { error: errorText(error) });
      })
      .finally(() => {
        this.#reading = null;
      });
    return this.#reading;
  }
}

function viewOf(facts: HardwareFacts, bootedAtMs: number): Hardware {
  return {
    // Some names hold their version already.
    system: facts.osName.includes(facts.osVersion) ? facts.osName : `${facts.osName} ${facts.osVersion}`,
    processor: facts.cpuModel,
    memoryBytes: facts.ramBytes,
    disks: facts.disks.map(({ deviceId, sizeBytes, freeBytes }) => ({ name: deviceId, sizeBytes, freeBytes })),
    unread: [...facts.unread],
    bootedAtMs: Math.round(bootedAtMs),
  };
}

function patience(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, PATIENCE_MS).unref();
  });
}
