/**
 * One manifest, from its offer to the switch. Invariants: no failure here stops the agent or a command (see `hold-commands.ts`); what
 * has failed on this PC is not tried again under the same manifest.
 */
import { type BackoffPolicy, backoffMs, spreadMs } from '../../base/backoff.ts';
import { errorText, type Logger } from '../../base/logger.ts';
import { sleep } from '../../base/sleep.ts';
import { orAbort } from '../../base/waiting.ts';
import { until, type Watched } from '../../base/watched.ts';
import type { UpdateView } from '../../shared/agent-status.ts';
import type { UpdateState } from '../../shared/states.ts';
import { SECOND_MS } from '../../shared/time-units.ts';
import type { UpdateWaitsFor, WishOutcome } from '../../shared/update-reasons.ts';
import type { LinkStatus } from '../bus/bus.ts';
import { type HeldCommands, HOLD_AGAIN_MS, holdUntilIdle } from './hold-commands.ts';
import type { Prepared } from './prepare-update.ts';
import type { Offer } from './release-lookup.ts';
import { UpdateTimes, type UpdateTimesOptions } from './update-times.ts';

/** After a failure; what came further begins again with the first one. */
const BACKOFF: BackoffPolicy = { minMs: 60_000, maxMs: 24 * 3_600_000, jitter: 0.5 };
/** All PCs of a fleet come back at the same moment. */
const RECONNECT_SPREAD_MS = 30_000;
/** A clock that is set, and a PC that sleeps, are noticed within it. */
const LONGEST_SLEEP_MS = 60_000;

export interface OneUpdateOptions extends UpdateTimesOptions {
  /** Nothing is taken before it resolves. */
  readonly begin: Promise<unknown>;
  readonly prepare: (offer: Offer, on: PrepareEvents, signal: AbortSignal) => Promise<Prepared>;
  readonly link: Watched<Pick<LinkStatus, 'state'>>;
  readonly commands: HeldCommands;
  /** It is still what counts. */
  readonly isOffered: (offer: Offer) => boolean;
  /** Stops the agent, which then starts again as this release: null, or nothing before the end. A text: why it does not come to it. */
  readonly switchTo: (offer: Offer, signal: AbortSignal) => Promise<string | null>;
  readonly pauseUntilMs: number;
  /** How often the last switch has failed in this process. */
  readonly failures: number;
  readonly log: Logger;
  /** For tests. */
  readonly backoff?: BackoffPolicy;
  readonly reconnectSpreadMs?: number;
  readonly holdMs?: number;
  readonly holdAgainMs?: number;
}

export interface PrepareEvents {
  readonly onProgress: (doneBytes: number) => void;
  readonly onFetched: () => void;
  readonly countCopy: (copy: () => Promise<void>) => Promise<void>;
}

type Phase = {
  readonly state: Extract<UpdateState, 'waiting' | 'downloading' | 'verified' | 'installing' | 'rolled_back'>;
  readonly taking: NonNullable<UpdateView['taking']>;
};
const IDLE = { doneBytes: 0, waitsFor: null, notBeforeMs: null, deferUntilMs: null } as const;

export class OneUpdate {
  offer: Offer;
  phase: Phase = { state: 'waiting', taking: { ...IDLE, waitsFor: 'turn' } };
  readonly #options: OneUpdateOptions;
  readonly #changed: () => void;
  readonly #ending = new AbortController();
  #wake = new AbortController();
  readonly #times: UpdateTimes;
  #failures: number;
  /** How often it lay ready here and is still not the version that counts: to come that far is nothing new then. */
  #readyBefore = 0;
  #stops = false;
  #isSwitching = false;
  #isWithdrawn = false;

  constructor(offer: Offer, options: OneUpdateOptions, changed: () => void) {
    this.offer = offer;
    this.#options = options;
    this.#times = new UpdateTimes(options);
    this.#changed = changed;
    this.#failures = options.failures;
  }

  /** `stops`: with the agent, of which the set-up of a new version asks just that: then nothing more is begun. */
  close(stops = false): void {
    this.#stops = stops;
    this.#isWithdrawn = true;
    // What it was given to ends us, whatever is offered by now: until that is over no command may begin.
    if (stops || !this.#isSwitching) this.#end();
  }

  #end(): void {
    this.#ending.abort(new Error('no update any more'));
  }

