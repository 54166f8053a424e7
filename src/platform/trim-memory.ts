/** Memory that was used once, given back to the system: what an idle PC holds is what is seen of us (docs/performance.md). */
import { koffi } from './koffi.ts';

let trim: (() => void) | undefined;

/**
 * Gives what was freed back to the system. glibc keeps it, in a heap for each thread that ever needed memory: after a burst some
 * 8 MB that nobody uses. Nothing where there is no such call.
 */
export function trimMemory(): void {
  trim ??= tryLoad();
  trim();
}

function tryLoad(): () => void {
  if (process.platform !== 'linux') return () => {};
  try {
    const mallocTrim = koffi().load(null).func('int malloc_trim(size_t pad)');
    return () => void mallocTrim(0);
  } catch {
    return () => {}; // no binary of koffi for this processor, or another C library
  }
}
