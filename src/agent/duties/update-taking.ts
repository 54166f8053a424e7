/** Brings this PC to the version that IT wants, where the program is ours to replace: follows what is offered, one manifest at a time. */
import { drop } from '../../base/drop.ts';
import { errorText } from '../../base/logger.ts';
import { type Watched, WatchedCell } from '../../base/watched.ts';
import type { UpdateView } from '../../shared/agent-status.ts';
import type { WishOutcome } from '../../shared/update-reasons.ts';
import type { UpdateNotes } from '../store/update-notes.ts';
import { OneUpdate, type OneUpdateOptions } from './one-update.ts';
import type { Offer } from './release-lookup.ts';
import type { UpdateWatch } from './update-watch.ts';

export interface UpdateTakingOptions extends Omit<OneUpdateOptions, 'isOffered'> {
  readonly watch: Pick<UpdateWatch, 'status' | 'offer'>;
}

export interface UpdateTaking {
  readonly status: Watched<UpdateView>;
  /** The person's wish; null: as soon as it may be. */
  readonly schedule: (notBeforeMs: number | null) => Promise<WishOutcome>;
  /** Resolves once nothing of an update is done here any more. */
  close(): Promise<void>;
}

export function startUpdateTaking(options: UpdateTakingOptions): UpdateTaking {
  const { watch, notes, log } = options;
  let current: OneUpdate | null = null;
  // Of all before: two at a time would take what lies half there from each other.
  let running: Promise<unknown> = Promise.resolve();
  const all = new Set<OneUpdate>();
  const status = new WatchedCell<UpdateView>(watch.status.value);
  let known: UpdateNotes['undone'] = [];
  // To show it is nobody's condition: a store that can't be read at present is shown as it was.
  const undoneAsKnown = () => {
    try {
      known = notes.undone;
    } catch (error) {
      log.warn('which updates have failed here could not be read', { error: errorText(error) });
    }
    return known;
  };
  const publish = () => {
    const { status: seen } = watch;
    const phase = seen.value.state === 'available' ? (current?.phase ?? null) : null;
    const failed = undoneAsKnown().find(({ version }) => version === seen.value.wanted);
    const undone =
      failed === undefined ? {} : { undone: { version: failed.version, why: failed.why, atMs: failed.atMs } };
    const next: UpdateView = { ...seen.value, ...phase, ...undone };
    if (JSON.stringify(next) !== JSON.stringify(status.value)) status.set(next);
  };
  const isOffered = ({ manifest }: Offer) => watch.offer.value?.manifest === manifest;
  const follow = (offer: Offer | null) => {
    if (offer !== null && current?.offer.manifest === offer.manifest) {
      // Checked again; its package may have been exchanged.
      current.offer = offer;
      return;
    }
    current?.close();
    const begin = Promise.all([options.begin, running]);
    const one = offer === null ? null : new OneUpdate(offer, { ...options, begin, isOffered }, publish);
    current = one;
    if (one !== null) {
      all.add(one);
      const run = one.run().finally(() => all.delete(one));
      drop(run, log, 'taking an update');
      running = Promise.allSettled([running, run]);
    }
    publish();
  };
  const stopOffer = watch.offer.watch(follow);
  const stopStatus = watch.status.watch(publish);
  follow(watch.offer.value);
  publish();
  return {
    status,
    schedule: async (notBeforeMs) => (await current?.schedule(notBeforeMs)) ?? 'refused',
    async close() {
      stopOffer();
      stopStatus();
      // One that is offered no more may still wait for what it was given to.
      for (const one of all) one.close(true);
      current = null;
      await running;
    },
  };
}
