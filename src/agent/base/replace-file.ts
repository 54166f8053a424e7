import { closeSync, fsyncSync, openSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { makeDirectory } from '../../shared/make-directory.ts';

/** Writes beside `file`, onto the disk, and renames: whoever reads it gets the old content or the new one, also after a crash. */
export function replaceFile(file: string, content: string | Uint8Array, mode = 0o666): void {
  makeDirectory(dirname(file));
  const fresh = `${file}.new`;
  const opened = openSync(fresh, 'w', mode);
  try {
    writeFileSync(opened, content);
    fsyncSync(opened);
  } finally {
    closeSync(opened);
  }
  renameSync(fresh, file);
}
