/**
 * Takes admitted commands from the store and sees each of them to its one terminal row and its result (invariant 3). What is
 * to be done stands in the rows: it asks for "open, and nobody has it", holds a bounded number of runs in memory, and remembers
 * no place in the list. It scans the rows when it is nudged, or when the next wait is over.
 */
import { Deadline } from '../../base/deadline.ts';
import { drop } from '../../base/drop.ts';
import { errorText } from '../../base/logger.ts';
import { STORE_RETRY_MS } from '../../base/retry.ts';
import { sleep } from '../../base/sleep.ts';
import type { RunId } from '../../shared/ids.ts';
import { type Outcome, withoutRun } from '../results/ending.ts';
import type { OpenRun } from '../store/inbox.ts';
import { RUN_AS } from '../wire/command.ts';
import { spawnFailedText } from '../wire/result-texts.ts';
import { ActiveRun } from './active-run.ts';
import { KillOrders } from './kill-orders.ts';
import type { ActiveRunOptions, Offer, Slot } from './run-ports.ts';
import { ScriptObjects } from './script-objects.ts';
import { ScriptRetries } from './script-retries.ts';
import type { Slots } from './slots.ts';
import { storeEnding } from './store-ending.ts';

/** So many runs are checked by the gates at the same time, or are about to note that they wait. */
const GATING_MAX = 256;
/** A timer counts no sleep of the PC, so no wait is trusted to one for longer. */
const LONGEST_TIMER_MS = 30_000;
const IDLE_POLL_MS = 5;
/** So far behind those that fetch their script for a slot one that needs none is searched for. */
const SEARCH_BEHIND = 256;

export interface DispatcherOptions extends Omit<ActiveRunOptions, 'scriptObjects'> {
  readonly slots: Slots;
  /** Keep 124 and 126 local (`[results] publish_pin_skips = false`). */
  readonly publishPinSkips: boolean;
}

export class Dispatcher {
  readonly #options: DispatcherOptions;
  readonly #active = new Map<RunId, ActiveRun>();
  readonly #scriptObjects: ScriptObjects;
  readonly #retries: ScriptRetries;
  readonly #kills: KillOrders;
  readonly #foundRun: number;
  readonly #stopping = new AbortController();
  readonly #grace = new Deadline();
  #heldUpTo = 0;
  #started = false;
  #held = false;
  #scanQueued = false;
  /** What may have changed since the last scan, so that only that is read. */
  #admitted = true;
  #forSlots = true;
  #scanAll = true;
  #timer: NodeJS.Timeout | undefined;
  #followsUsers = false;
  /** Rows that can't be read at present: they hold up nobody else, and are checked again with the next {@link #again}. */
  readonly #unread = new Set<RunId>();

