/**
 * How a process ended that we hold a handle of. Node can't wait for it, and to poll it costs for as long as it runs; a
 * shell that waits for its command may do so for hours. So it gets one end of a pipe that it knows nothing of, and that nothing it
 * starts inherits: Windows closes it when the process ends, and our end of it says so.
 */
import { exitCodeOf } from './create-as-user.ts';
import { type Handle, native } from './native.ts';
import type { ScriptPipe } from './script-pipe.ts';
import { SYNCHRONIZE } from './win32-constants.ts';

/** Closed, and its exit code not there yet. */
const SOON_EVERY_MS = 2;
const SOON_MS = 500;
/** Where the pipe says nothing, as when something in the process has closed what it does not know or handed it on. */
const AT_LEAST_EVERY_MS = 2_000;
/** Where the process could not be given its end. */
const WITHOUT_EVERY_MS = 50;

export interface ProcessEnd {
  /** The exit code, unsigned as Windows has it. */
  readonly exited: Promise<number>;
  /** As Windows has it in this moment. */
  isRunning(): boolean;
}

/**
 * Gives a process the handle of a pipe that it does not inherit; the caller closes its own. Before the process runs: one that has ended
 * takes nothing any more.
 * @returns false: Windows refuses
 */
export function giveLife(process: Handle, { handle }: ScriptPipe): boolean {
  const copy: [Handle] = [0];
  // The right to wait for it, and no other: who finds the handle in the process can neither read nor write by it.
  return native().DuplicateHandle(native().GetCurrentProcess(), handle, process, copy, SYNCHRONIZE, 0, 0) !== 0;
}

/**
 * @param process closed by us once it has ended
 * @param life what {@link giveLife} has given it, or tried to
 * @param pollEveryMs besides; null: never
 */
export function whenEnded(
  process: Handle,
  life: ScriptPipe,
  isGiven: boolean,
  pollEveryMs: number | null = AT_LEAST_EVERY_MS,
): ProcessEnd {
  const { promise: exited, resolve } = Promise.withResolvers<number>();
  let isOpen = true;
  let closedAtMs: number | null = null;
  let timer: NodeJS.Timeout | undefined;
  const everyMs = () => {
    if (closedAtMs !== null) return performance.now() - closedAtMs < SOON_MS ? SOON_EVERY_MS : WITHOUT_EVERY_MS;
    return isGiven ? pollEveryMs : WITHOUT_EVERY_MS;
  };
  const poll = () => {
    clearTimeout(timer);
    if (!isOpen) return;
    const code = exitCodeOf(process);
    if (code === null) {
      const againMs = everyMs();
      if (againMs !== null) timer = setTimeout(poll, againMs);
      return;
    }
    isOpen = false;
    native().CloseHandle(process);
    life.close();
    resolve(code);
  };
  life.socket.then((socket) => {
    socket.on('close', () => {
      closedAtMs = performance.now();
      poll();
    });
    exited.then(() => socket.destroy()).catch(() => {});
    // Nothing comes; its end is not seen before what has come is read.
    socket.resume();
  }, poll);
  poll();
  return { exited, isRunning: () => isOpen && exitCodeOf(process) === null };
}
