/** Whether this release can work on a store, tried on a copy of it, and which releases can then still read it. */
import { errorText } from '../../base/logger.ts';
import { LATEST_VERSION } from './migrations.ts';
import { minReader, openStore } from './open.ts';
import { Store, type StoreOptions } from './store.ts';

export type TriedStore =
  /** `schema`: the number of this release; `minReader`: the lowest number that can work on what it makes of the file. */
  | { readonly ok: true; readonly schema: number; readonly minReader: number }
  | { readonly ok: false; readonly why: string };

/** `options.directory` holds the copy, which is migrated. */
export async function tryStore(options: StoreOptions): Promise<TriedStore> {
  try {
    const opened = openStore(options.directory);
    if (opened.kind !== 'open') return { ok: false, why: `the copy of the store is ${opened.kind}` };
    if (opened.notes.quarantined !== null) return { ok: false, why: 'the copy of the store counts as damaged' };
    const oldest = minReader(opened.db);
    const store = new Store(opened.db, options);
    const knows = store.knowsWhatItHasSeen();
    await store.close();
    return knows
      ? { ok: true, schema: LATEST_VERSION, minReader: oldest }
      : { ok: false, why: 'the ledger in the copy can not be read' };
  } catch (error) {
    return { ok: false, why: errorText(error) };
  }
}