  async run(): Promise<void> {
    const signal = this.#ending.signal;
    try {
      await orAbort(this.#options.begin, signal);
      if (this.#failures > 0) await this.#again('disk', 'it could not be made the version that counts');
      while (!(await this.#orLater(() => this.#afterCutOff(), signal)));
      while (!(await this.#orLater(() => this.#once(signal), signal)));
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  /** A process that ended while it copied the store may have been ended for it, by its watchdog or for want of memory. */
  async #afterCutOff(): Promise<true> {
    const [copies, handOvers] = [this.#times.copiesBegun(this.offer), this.#times.handOversBegun(this.offer)];
    this.#readyBefore = handOvers;
    if (copies > 0) {
      this.#failures = copies - 1;
      await this.#again('self_test', 'the agent ended while it copied its store');
    } else if (handOvers > 0) {
      this.#failures = handOvers - 1;
      await this.#again('setup', 'the set-up did not bring this version');
    }
    return true;
  }

  /** Whatever fails ends nothing: false, after a while. */
  async #orLater(step: () => Promise<boolean>, signal: AbortSignal): Promise<boolean> {
    try {
      return await step();
    } catch (error) {
      signal.throwIfAborted();
      // A store that takes nothing now, for one.
      await this.#again('disk', errorText(error));
      return false;
    }
  }

  /** True: there is nothing more to do for this manifest. */
  async #once(signal: AbortSignal): Promise<boolean> {
    const { notes, prepare, log } = this.#options;
    // Of one try; a later check tells of the same manifest's package again.
    const { offer } = this;
    const { release } = offer;
    if (notes.isUndone(offer)) {
      this.#show('rolled_back', {});
      return true;
    }
    const wait = await this.#times.waitOf(offer);
    await this.#until('turn', () => this.#times.turnInMs(wait));
    await this.#until('pause', () => this.#options.pauseUntilMs - this.#options.clock.nowMs());
    await this.#connected(signal);
    this.#show('downloading', {});
    const on: PrepareEvents = {
      onProgress: (doneBytes) => this.#show('downloading', { doneBytes }),
      onFetched: () => this.#show('verified', { doneBytes: release.size }),
      countCopy: (copy) => this.#times.countCopy(offer, copy),
    };
    const prepared = await prepare(offer, on, signal);
    signal.throwIfAborted();
    switch (prepared.kind) {
      case 'later':
        if (prepared.moved) this.#failures = 0;
        // A link that is down is no failure: it is waited for, however long that takes.
        if (prepared.why !== 'link' || this.#isConnected) await this.#again(prepared.why, prepared.detail);
        return false;
      case 'unfit':
        log.error('the update is none for this PC', { version: release.version, why: prepared.detail });
        await this.#undone(prepared.why);
        return false;
      case 'ready':
        return this.#install(offer, signal);
    }
  }

  async #undone(why: Extract<Prepared, { kind: 'unfit' }>['why']): Promise<void> {
    const { notes, clock } = this.#options;
    const { manifest, release } = this.offer;
    const { version, serial } = release;
    await notes.noteUndone({ version, serial, manifest, why, atMs: clock.nowMs() });
    this.#changed();
  }

  async #again(why: UpdateWaitsFor, detail: string): Promise<void> {
    const waitMs = backoffMs(this.#options.backoff ?? BACKOFF, this.#failures);
    this.#failures += 1;
    await this.#later(why, detail, waitMs);
  }

  async #later(why: UpdateWaitsFor, detail: string, waitMs: number): Promise<void> {
    const { log, clock } = this.#options;
    log.warn('the update waits', { version: this.offer.release.version, for: why, detail, wait_ms: waitMs });
    const notBeforeMs = clock.nowMs() + waitMs;
    this.#show('waiting', { waitsFor: why, notBeforeMs });
    await this.#sleep(waitMs);
  }

  // --- when ------------------------------------------------------------------------------------------------------------------

  async schedule(notBeforeMs: number | null): Promise<WishOutcome> {
    const { notes } = this.#options;
    const { manifest } = this.offer;
    const { wait } = notes;
    if (this.phase.state !== 'verified' || wait?.manifest !== manifest) return 'refused';
    if (notBeforeMs !== null && notBeforeMs > (this.#times.deferUntilMs ?? 0) + SECOND_MS) return 'refused';
    if (notBeforeMs === wait.postponedToMs) return 'unchanged';
    await notes.changeWait(manifest, () => ({ postponedToMs: notBeforeMs }));
    this.#wake.abort();
    return 'taken';
  }

  /** Waits until nothing is left; asked again, since a clock may be set. */
  async #until(waitsFor: UpdateWaitsFor, askLeftMs: () => number): Promise<void> {
    for (let leftMs = askLeftMs(); leftMs > 0; leftMs = askLeftMs()) {
      this.#show('waiting', { waitsFor, notBeforeMs: this.#times.inMs(leftMs) });
      await this.#sleep(Math.min(LONGEST_SLEEP_MS, leftMs));
    }
  }

  get #isConnected(): boolean {
    return this.#options.link.value.state === 'connected';
  }

  async #connected(signal: AbortSignal): Promise<void> {
    const { link, reconnectSpreadMs = RECONNECT_SPREAD_MS } = this.#options;
    while (!this.#isConnected) {
      this.#show('waiting', { waitsFor: 'link' });
      await until(link, ({ state }) => state === 'connected', signal);
      await sleep(Math.random() * reconnectSpreadMs, signal);
    }
  }

  async #sleep(ms: number): Promise<void> {
    this.#wake = new AbortController();
    await sleep(ms, AbortSignal.any([this.#ending.signal, this.#wake.signal])).catch(() => {});
    this.#ending.signal.throwIfAborted();
  }

  // --- the switch ------------------------------------------------------------------------------------------------------------

  /** `offer` lies ready. False: it is tried again, from the beginning. */
  async #install(offer: Offer, signal: AbortSignal): Promise<boolean> {
    const { clock, commands, holdMs } = this.#options;
    const mayGo = () => this.#times.notBefore().atMs <= clock.nowMs();
    const { release } = offer;
    this.#failures = this.#readyBefore;
    this.#readyBefore += 1;
    await this.#times.noteReady(offer);
    for (;;) {
      await this.#mayInstall();
      // Its signature has had its time meanwhile: it is offered no more with the next check.
      if (release.expires <= clock.nowMs()) {
        await this.#again('package', 'its signature has expired');
        return false;
      }
      this.#show('verified', { waitsFor: 'tasks' });
      const held = await holdUntilIdle(commands, { mayGo, signal, holdMs });
      if (held === 'idle') return this.#goes(offer, signal);
      if (held === 'not_now') continue;
      // What lies ready stays so.
      await this.#later('tasks', 'scripts are still running', spreadMs(this.#options.holdAgainMs ?? HOLD_AGAIN_MS));
    }
  }

  /** Commands are held. False, or an error: they are let go, unless the agent stops. */
  async #goes(offer: Offer, signal: AbortSignal): Promise<boolean> {
    const { commands, isOffered, log } = this.#options;
    let why: string | null = '';
    try {
      if (!isOffered(offer)) {
        signal.throwIfAborted();
        return false;
      }
      const { version, serial } = offer.release;
      log.info('the agent stops for an update', { version, serial });
      this.#show('installing', {});
      why = await this.#switch(offer, signal);
    } finally {
      if (why !== null && !this.#stops) commands.hold(false);
    }
    if (why === null) return true;
    if (this.#isWithdrawn) this.#end();
    signal.throwIfAborted();
    await this.#again('setup', why);
    return false;
  }

  /** null: the agent stops; else why it has not come to it. */
  async #switch(offer: Offer, signal: AbortSignal): Promise<string | null> {
    this.#isSwitching = true;
    try {
      return await this.#options.switchTo(offer, signal);
    } catch (error) {
      signal.throwIfAborted();
      return errorText(error);
    } finally {
      this.#isSwitching = false;
    }
  }

  /** Asked again: a clock is set, and a wish changes. */
  async #mayInstall(): Promise<void> {
    const { clock } = this.#options;
    for (;;) {
      const { waitsFor, atMs } = this.#times.notBefore();
      const leftMs = atMs - clock.nowMs();
      if (leftMs <= 0) return;
      this.#show('verified', { waitsFor, notBeforeMs: atMs });
      await this.#sleep(Math.min(LONGEST_SLEEP_MS, leftMs));
    }
  }

  #show(state: Phase['state'], taking: Partial<Phase['taking']>): void {
    const deferUntilMs = state === 'verified' ? this.#times.deferUntilMs : null;
    const putOff = deferUntilMs !== null && this.#times.isPutOff ? { putOff: true } : {};
    this.phase = {
      state,
      taking: { ...IDLE, doneBytes: this.phase.taking.doneBytes, deferUntilMs, ...putOff, ...taking },
    };
    this.#changed();
  }
}
