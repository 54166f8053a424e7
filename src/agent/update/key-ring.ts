/**
 * The key list that counts on this PC: the one that is pinned, or the newest after it that this PC has taken. Invariant: it is
 * kept before it is used, so no restart goes back behind it.
 */
import { type KeyList, keyListObject, nextKeys, pinnedKeys, readKept } from './keys.ts';

/** A PC that was away for long catches up over several look-ups. */
const MAX_STEPS = 20;

export interface KeptKeys {
  keys(trust: string): Uint8Array | null;
  noteKeys(trust: string, version: number, body: Uint8Array): Promise<void>;
}

export type Pin =
  | { readonly kind: 'none' }
  | { readonly kind: 'pinned'; readonly keys: KeyList }
  | { readonly kind: 'unusable'; readonly why: string };

/** `text`: of the pinned file. */
export function pinOf(text: Uint8Array): Pin {
  const keys = pinnedKeys(text);
  return keys === null
    ? { kind: 'unusable', why: 'it is no key list that its own recovery keys have signed' }
    : { kind: 'pinned', keys };
}

/** What is read of the bucket; null: it can't be told now. */
export type ReadObject = (name: string) => Promise<Uint8Array | 'absent' | 'unusable' | null>;

/** null: the way to the bucket failed. A list that is not the next one is as good as none: it must not hold anything up. */
export async function newestKeys(pinned: KeyList, kept: KeptKeys, read: ReadObject): Promise<KeyList | null> {
  let keys = readKept(pinned, kept.keys(pinned.trust));
  for (let step = 0; step < MAX_STEPS; step++) {
    const body = await read(keyListObject(keys.version + 1));
    if (body === null) return null;
    const next = typeof body === 'string' ? null : nextKeys(keys, body);
    if (next === null || typeof body === 'string') break;
    await kept.noteKeys(next.trust, next.version, body);
    keys = next;
  }
  return keys;
}
