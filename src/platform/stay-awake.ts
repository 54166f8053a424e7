/**
 * The PC does not go to sleep by itself while somebody needs it. Invariant: what was asked of the operating system is given back
 * when the last one lets go, and with the end of this process in any case.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { koffi as loadKoffi } from './koffi.ts';
import { INVALID_HANDLE } from './windows/win32-constants.ts';

export interface StayAwake {
  /** Until the function that it returns is called. */
  hold(): () => void;
  close(): void;
}

/** What keeps one PC awake. */
export interface Inhibitor {
  start(): void;
  stop(): void;
}

const WHY = 'Kanade Tray carries out a task of the IT department';
/** A process of its own is too much for a short script, and no PC falls asleep that soon. */
const LINUX_AFTER_MS = 1_000;

/** null: there is no such thing here. */
export function stayAwake(platform: NodeJS.Platform = process.platform): StayAwake | null {
  if (platform === 'win32') return new CountedStayAwake(powerRequest(), 0);
  return isThere(INHIBIT) ? new CountedStayAwake(logindInhibitor(), LINUX_AFTER_MS) : null;
}

export class CountedStayAwake implements StayAwake {
  readonly #inhibitor: Inhibitor;
  readonly #afterMs: number;
  #holders = 0;
  #isOn = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(inhibitor: Inhibitor, afterMs: number) {
    this.#inhibitor = inhibitor;
    this.#afterMs = afterMs;
  }

  hold(): () => void {
    this.#holders += 1;
    if (this.#holders === 1) this.#begin();
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      this.#holders -= 1;
      if (this.#holders === 0) this.#end();
    };
  }

  close(): void {
    this.#end();
  }

  #begin(): void {
    const start = () => {
      this.#isOn = true;
      this.#inhibitor.start();
    };
    if (this.#afterMs === 0) start();
    else this.#timer = setTimeout(start, this.#afterMs);
  }

  #end(): void {
    clearTimeout(this.#timer);
    if (this.#isOn) this.#inhibitor.stop();
    this.#isOn = false;
  }
}

const INHIBIT = '/usr/bin/systemd-inhibit';

function isThere(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** A lock of logind lives as long as a process; `cat` ends when we close its input, or are gone. */
function logindInhibitor(): Inhibitor {
  let child: ChildProcess | null = null;
  return {
    start() {
      const about = ['--what=idle', '--mode=block', '--who=Kanade Tray', `--why=${WHY}`];
      // No logind, no right to ask it, no room for another process: the script runs all the same.
      try {
        child = spawn(INHIBIT, [...about, 'cat'], { stdio: ['pipe', 'ignore', 'ignore'] });
        child.on('error', () => {});
        child.stdin?.on('error', () => {});
      } catch {
        child = null;
      }
    },
    stop() {
      child?.stdin?.end();
      child = null;
    },
  };
}

// Numbers of winnt.h and minwinbase.h.
const POWER_REQUEST_CONTEXT_SIMPLE_STRING = 1;
const POWER_REQUEST_SYSTEM_REQUIRED = 1;
/** The one that a PC with Modern Standby honours; where there is none it is refused, or means the other. */
const POWER_REQUEST_EXECUTION_REQUIRED = 3;
const REQUESTS = [POWER_REQUEST_SYSTEM_REQUIRED, POWER_REQUEST_EXECUTION_REQUIRED];

/** `powercfg /requests` shows it with its reason. */
function powerRequest(): Inhibitor {
  const koffi = loadKoffi();
  const library = koffi.load('kernel32.dll');
  const create = library.func('intptr_t __stdcall PowerCreateRequest(void *context)');
  const set = library.func('int __stdcall PowerSetRequest(intptr_t request, int type)');
  const clear = library.func('int __stdcall PowerClearRequest(intptr_t request, int type)');
  const text = Buffer.from(`${WHY}\0`, 'utf16le');
  // REASON_CONTEXT: version, flags, address of the text (and room for its other form).
  const context = Buffer.alloc(32);
  context.writeUInt32LE(POWER_REQUEST_CONTEXT_SIMPLE_STRING, 4);
  context.writeBigUInt64LE(koffi.address(text) as bigint, 8);
  const request = create(context) as number;
  const asked = (ask: (request: number, type: number) => unknown) => {
    if (request !== INVALID_HANDLE) for (const type of REQUESTS) ask(request, type);
  };
  return {
    start: () => asked(set),
    stop: () => asked(clear),
  };
}
