/**
 * Whoever follows keys keeps what they say, also between two watches. Each watch begins with a snapshot of all values; this tells which
 * keys were in it. Invariants: what is gone from the bucket meanwhile is told as well, and only once the whole snapshot is there; a key
 * whose value nobody has put there keeps what was known of it.
 */
import { type KvChange, type KvWatchHandlers, NO_VALUE } from './bus.ts';

export interface SnapshotHandlers {
  /** `live`: it comes by itself, after the snapshot; else `whole` is still to come. */
  readonly change: (change: KvChange, live: boolean) => void;
  /** The snapshot is whole: these keys are there; of `valueless` among them no value was told. */
  readonly whole: (present: ReadonlySet<string>, valueless: ReadonlySet<string>) => void;
  /** The bucket does not exist (yet), or not for us. Left out: one that is away for a moment takes nothing back. */
  readonly missing?: () => void;
}

export function snapshotThenChanges({ change, whole, missing = () => {} }: SnapshotHandlers): KvWatchHandlers {
  let present = new Set<string>();
  let valueless = new Set<string>();
  let live = false;
  return {
    begin: () => {
      present = new Set();
      valueless = new Set();
      live = false;
    },
    change: (one) => {
      const isNew = !present.has(one.key);
      if (one.value === null) present.delete(one.key);
      else present.add(one.key);
      if (one.value === NO_VALUE) {
        if (isNew) valueless.add(one.key);
        return;
      }
      valueless.delete(one.key);
      change(one, live);
    },
    current: () => {
      live = true;
      whole(present, valueless);
    },
    missing,
  };
}
