/** Native code. Invariant: nothing of it is loaded before somebody needs it. */
import { createRequire } from 'node:module';
import type * as Native from 'koffi';

type Koffi = typeof Native;

let home: string | URL = import.meta.url;

/** Where a bundle is packed without it: it is then taken from beside this name. */
export function koffiIsBeside(file: string): void {
  home = file;
}

/** Loads native code, so only who needs it asks. @throws where there is none for this system */
export function koffi(): Koffi {
  return createRequire(home)('koffi') as Koffi;
}
