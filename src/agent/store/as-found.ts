/** A store that is only read stays as it was found. */
import { existsSync } from 'node:fs';
import { atEnd } from '../../base/at-end.ts';
import { removeQuietly } from '../../base/remove-quietly.ts';

/** Reading a store makes a file of shared memory beside it, which goes at the end of the scope where there was none before. */
export function asFound(file: string): Disposable {
  const hadShm = existsSync(`${file}-shm`);
  return atEnd(() => {
    if (!hadShm) removeQuietly(`${file}-shm`);
  });
}
