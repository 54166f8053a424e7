import { expect, test } from 'vitest';
import { koffi } from './koffi.ts';
import { trimMemory } from './trim-memory.ts';

const MIB = 1024 * 1024;

test.skipIf(process.platform !== 'linux')(
  'what was freed below what is still in use is given back to the system',
  () => {
    const libc = koffi().load(null);
    const malloc = libc.func('void *malloc(size_t bytes)');
    const memset = libc.func('void *memset(void *at, int byte, size_t bytes)');
    const free = libc.func('void free(void *at)');
    const blocks = Array.from({ length: 1_000 }, () => malloc(64 * 1024));
    for (const block of blocks) memset(block, 1, 64 * 1024);
    // glibc gives back by itself what nothing lies above.
    const last = blocks.pop();
    for (const block of blocks) free(block);
    const before = process.memoryUsage.rss();
    trimMemory();
    expect(process.memoryUsage.rss()).toBeLessThan(before - 40 * MIB);
    free(last);
  },
);
