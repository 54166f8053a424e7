/** A disk that is soon full, for root on Linux. It goes with whoever asked for it. */
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';

/** Why there can be none here; null where there can. */
export function noSmallDiskHere(): string | null {
  if (process.getuid?.() !== 0) return 'only root can mount a small disk';
  try {
    execFileSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt'], { stdio: 'pipe' });
    return null;
  } catch {
    return 'root may not mount a small disk here';
  }
}

const mounted = new Set<string>();
process.once('exit', () => {
  for (const path of mounted) unmountDisk(path);
});

/** Mounts one of so many MiB at a path that is made for it. */
export function mountSmallDisk(path: string, mib: number): void {
  mkdirSync(path, { recursive: true });
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${mib}m`, 'tmpfs', path], { stdio: 'pipe' });
  mounted.add(path);
}

export function unmountDisk(path: string): void {
  // Lazily: a process that still ends may hold it for a moment.
  execFileSync('umount', ['-l', path], { stdio: 'pipe' });
  mounted.delete(path);
}
