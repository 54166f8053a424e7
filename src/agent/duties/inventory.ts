/**
 * The hardware inventory (protocol §3.8): once at start, then every interval with jitter, when its settings change, and on
 * request. It goes through the outbox, where only the newest stays, so it never delays a result.
 */
import { randomUUID } from 'node:crypto';
import type { Clock } from '../../base/clock.ts';
import { drop } from '../../base/drop.ts';
import { errorText, type Logger } from '../../base/logger.ts';
import { clampTimerMs } from '../../base/sleep.ts';
import type { Watched } from '../../base/watched.ts';
import type { HardwareFacts } from '../../platform/hardware/types.ts';
import type { PcId } from '../../shared/ids.ts';
import type { Binding, Bus } from '../bus/bus.ts';
import type { Outbox } from '../store/outbox.ts';
import type { EffectiveConfig } from '../wire/config-scope.ts';
import { encodeInventory } from '../wire/inventory.ts';
import { inventoryRequestSubject, inventorySubject } from '../wire/subjects.ts';

/** The first one leaves the start of the agent alone, and by then the fleet has usually said whether it wants any. */
const FIRST_AFTER_MS = 1_000;
/** Whatever the fleet says: reading the hardware is not free. */
const INTERVAL_MIN_MS = 60_000;
/** A PC that has just started may be too busy to answer. */
const RETRY_MS = 15 * 60_000;

export interface InventoryOptions {
  readonly pcId: PcId;
  readonly hostname: string;
  readonly bus: Bus;
  readonly outbox: Pick<Outbox, 'put'>;
  /** Something was queued. */
  readonly nudge: () => void;
  /** `[inventory] enabled`; the fleet's setting can only switch off what is on here. */
  readonly enabled: boolean;
  /** False: the store takes nothing at present, so that reading the hardware would be in vain. */
  readonly admits: () => boolean;
  readonly config: Watched<EffectiveConfig>;
  readonly readHardware: (signal: AbortSignal) => Promise<HardwareFacts>;
  readonly clock: Clock;
  readonly log: Logger;
}

export function startInventory(options: InventoryOptions): Binding {
  return new Inventory(options);
}

class Inventory implements Binding {
  readonly #options: InventoryOptions;
  readonly #closing = new AbortController();
  readonly #bindings: Binding[];
  #settings: string;
  #timer: NodeJS.Timeout | undefined;
  #collecting: Promise<void> | null = null;

  constructor(options: InventoryOptions) {
    this.#options = options;
    const { bus, config, log, pcId } = options;
    this.#settings = settingsOf(config.value);
    const stopConfig = config.watch((now) => {
      if (settingsOf(now) === this.#settings) return;
      this.#settings = settingsOf(now);
      this.#arm(0);
    });
    const requests = bus.subscribe(
      inventoryRequestSubject(pcId),
      (message) => {
        drop(
          this.#answer().then((text) => message.respond(Buffer.from(text))),
          log,
          'an inventory on request',
        );
      },
      undefined,
      // Nor is it in the role of an agent (protocol §11.3).
      { optional: true },
    );
    this.#bindings = [requests, { close: stopConfig }];
    this.#arm(FIRST_AFTER_MS);
  }

  close(): void {
    this.#closing.abort(new Error('closed'));
    clearTimeout(this.#timer);
    for (const binding of this.#bindings) binding.close();
  }

  get #enabled(): boolean {
    return this.#options.enabled && this.#options.config.value.inventoryEnabled;
  }

  #arm(inMs: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => drop(this.#due(), this.#options.log, 'the inventory'), clampTimerMs(inMs));
  }

  async #due(): Promise<void> {
    const { inventoryIntervalMs, inventoryJitterMs } = this.#options.config.value;
    this.#arm(Math.max(INTERVAL_MIN_MS, inventoryIntervalMs) + Math.random() * inventoryJitterMs);
    if (!this.#enabled) return;
    try {
      await this.#collect();
    } catch (error) {
      if (this.#closing.signal.aborted) return;
      this.#options.log.warn('no inventory', { error: errorText(error) });
      this.#arm(RETRY_MS);
    }
  }

  async #answer(): Promise<string> {
    if (!this.#enabled) return 'error: the inventory is switched off';
    try {
      await this.#collect();
      return 'ok';
    } catch (error) {
      return `error: ${errorText(error)}`;
    }
  }

  /** Who asks while one is being made gets that one. */
  #collect(): Promise<void> {
    this.#collecting ??= this.#collectOnce().finally(() => {
      this.#collecting = null;
    });
    return this.#collecting;
  }

  async #collectOnce(): Promise<void> {
    const { pcId, hostname, clock, outbox } = this.#options;
    if (!this.#options.admits()) throw new Error('the store takes nothing at present');
    const facts = await this.#options.readHardware(this.#closing.signal);
    const body = encodeInventory({ pcId, hostname, ...facts, collectedAtNs: clock.nowNs() });
    // A fresh id for each: the broker takes a repeated one for a copy.
    const item = { kind: 'inventory', id: randomUUID(), subject: inventorySubject(pcId), body } as const;
    await outbox.put(item, clock.nowMs(), { keep: 1 });
    this.#options.nudge();
  }
}

function settingsOf(config: EffectiveConfig): string {
  return JSON.stringify([config.inventoryEnabled, config.inventoryIntervalMs, config.inventoryJitterMs]);
}
