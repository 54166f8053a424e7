/** Marks and counters that lie beside the store's file. */
import { readFileSync } from 'node:fs';
import { mayPass } from './sqlite-errors.ts';

/**
 * A small file beside the store; null: there is none, or it will never be read. Throws where somebody holds it, or the like: what
 * it says (that something is still to be saved, that the store is an older copy) is forgotten by whoever goes on without it.
 */
export function readBeside(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (mayPass(error)) throw error;
    return null;
  }
}