  constructor(options: DispatcherOptions) {
    this.#options = options;
    this.#foundRun = options.store.foundRun;
    const { signal } = this.#stopping;
    this.#scriptObjects = new ScriptObjects(options.bus, options.clock, signal);
    this.#kills = new KillOrders({ ...options, signal });
    this.#retries = new ScriptRetries({ ...options, signal, onDue: () => this.#again() });
    // A connection is what a script that could not be fetched waits for.
    const stopLink = options.bus.link.watch(({ state }) => {
      if (state === 'connected' && this.#started) this.#retries.ask();
    });
    signal.addEventListener('abort', stopLink, { once: true });
  }

  get started(): boolean {
    return this.#started;
  }

  /** From this moment on nothing up to this run is started any more, and what is on its way lets go of it. */
  startNothingUpTo(run: number): void {
    this.#heldUpTo = Math.max(this.#heldUpTo, run);
    for (const each of this.#heldOnes()) each.abortWait('held');
  }

  /** {@link startNothingUpTo}; resolves when none of these is on its way, but for scripts that run. Who held them ends them. */
  async holdUpTo(run: number): Promise<void> {
    this.startNothingUpTo(run);
    while (this.#heldOnes().length > 0) await sleep(IDLE_POLL_MS, this.#stopping.signal);
  }

  #heldOnes(): readonly ActiveRun[] {
    return [...this.#active.values()].filter((each) => each.open.run <= this.#heldUpTo && !each.runs);
  }

  /** It is on its way here. */
  has(run: RunId): boolean {
    return this.#active.has(run);
  }

  /** From now on what is admitted is run; what an earlier process left must be settled before, see `recovery.ts`. */
  start(): void {
    this.#started = true;
    this.#again();
    this.#retries.ask();
  }

  /** While it holds, nothing new begins; what is on its way goes on, and what is killed is answered as ever. */
  hold(holds: boolean): void {
    this.#held = holds;
    if (!holds) this.#again();
  }

  /** Nothing is on its way here. */
  get isIdle(): boolean {
    return this.#active.size === 0 && !this.#scanQueued;
  }

  /** Something was admitted, or there may be more slots. */
  nudge(): void {
    this.#admitted = true;
    this.#forSlots = true;
    this.#queueScan();
  }

  #queueScan(): void {
    if (this.#scanQueued || !this.#started) return;
    this.#scanQueued = true;
    setImmediate(() => {
      this.#scanQueued = false;
      const { isOpen, damage } = this.#options.store;
      // What a damaged store still tells is for the next one to settle.
      if (this.#stopping.signal.aborted || !isOpen || damage.value !== null) return;
      try {
        if (this.#held) this.#scanKilled();
        else this.#scan();
      } catch (error) {
        // A store that can't be read at present: nothing is lost, and it is checked again.
        this.#options.log.error('the open commands could not be read', { error: errorText(error) });
        this.#scanAgainIn(STORE_RETRY_MS);
      }
    });
  }

  /** They begin nothing, and whoever has stopped them waits for the answer. */
  #scanKilled(): void {
    this.#takeAll((limit) => this.#options.store.inbox.killed(limit, this.#heldUpTo));
    if (this.#unread.size > 0) this.#scanAgainIn(STORE_RETRY_MS);
  }

  #scan(): void {
    const { inbox } = this.#options.store;
    if (this.#scanAll) this.#scanWaits();
    if (this.#admitted) this.#admitted = !this.#takeAll((limit) => inbox.toGate(limit, this.#heldUpTo));
    if (this.#forSlots && this.#options.slots.free > 0) this.#forSlots = !this.#takeSlots();
    if (this.#unread.size > 0) this.#scanAgainIn(STORE_RETRY_MS);
    // Whatever nobody has thought of: while something waits, there is another scan.
    if (this.#timer === undefined && inbox.hasWaiting()) this.#scanAgainIn(LONGEST_TIMER_MS);
  }

  /**
   * Gives free slots to those that wait for one, in order of arrival. One whose script has to be fetched first is promised a slot
   * and holds none meanwhile; no more are promised than are free, and of those behind only who has nothing to fetch goes before
   * them. False: there may be more of them.
   */
  #takeSlots(): boolean {
    const { slots, store } = this.#options;
    let fetching = 0;
    for (const active of this.#active.values()) if (active.fetchesForSlot) fetching += 1;
    const isBehind = fetching > 0;
    let passedOver = false;
    const limit = this.#active.size + this.#unread.size + slots.free + (isBehind ? SEARCH_BEHIND : 0);
    const waiting = store.inbox.inState('waiting_slot', limit, this.#heldUpTo);
    for (const run of waiting) {
      if (this.#unread.has(run)) continue;
      const active = this.#active.get(run);
      // One that has its slot says so in its row with its start; one that has none may only just have noted that it waits.
      if (active?.holdsSlot === true || active?.pauses === true) continue;
      if (active !== undefined) return false;
      const isInObjectStore = store.inbox.scriptReadBytes(run) !== null;
      if (isInObjectStore && (passedOver || !this.#scriptObjects.has(run))) {
        if (slots.free === 0) return false;
        passedOver ||= fetching >= slots.free;
        if (passedOver) continue;
        fetching += 1;
        this.#begin(run, 'promised');
        continue;
      }
      if (!slots.take()) return false;
      this.#begin(run, 'taken');
    }
    // For those behind them.
    if (passedOver && !isBehind) this.#queueScan();
    return waiting.length < limit && !passedOver;
  }

  #scanWaits(): void {
    const { inbox, waits } = this.#options.store;
    const upMs = this.#options.clock.upMs();
    this.#scanAll = false;
    // One after the other, since each may use up the room there is; who finds none is checked again when there is.
    for (const select of [
      (limit: number) => inbox.killed(limit, this.#heldUpTo),
      (limit: number) => waits.due('jitter', upMs, limit, this.#heldUpTo),
      (limit: number) => waits.due('user', upMs, limit, this.#heldUpTo),
      (limit: number) => this.#forUsers(limit),
    ]) {
      if (!this.#takeAll(select)) this.#scanAll = true;
    }
    // No more than can be fetched or wait for that: else they would ask the gates for nothing, over and over.
    const { room } = this.#scriptObjects;
    if (!this.#takeAll((limit) => waits.due('retry', upMs, limit, this.#heldUpTo), room)) this.#scanAll = true;
    this.#armTimer(upMs);
    this.#followUsers();
  }

  /** Those whose user is signed in by now. Who that is costs a scan of all sessions, so only what somebody waits for is asked. */
  #forUsers(limit: number): RunId[] {
    const { store, scripts } = this.#options;
    const ready = RUN_AS.filter((runAs) => {
      return (
        store.inbox.waitingForUser(runAs, 1, this.#heldUpTo).length > 0 &&
        scripts.availability(runAs).kind !== 'no_user'
      );
    });
    return ready.flatMap((runAs) => store.inbox.waitingForUser(runAs, limit, this.#heldUpTo)).toSorted((a, b) => a - b);
  }

  /** Takes up those that nobody has, while there is room, and at most so many. False: there may be more. */
  #takeAll(select: (limit: number) => RunId[], most = GATING_MAX): boolean {
    let gating = 0;
    for (const run of this.#active.values()) if (!run.runs) gating += 1;
    let room = Math.min(GATING_MAX - gating, most);
    if (room <= 0) return false;
    // So many are sure to hold all that somebody has, and as many others as there is room for.
    const limit = this.#active.size + this.#unread.size + room;
    const runs = select(limit);
    for (const run of runs) {
      if (this.#active.has(run) || this.#unread.has(run)) continue;
      if (room <= 0) return false;
      room -= 1;
      this.#begin(run, 'none');
    }
    return runs.length < limit;
  }

  #begin(run: RunId, offer: Offer): void {
    const { slots, store, log } = this.#options;
    let open: OpenRun | undefined;
    try {
      open = run <= this.#heldUpTo ? undefined : store.inbox.get(run);
    } catch (error) {
      this.#unread.add(run);
      // For those behind it.
      this.#queueScan();
      log.error('a command could not be read', { run, error: errorText(error) });
    } finally {
      if (offer === 'taken' && (open === undefined || open.state === 'running')) slots.release();
    }
    if (open === undefined || open.state === 'running') return;
    const slot: Slot = {
      offer,
      // Who came earlier and waits has the slot before.
      take: () => {
        const taken = (offer !== 'none' || !this.#forSlots) && slots.take();
        // Another one may fetch now; those behind were not checked while it was about to take one.
        if (taken && offer !== 'none') this.#queueScan();
        return taken;
      },
      release: () => {
        slots.release();
        this.#queueScan();
      },
    };
    const active = new ActiveRun(open, slot, run <= this.#foundRun, {
      ...this.#options,
      scriptObjects: this.#scriptObjects,
    });
    if (open.execId !== null && this.#kills.unrecorded.has(open.execId)) active.kill();
    this.#active.set(run, active);
    const done = this.#see(active).finally(() => {
      this.#active.delete(run);
      this.#queueScan();
    });
    drop(done, this.#options.log, `run ${run}`);
  }

  async #see(active: ActiveRun): Promise<void> {
    const { open } = active;
    const step = await active.step().catch((error: unknown) => this.#failed(open, error));
    if (step !== 'deferred') await this.end(open, step);
    // Maybe for less long than what the timer is set for.
    else if (active.waits) this.#scanAll = true;
    else this.#forSlots = true;
  }

  /** For the next wait that was not over at `upMs`. */
  #armTimer(upMs: number): void {
    const { waits } = this.#options.store;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const dueUpMs = Math.min(...(['jitter', 'user', 'retry'] as const).map((kind) => waits.nextDueUpMs(kind, upMs)));
    if (dueUpMs === Number.POSITIVE_INFINITY) return;
    this.#scanAgainIn(Math.max(1, dueUpMs - this.#options.clock.upMs()));
  }

  #scanAgainIn(ms: number): void {
    clearTimeout(this.#timer);
    const scan = () => {
      this.#timer = undefined;
      this.#again();
    };
    this.#timer = setTimeout(scan, Math.min(ms, LONGEST_TIMER_MS));
  }

  #again(): void {
    this.#scanAll = true;
    this.#unread.clear();
    this.nudge();
  }

  /** While a run waits for a user: checks again when one may have signed in. */
  #followUsers(): void {
    if (this.#followsUsers || this.#options.store.inbox.inState('waiting_user', 1).length === 0) return;
    this.#followsUsers = true;
    const changed = this.#options.scripts.userChange(this.#stopping.signal).then(() => this.#again());
    void changed
      .catch(() => {})
      .finally(() => {
        this.#followsUsers = false;
      });
  }

  /** Kills that are not on disk: the next store is to take them. */
  get unrecordedKills(): readonly string[] {
    return [...this.#kills.unrecorded];
  }

  /** IT wants everything of this execution stopped. */
  async kill(execId: string): Promise<void> {
    const runs = await this.#kills.record(execId, () => {
      for (const active of this.#active.values()) if (active.open.execId === execId) active.kill();
    });
    if (runs === null) return;
    for (const run of runs) this.#active.get(run)?.kill();
    this.#again();
  }

  /**
   * No new work from here on. Running scripts get `graceMs`, then their trees are ended and a result is stored; what waits
   * stays admitted and is gated again at the next start (architecture §4). Asked again, the shorter grace counts.
   */
  async stop(graceMs: number): Promise<void> {
    this.#grace.within(graceMs);
    if (!this.#stopping.signal.aborted) {
      this.#stopping.abort(new Error('stopping'));
      clearTimeout(this.#timer);
      for (const active of this.#active.values()) active.abortWait('stopping');
    }
    await Promise.race([this.idle(), this.#grace.passed]);
    for (const active of this.#active.values()) active.end('stopped');
    await this.idle();
    this.#grace.cancel();
  }

  /** Resolves when nothing is on its way. */
  async idle(): Promise<void> {
    while (!this.isIdle) await sleep(IDLE_POLL_MS);
  }

  /** A bug of ours or a damaged row. The fleet still gets its one answer. */
  #failed(open: OpenRun, error: unknown): Outcome {
    const why = errorText(error);
    this.#options.log.error('a run failed', { request_id: open.requestId, error: why });
    const nowMs = this.#options.clock.nowMs();
    return withoutRun('START_FAILED', spawnFailedText(why), { nowMs, detail: why });
  }

  /** Ends the run, as {@link storeEnding}. */
  async end(open: OpenRun, outcome: Outcome): Promise<void> {
    const { bus } = this.#options;
    this.#scriptObjects.forget(open.run);
    const stored = await storeEnding(open, outcome, {
      ...this.#options,
      maxPayloadBytes: bus.link.value.maxPayloadBytes,
    });
    if (stored) this.#options.onQueued();
  }
}
