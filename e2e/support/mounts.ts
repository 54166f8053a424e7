/** Disks that are small or can't be written, for tests that run as root on Linux. They go with the test. */
import { execFileSync } from 'node:child_process';
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

export interface SmallDisk {
  readonly path: string;
  resize(mib: number): void;
}

export function smallDisk(mib: number): SmallDisk {
  const path = tempDir();
  mount('-t', 'tmpfs', '-o', `size=${mib}m`, 'tmpfs', path);
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

function mount(...args: readonly string[]): void {
  execFileSync('mount', args, { stdio: 'pipe' });
}

/** Lazily: a process that still ends may hold it for a moment. */
function unmount(path: string): void {
  execFileSync('umount', ['-l', path], { stdio: 'pipe' });
}
