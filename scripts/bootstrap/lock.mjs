/**
 * Two starts at once must not install into one directory. Invariant: the holder touches its lock while it works, so a lock
 * that nobody touches belongs to a process that is gone, also after a reboot or on another machine with the same cache.
 */
import { mkdir, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { cacheDir } from './paths.mjs';
import { say } from './say.mjs';

const TOUCH_MS = 2_000;
const ABANDONED_MS = 20_000;
const RETRY_MS = 500;

/**
 * Does `work` while no other process does work under the same name.
 * @template T
 * @param {string} name a file name
 * @param {() => Promise<T>} work
 * @param {{ directory?: string }} options
 * @returns {Promise<T>}
 */
export async function withLock(name, work, { directory = join(cacheDir(), 'locks') } = {}) {
  await mkdir(directory, { recursive: true });
  const path = join(directory, `${name}.lock`);
  let said = false;
  while (!(await take(path))) {
    await removeIfAbandoned(path);
    if (!said) say(`Another start is at it already (${path}); waiting for it…`);
    said = true;
    await delay(RETRY_MS);
  }
  const timer = setInterval(() => {
    const now = new Date();
    utimes(path, now, now).catch(() => {});
  }, TOUCH_MS);
  try {
    return await work();
  } finally {
    clearInterval(timer);
    await rm(path, { force: true });
  }
}

/** @param {string} path */
async function take(path) {
  try {
    await writeFile(path, `${process.pid}\n`, { flag: 'wx' });
    return true;
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'EEXIST') return false;
    throw error;
  }
}

/** @param {string} path */
async function removeIfAbandoned(path) {
  try {
    if (Date.now() - (await stat(path)).mtimeMs < ABANDONED_MS) return;
    // Of several who see it abandoned only one can move it away; nobody removes a lock that was taken meanwhile.
    const aside = `${path}.${process.pid}`;
    await rename(path, aside);
    await rm(aside);
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'ENOENT') throw error;
  }
}
