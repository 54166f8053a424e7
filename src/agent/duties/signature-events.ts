/**
 * Tells the fleet when what is found of its commands' signatures becomes something else (protocol §11.4): so it sees which PC lacks a key,
 * and which one gets forged commands. Invariant: no command waits for it, and who sends many messages makes few events. What is left
 * out is counted, and the next event says how much that was.
 */
import { randomUUID } from 'node:crypto';
import type { Clock } from '../../base/clock.ts';
import { errorText, type Logger } from '../../base/logger.ts';
import type { PcId } from '../../shared/ids.ts';
import type { SignatureState } from '../../shared/signatures.ts';
import { NS_PER_MS } from '../../shared/time-units.ts';
import type { Binding } from '../bus/bus.ts';
import type { Outbox } from '../store/outbox.ts';
import { encodeObsEvent } from '../wire/obs-event.ts';
import { obsSubject } from '../wire/subjects.ts';

/** At most so many in any {@link WITHIN_MS}. */
const MOST = 10;
const WITHIN_MS = 600_000;
/** So many wait for a broker, or for one that keeps them at all. */
const KEPT = 16;
const RETRY_MS = 60_000;

export interface SignatureEventsOptions {
  readonly pcId: PcId;
  readonly outbox: Pick<Outbox, 'put'>;
  /** False: the store takes nothing at present. */
  readonly admits: () => boolean;
  /** Something was queued. */
  readonly nudge: () => void;
  /** So many changes were told to nobody. */
  readonly onLeftOut: (count: number) => void;
  readonly clock: Clock;
  readonly log: Logger;
}

export class SignatureEvents implements Binding {
  readonly #options: SignatureEventsOptions;
  #now: SignatureState | null = null;
  #told: SignatureState | null = null;
  /** Changes since the last event. */
  #changes = 0;
  #toldAtMs: readonly number[] = [];
  #lastIdMs = 0;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: SignatureEventsOptions) {
    this.#options = options;
  }

  /** Of each message that was checked; costs nothing where that is as before. */
  found(state: SignatureState): void {
    if (state === this.#now || this.#closed) return;
    this.#now = state;
    this.#changes += 1;
    this.#tellNews();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  #tellNews(): void {
    const [now, told] = [this.#now, this.#told];
    if (now === null || now === told || this.#closed) return;
    const { clock, admits } = this.#options;
    const nowMs = clock.monotonicMs();
    this.#toldAtMs = this.#toldAtMs.filter((atMs) => nowMs - atMs < WITHIN_MS);
    const oldestMs = this.#toldAtMs.length < MOST ? undefined : this.#toldAtMs[0];
    if (oldestMs !== undefined || !admits()) {
      this.#tellAgainIn(oldestMs === undefined ? RETRY_MS : oldestMs + WITHIN_MS - nowMs);
      return;
    }
    this.#toldAtMs = [...this.#toldAtMs, nowMs];
    const leftOut = this.#changes - 1;
    this.#told = now;
    this.#changes = 0;
    void this.#tell(told, now, leftOut);
  }

  #tellAgainIn(inMs: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#tellNews(), inMs);
    this.#timer.unref();
  }

  /** Never rejects. */
  async #tell(from: SignatureState | null, to: SignatureState, leftOut: number): Promise<void> {
    const { pcId, outbox, nudge, onLeftOut, clock, log } = this.#options;
    const atMs = Math.max(clock.nowMs(), this.#lastIdMs + 1);
    this.#lastIdMs = atMs;
    const kind = kindOf(to);
    const body = encodeObsEvent({
      pcId,
      atNs: BigInt(atMs) * NS_PER_MS,
      kind,
      source: 'command_signature',
      recordId: `${kind}:${atMs}`,
      payload: {
        from: from === null ? null : kindOf(from),
        to: kind,
        ...(leftOut === 0 ? {} : { left_out: leftOut }),
      },
    });
    try {
      await outbox.put({ kind: 'event', id: randomUUID(), subject: obsSubject(pcId), body }, clock.nowMs(), {
        keep: KEPT,
      });
    } catch (error) {
      log.warn('a change of the signatures could not be queued yet', { to, error: errorText(error) });
      // Nobody was told: it is a change still.
      if (this.#told === to) this.#told = from;
      this.#changes += leftOut + 1;
      if (!this.#closed) this.#tellAgainIn(RETRY_MS);
      return;
    }
    if (leftOut > 0) onLeftOut(leftOut);
    log.info('what is found of the signatures has changed', { from, to, left_out: leftOut });
    nudge();
  }
}

function kindOf(state: SignatureState): string {
  return `command_signature_${state}`;
}
