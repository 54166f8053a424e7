/** The directory of the built product: the app shell's own file lies in a folder of it. */
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

export function distDirectory(): string {
  return dirname(dirname(fileURLToPath(import.meta.url)));
}
