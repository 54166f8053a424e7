/** Disks that are small or can't be written, for tests that run as root on Linux. They go with the test. */
import { execFileSync } from 'node:child_process';
import { closeSync, existsSync, openSync } from 'node:fs';
import { onTestFinished } from 'vitest';
import { tempDir } from './temp.ts';

/** Why there can be no such disk here; null where there can. */
export function noMountsHere(): string | null {
  if (process.platform !== 'linux') return 'there are no such mounts on this system';
  if (process.getuid?.() !== 0) return 'only root can mount a disk';
  try {
    execFileSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt'], { stdio: 'pipe' });
    return null;
  } catch {
    return 'root may not mount here';
  }
}

/** The same for {@link deadShare}. */
export function noSharesHere(): string | null {
  return noMountsHere() ?? (existsSync('/dev/fuse') ? null : 'there is no FUSE here');
}

export interface SmallDisk {
  readonly path: string;
  resize(mib: number): void;
}

/** `files`: no more than so many, and the directory. */
export function smallDisk(mib: number, files?: number): SmallDisk {
  const path = tempDir();
  const inodes = files === undefined ? '' : `,nr_inodes=${files + 1}`;
  mount('-t', 'tmpfs', '-o', `size=${mib}m${inodes}`, 'tmpfs', path);
  onTestFinished(() => unmount(path));
  return { path, resize: (size) => mount('-o', `remount,size=${size}m`, path) };
}

/** Makes a file or folder unwritable, for root too; the function that is returned makes it writable again. */
export function readOnly(path: string): () => void {
  mount('--bind', path, path);
  mount('-o', 'remount,ro,bind', path);
  let undone = false;
  const undo = () => {
    if (!undone) unmount(path);
    undone = true;
  };
  onTestFinished(undo);
  return undo;
}

/** A network share that is away: whoever looks into it waits, until `abandon` or the end of the test. */
export function deadShare(): { readonly path: string; abandon(): void } {
  const path = tempDir();
  // A file system of which nobody answers for the kernel's questions.
  const device = openSync('/dev/fuse', 'r+');
  const options = 'fd=3,rootmode=40000,user_id=0,group_id=0';
  execFileSync('mount', ['-i', '-t', 'fuse', '-o', options, 'dead', path], {
    stdio: ['ignore', 'pipe', 'pipe', device],
  });
  let abandoned = false;
  const abandon = () => {
    if (!abandoned) closeSync(device);
    abandoned = true;
  };
  onTestFinished(() => {
    abandon();
    unmount(path);
  });
  return { path, abandon };
}

function mount(...args: readonly string[]): void {
  execFileSync('mount', args, { stdio: 'pipe' });
}

/** Lazily: a process that still ends may hold it for a moment. */
function unmount(path: string): void {
  execFileSync('umount', ['-l', path], { stdio: 'pipe' });
}
