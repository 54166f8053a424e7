/**
 * A package whose bytes are those that were signed, into a fresh directory. Invariant: nothing is made but directories and plain
 * files below it, each new, and no more bytes than were signed. A person with a release key must not be able to do more by a
 * package than to have its program run.
 */
import { closeSync, createReadStream, mkdirSync, openSync, writeSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Parser, type ReadEntry } from 'tar';
import { errorText } from '../../base/logger.ts';
import { makeDirectory } from '../../shared/make-directory.ts';

const MAX_ENTRIES = 20_000;
/** Of a header of its own, for a long name: none of ours is that long. */
const MAX_META_BYTES = 64 * 1024;
const MAX_PATH_CHARS = 240;
/** Letters that no system takes for anything but a part of a name. `..` and names of devices of Windows are refused by themselves. */
const SEGMENT = /^[A-Za-z0-9@_+.()[\]{}~ -]+$/;
const DEVICE = /^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/i;
const EXECUTABLE = 0o100;

export interface UnpackOptions {
  /** A tar archive, compressed or not. */
  readonly file: string;
  /** Not there yet; the one above it is, and is ours alone. */
  readonly to: string;
  /** The size of all files in it. */
  readonly unpackedBytes: number;
  readonly signal: AbortSignal;
}

export type Unpacked = { readonly ok: true } | { readonly ok: false; readonly why: string };

/** What is wrong with a package. */
class Refused extends Error {
  override readonly name = 'Refused';
}

/** Rejects where the disk fails, or with the signal's reason; whatever there is then is the caller's to remove. */
export async function unpack({ file, to, unpackedBytes, signal }: UnpackOptions): Promise<Unpacked> {
  mkdirSync(to, { mode: 0o755 });
  const tree = new Tree(to, unpackedBytes);
  try {
    await parse(file, tree, signal);
    await tree.sync(signal);
    return { ok: true };
  } catch (error) {
    if (error instanceof Refused) return { ok: false, why: error.message };
    throw error;
  } finally {
    tree.close();
  }
}

async function parse(file: string, tree: Tree, signal: AbortSignal): Promise<void> {
  const done = Promise.withResolvers<void>();
  // Awaited at the end; what fails before is no loose rejection.
  done.promise.catch(() => {});
  const parser = new Parser({
    strict: true,
    maxMetaEntrySize: MAX_META_BYTES,
    onReadEntry: (entry) => {
      try {
        tree.take(entry);
      } catch (error) {
        done.reject(error);
        entry.resume();
      }
    },
  });
  parser.on('error', (error: unknown) => done.reject(new Refused(errorText(error))));
  parser.on('ignoredEntry', ({ path }: ReadEntry) => done.reject(new Refused(`it holds more than files: ${path}`)));
  parser.on('end', () => done.resolve());
  tree.onFailure = (error) => done.reject(error);
  let isOver = false;
  done.promise.then(
    () => (isOver = true),
    () => (isOver = true),
  );
  for await (const chunk of createReadStream(file, { signal })) {
    if (isOver) break;
    if (!parser.write(chunk))
      await Promise.race([new Promise((resolve) => parser.once('drain', resolve)), done.promise]);
  }
  if (!isOver) parser.end();
  await done.promise;
}

/** What is being made below one directory. */
class Tree {
  onFailure: (error: unknown) => void = () => {};
  readonly #root: string;
  readonly #files: string[] = [];
  readonly #directories = new Set<string>();
  #leftBytes: number;
  #entries = 0;
  #closeFile = () => {};

  constructor(root: string, unpackedBytes: number) {
    this.#root = root;
    this.#leftBytes = unpackedBytes;
    this.#directories.add(root);
  }

  /** Follows the entry to its end. @throws {Refused}, or as `node:fs` */
  take(entry: ReadEntry): void {
    this.#entries += 1;
    if (this.#entries > MAX_ENTRIES) throw new Refused(`it holds more than ${MAX_ENTRIES} files`);
    const path = join(this.#root, ...segmentsOf(entry.path));
    if (entry.type === 'Directory') {
      this.#makeDirectory(path);
      entry.resume();
    } else if (entry.type === 'File' || entry.type === 'OldFile') {
      this.#writeFile(path, entry);
    } else {
      // Links, devices, and what only some readers know.
      throw new Refused(`it holds a ${entry.type}: ${entry.path}`);
    }
  }

  #writeFile(path: string, entry: ReadEntry): void {
    this.#leftBytes -= entry.size;
    if (this.#leftBytes < 0) throw new Refused('it holds more bytes than were signed');
    this.#makeDirectory(dirname(path));
    const isProgram = ((entry.mode ?? 0) & EXECUTABLE) !== 0;
    const file = this.#create(path, isProgram ? 0o755 : 0o644);
    this.#files.push(path);
    let isOpen = true;
    const close = () => {
      if (isOpen) closeSync(file);
      isOpen = false;
    };
    this.#closeFile = close;
    entry.on('data', (chunk: Buffer) => {
      if (!isOpen) return;
      try {
        for (let at = 0; at < chunk.length; ) at += writeSync(file, chunk, at);
      } catch (error) {
        close();
        this.onFailure(error);
      }
    });
    entry.on('end', close);
    entry.on('error', (error: unknown) => {
      close();
      this.onFailure(error);
    });
  }

  #create(path: string, mode: number): number {
    try {
      return openSync(path, 'wx', mode);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') throw new Refused(`it holds ${path} twice`);
      throw error;
    }
  }

  #makeDirectory(path: string): void {
    if (this.#directories.has(path)) return;
    try {
      makeDirectory(path, 0o755);
    } catch (error) {
      if (this.#files.some((file) => path === file || path.startsWith(file)))
        throw new Refused(`${path} is a file, too`);
      throw error;
    }
    for (let at = path; !this.#directories.has(at); at = dirname(at)) this.#directories.add(at);
  }

  /** The file that is being written, if something ended that. */
  close(): void {
    this.#closeFile();
  }

  /** Onto the disk: a version that counts must be whole also after a power failure. */
  async sync(signal: AbortSignal): Promise<void> {
    const directories = process.platform === 'win32' ? [] : [...this.#directories, dirname(this.#root)];
    for (const path of [...this.#files, ...directories]) {
      signal.throwIfAborted();
      // Windows flushes what is open for writing only.
      await using file = await open(path, process.platform === 'win32' ? 'r+' : 'r');
      await file.sync();
    }
  }
}

function segmentsOf(path: string): string[] {
  const segments = path.replace(/^\.\//, '').replace(/\/$/, '').split('/');
  const isPlain = segments.every((each) => SEGMENT.test(each) && !/^\.{1,2}$/.test(each) && !/[. ]$/.test(each));
  if (path.length > MAX_PATH_CHARS || !isPlain || segments.some((each) => DEVICE.test(each)))
    throw new Refused(`it holds a path that is none of ours: ${JSON.stringify(path.slice(0, MAX_PATH_CHARS))}`);
  return segments;
}
