/**
 * The end of this process. Invariant: it ends with its code, whatever is left of it. Node joins the threads of its pool at an exit,
 * so one access to a dead network share, or to a name server that is silent, would keep it for ever.
 */
import type { Writable } from 'node:stream';
import { koffi as loadKoffi } from './koffi.ts';

/** For what is still on its way to standard output. */
const LAST_WORDS_MS = 500;

/** Ends once standard output and error have taken what was written, or after half a second. */
export async function endProcess(code: number): Promise<never> {
  const late = new Promise((resolve) => setTimeout(resolve, LAST_WORDS_MS));
  await Promise.race([Promise.all([flushed(process.stdout), flushed(process.stderr)]), late]);
  endNow(code);
}

/** Ends at once. */
export function endNow(code: number): never {
  if (process.getActiveResourcesInfo().some((kind) => IN_A_THREAD.test(kind))) endWithoutThreads(code);
  process.exit(code);
}

/** What runs in a thread of the pool, and may hang there. */
const IN_A_THREAD = /^(FSReq|FileHandleCloseReq|GetAddrInfo|GetNameInfo)/;

function flushed(stream: Writable): Promise<void> {
  return new Promise((resolve) => {
    stream.write('', () => resolve());
  });
}

/** By the system's own call, which asks no thread. */
function endWithoutThreads(code: number): void {
  try {
    const koffi = loadKoffi();
    if (process.platform === 'win32') {
      const library = koffi.load('kernel32.dll');
      const own: unknown = library.func('intptr_t __stdcall GetCurrentProcess()')();
      library.func('int __stdcall TerminateProcess(intptr_t process, uint32_t code)')(own, code);
    } else {
      koffi.load(null).func('void _exit(int code)')(code);
    }
  } catch {
    // No native code for this system: the end counts for more than its code.
    process.kill(process.pid, 'SIGKILL');
  }
}
