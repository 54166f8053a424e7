/**
 * The one answer to a schedule that can't be fired on this PC whatever happens: a result that names what can't be told here, once
 * for each version of its job and process (protocol §6.5). Without it the fleet would wait for it in silence.
 */
import { randomUUID } from 'node:crypto';
import type { Clock } from '../../base/clock.ts';
import { drop } from '../../base/drop.ts';
import type { Logger } from '../../base/logger.ts';
import { newRequestId } from '../../shared/ids.ts';
import { endingOf, withoutRun } from '../results/ending.ts';
import type { Store } from '../store/store.ts';
import type { Job } from '../wire/job.ts';
import { gatesNotHereText, triggersNotHereText } from '../wire/result-texts.ts';
import { canFire } from './decide.ts';
import { arrivalOf, commandOf } from './fired-command.ts';
import type { Plan, Unsupported } from './types.ts';

export interface RefusalsOptions {
  readonly pcId: string;
  readonly platform: NodeJS.Platform;
  readonly store: Pick<Store, 'runs' | 'admits'>;
  readonly maxPayloadBytes: () => number;
  readonly serverNowMs: () => number | null;
  readonly clock: Clock;
  readonly log: Logger;
  /** A result was queued without a run. */
  readonly onQueued: () => void;
}

export class Refusals {
  readonly #options: RefusalsOptions;
  readonly #told = new Set<string>();

  constructor(options: RefusalsOptions) {
    this.#options = options;
  }

  refuse(plan: Plan, job: Job, unsupported: Unsupported): void {
    if (canFire(plan, unsupported) || !this.#options.store.admits) return;
    const key = JSON.stringify([plan.id, job.id, job.version, unsupported]);
    if (this.#told.has(key)) return;
    this.#told.add(key);
    const telling = this.#tell(plan, job, notHereText(unsupported, this.#options.platform)).catch((error: unknown) => {
      // Not told: the next time does it.
      this.#told.delete(key);
      throw error;
    });
    drop(telling, this.#options.log, 'refusing a schedule');
  }

  async #tell(plan: Plan, job: Job, text: string): Promise<void> {
    const { store, clock, pcId } = this.#options;
    const nowMs = clock.nowMs();
    const requestId = newRequestId(randomUUID());
    const command = { ...commandOf(pcId, plan, job, { name: '', atMs: nowMs }), requestId, execId: null };
    const arrival = arrivalOf(command, plan.id, { receivedAtMs: nowMs, serverAtMs: this.#options.serverNowMs() });
    const identity = { requestId, execId: null, manifestId: job.id, pcId };
    await store.runs.admit(arrival, (resultId) =>
      endingOf(withoutRun('UNSUPPORTED', text, { nowMs }), { ...identity, resultId }, this.#options.maxPayloadBytes()),
    );
    this.#options.onQueued();
  }
}

export function notHereText({ gates, triggers }: Unsupported, platform: NodeJS.Platform): string {
  return gates.length > 0 ? gatesNotHereText(gates, platform) : triggersNotHereText(triggers, platform);
}
