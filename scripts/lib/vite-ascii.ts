/**
 * Bundles in ASCII: V8 keeps a program with any other character in it in two bytes a character for as long as it runs, and
 * Node reads such a file more slowly. Invariant: what the program does is the same, its texts included.
 */
import type { Plugin } from 'vite';

export function ascii(): Plugin {
  return {
    name: 'ascii',
    // No line moves, so the source map stays; a column behind such a character is off by the length of its escape.
    renderChunk: (code) => ({ code: escaped(code), map: null }),
  };
}

/** @throws where an escape would mean something else than the character */
export function escaped(code: string): string {
  if (/String\.raw`[^`]*[^\0-\x7f]/.test(code)) throw new Error('String.raw with a character that is not ASCII');
  return code.replace(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
