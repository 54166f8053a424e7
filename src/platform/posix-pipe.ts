/**
 * Real pipes for the output of scripts. Node gives its children socket pairs, and Linux refuses to open a socket by path:
 * under them `echo x > /dev/stderr` and `tee /dev/stderr` fail with ENXIO (nodejs/node#21941), which scripts do a lot.
 */
import { koffi as loadKoffi } from './koffi.ts';

export interface PipeEnds {
  readonly readFd: number;
  readonly writeFd: number;
}

type Pipe2 = (fds: Int32Array, flags: number) => number;

const O_CLOEXEC = 0o2000000;

let pipe2: Pipe2 | null | undefined;

/** Loads what {@link openPipe} needs (some 15 ms once), so that the first script does not wait for it. */
export function preparePipes(): void {
  if (pipe2 === undefined) pipe2 = process.platform === 'linux' ? loadPipe2() : null;
}

/** A new pipe, both ends close-on-exec; null where there is no way to make one (then Node's socket pairs must do). */
export function openPipe(): PipeEnds | null {
  preparePipes();
  const fds = new Int32Array(2);
  if (pipe2?.(fds, O_CLOEXEC) !== 0) return null;
  const [readFd, writeFd] = fds;
  return readFd === undefined || writeFd === undefined ? null : { readFd, writeFd };
}

function loadPipe2(): Pipe2 | null {
  try {
    const koffi = loadKoffi();
    return koffi.load(null).func('int pipe2(_Out_ int *fds, int flags)') as Pipe2;
  } catch {
    return null; // no binary of koffi for this processor
  }
}
