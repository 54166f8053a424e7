/**
 * Starts a process by `posix_spawn` (Linux). Node's `spawn` forks, which copies the page tables of the agent: some 25 µs for
 * each MB that it holds, on the agent's only thread (measured: 0.9 ms at 65 MB, 4 ms at 165 MB). `posix_spawn` copies
 * nothing, and takes a third of the CPU. Node does not know these children, so their ends are collected here.
 */
import { openSync } from 'node:fs';
import { constants } from 'node:os';
import { getSystemErrorName } from 'node:util';
import { atEnd } from '../base/at-end.ts';
import { koffi as loadKoffi } from './koffi.ts';

export interface SpawnRequest {
  /** Absolute. */
  readonly file: string;
  /** Without the name of the program itself. */
  readonly args: readonly string[];
  /** `NAME=value` each. */
  readonly env: readonly string[];
  readonly cwd: string | null;
  /** Open here, close-on-exec; null: `/dev/null`. */
  readonly stdinFd: number | null;
  readonly stdoutFd: number;
  readonly stderrFd: number;
}

export type ChildEnd =
  | { readonly kind: 'exited'; readonly code: number }
  | { readonly kind: 'signalled'; readonly signal: string };

export type Spawned =
  | { readonly ok: true; readonly pid: number; readonly ended: Promise<ChildEnd> }
  /** `code` as in Node: `ENOENT` for a missing program and a missing directory alike. */
  | { readonly ok: false; readonly code: string };

const SETSID = 0x80;
const SETSIGDEF = 0x04;
const SETSIGMASK = 0x08;
const WNOHANG = 1;
/** Larger than the opaque structures of glibc (336, 80, 128 bytes) and musl. */
const STRUCT_BYTES = 512;

type Native = ReturnType<typeof load>;
let native: Native | null | undefined;
const living = new Map<number, (end: ChildEnd) => void>();

/** Loads native code (some 10 ms, once). False: there is none for this system, and Node's `spawn` must do. */
export function preparePosixSpawn(): boolean {
  if (native === undefined) native = process.platform === 'linux' ? tryLoad() : null;
  return native !== null;
}

/**
 * Starts the program in a session and process group of its own, with default signals. Synchronous: when it returns, the
 * program runs. Call only after {@link preparePosixSpawn} said yes.
 */
export function posixSpawn(request: SpawnRequest): Spawned {
  if (!preparePosixSpawn() || !native) throw new Error('posix_spawn is not available');
  const texts = [request.file, ...request.args, request.cwd ?? ''];
  // A NUL would end the text there and run something else.
  if (texts.some((text) => text.includes('\0'))) return { ok: false, code: 'EINVAL' };
  const { actionsDestroy } = native;
  const actions = Buffer.alloc(STRUCT_BYTES);
  native.actionsInit(actions);
  using _ = atEnd(() => actionsDestroy(actions));
  if (request.cwd !== null) native.addChdir(actions, request.cwd);
  native.addDup2(actions, request.stdinFd ?? native.devNull, 0);
  native.addDup2(actions, request.stdoutFd, 1);
  native.addDup2(actions, request.stderrFd, 2);
  const pid = new Int32Array(1);
  const argv = [request.file, ...request.args, null];
  const errno = native.spawn(pid, request.file, actions, native.attributes, argv, [...request.env, null]);
  if (errno !== 0) return { ok: false, code: getSystemErrorName(-errno) };
  const [child = 0] = pid;
  return { ok: true, pid: child, ended: new Promise((resolve) => living.set(child, resolve)) };
}

/** Signals of several children may come as one, so all are checked. */
function collect(): void {
  if (!native) return;
  const status = new Int32Array(1);
  for (const [pid, ended] of living) {
    const answer = native.waitpid(pid, status, WNOHANG);
    if (answer === 0) continue;
    living.delete(pid);
    ended(answer === pid ? endOf(status[0] ?? 0) : { kind: 'signalled', signal: 'unknown' });
  }
}

function endOf(status: number): ChildEnd {
  const signal = status & 0x7f;
  if (signal === 0) return { kind: 'exited', code: (status >> 8) & 0xff };
  const name = Object.entries(constants.signals).find(([, number]) => number === signal)?.[0];
  return { kind: 'signalled', signal: name ?? `signal ${signal}` };
}

function tryLoad(): Native | null {
  try {
    return load();
  } catch {
    return null; // no binary of koffi for this processor, or a C library without one of these
  }
}

function load() {
  const koffi = loadKoffi();
  const libc = koffi.load(null);
  const actions = 'posix_spawn_file_actions';
  const functions = {
    actionsInit: libc.func(`int ${actions}_init(void *actions)`),
    actionsDestroy: libc.func(`int ${actions}_destroy(void *actions)`),
    addDup2: libc.func(`int ${actions}_adddup2(void *actions, int fd, int target)`),
    addChdir: libc.func(`int ${actions}_addchdir_np(void *actions, const char *path)`),
    spawn: libc.func(
      'int posix_spawn(_Out_ int *pid, const char *path, void *actions, void *attributes, const char **argv, const char **envp)',
    ),
    waitpid: libc.func('int waitpid(int pid, _Out_ int *status, int options)'),
  };
  const attributes = Buffer.alloc(STRUCT_BYTES);
  libc.func('int posix_spawnattr_init(void *attributes)')(attributes);
  libc.func('int posix_spawnattr_setflags(void *attributes, short flags)')(attributes, SETSID | SETSIGDEF | SETSIGMASK);
  // Node ignores SIGPIPE; a script must not inherit that.
  libc.func('int posix_spawnattr_setsigdefault(void *attributes, void *set)')(attributes, Buffer.alloc(128, 0xff));
  libc.func('int posix_spawnattr_setsigmask(void *attributes, void *set)')(attributes, Buffer.alloc(128));
  process.on('SIGCHLD', collect);
  return { ...functions, attributes, devNull: openSync('/dev/null', 'r') };
}
