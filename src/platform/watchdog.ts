/**
 * A service that hangs is ended, so that the service manager starts it again (architecture §4). On Linux systemd watches; elsewhere a
 * thread of our own does, which sees that the main one has not come round. Invariant: a PC that slept is no hang.
 */
import { createRequire } from 'node:module';
import { Worker } from 'node:worker_threads';
import { systemdNotices } from './service-notice.ts';

const HUNG_AFTER_MS = 30_000;
const BEAT_MS = 5_000;
/** For the service manager a failure; 0, 1 and 2 are a plain stop. */
export const HUNG_EXIT_CODE = 70;

export interface WatchdogOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: NodeJS.Platform;
  readonly hungAfterMs?: number;
  readonly beatMs?: number;
}

let beat = () => {};

/** For work that holds up the main thread for long and gets on: called in between, the watchdog lets it go on. */
export function stillAlive(): void {
  beat();
}

/** Returns the function that ends it. */
export function startWatchdog({
  env,
  platform,
  hungAfterMs = HUNG_AFTER_MS,
  beatMs = BEAT_MS,
}: WatchdogOptions): () => void {
  const systemdMs = Number(env.WATCHDOG_USEC ?? 0) / 1_000;
  if (env.NOTIFY_SOCKET !== undefined && systemdMs > 0) return tellSystemd(env.NOTIFY_SOCKET, systemdMs);
  return platform === 'win32' ? watchByThread(hungAfterMs, beatMs) : () => {};
}

function tellSystemd(socket: string, withinMs: number): () => void {
  const notice = systemdNotices(socket);
  const tell = () => notice('WATCHDOG=1');
  const everyMs = withinMs / 3;
  const timer = setInterval(tell, everyMs);
  timer.unref();
  let toldAtMs = performance.now();
  beat = () => {
    if (performance.now() - toldAtMs < everyMs) return;
    toldAtMs = performance.now();
    tell();
  };
  return () => clearInterval(timer);
}

/** The thread counts its own rounds: while the PC sleeps it makes none, and a jump of the clock is nothing to it. */
function watchByThread(hungAfterMs: number, beatMs: number): () => void {
  const beats = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(WATCHING, {
    eval: true,
    execArgv: [],
    workerData: {
      beats,
      beatMs,
      rounds: Math.ceil(hungAfterMs / beatMs),
      exitCode: HUNG_EXIT_CODE,
      koffi: koffiPath(),
    },
    resourceLimits: { maxOldGenerationSizeMb: 8, maxYoungGenerationSizeMb: 1, stackSizeMb: 1 },
  });
  worker.unref();
  // A PC without a watchdog is better than none that works.
  worker.on('error', () => {});
  beat = () => void Atomics.add(beats, 0, 1);
  const timer = setInterval(beat, beatMs);
  timer.unref();
  return () => {
    clearInterval(timer);
    void worker.terminate();
  };
}

function koffiPath(): string {
  return createRequire(import.meta.url).resolve('koffi');
}

/** Whoever kills by Node's own means ends with 1 on Windows, which is a plain stop. */
const WATCHING = `
  const { workerData } = require('node:worker_threads');
  const { beats, beatMs, rounds, exitCode, koffi } = workerData;
  const end = () => {
    if (process.platform !== 'win32') return process.kill(process.pid, 'SIGKILL');
    const library = require(koffi).load('kernel32.dll');
    const own = library.func('intptr_t __stdcall GetCurrentProcess()');
    library.func('int __stdcall TerminateProcess(intptr_t process, uint32_t code)')(own(), exitCode);
  };
  let last = Atomics.load(beats, 0);
  let silent = 0;
  setInterval(() => {
    const now = Atomics.load(beats, 0);
    silent = now === last ? silent + 1 : 0;
    last = now;
    if (silent > rounds) end();
  }, beatMs);
`;
