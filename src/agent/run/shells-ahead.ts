/**
 * A PowerShell that is started before its command comes: it needs a third of a second to start, and more on a busy PC. Invariants:
 * each is used once, so that nothing of one script is seen by the next; it is as a fresh one in all that a script can see but the
 * time of its start; one that has died, or has said anything before its script, is never used; it ends with the agent, and waits
 * for no longer than commands keep coming.
 */
import { randomUUID } from 'node:crypto';
import { drop } from '../base/drop.ts';
import { errorText, type Logger } from '../base/logger.ts';
import type { Launched, Launcher, LaunchOutcome, LaunchSpec, OutputSink } from './launcher.ts';
import { inputAhead, POWERSHELL_AHEAD } from './powershell.ts';
import { POWERSHELL_ARGUMENTS } from './shell.ts';

/** So long after the last command a shell still waits for the next one. */
const KEPT_MS = 10 * 60_000;
/** The script that has just been given one has the processor first. */
const START_AFTER_MS = 250;
const LOOK_EVERY_MS = 30_000;

export interface ShellsAheadOptions {
  readonly launcher: Launcher;
  /** How many may wait; 0: none. */
  readonly most: number;
  /** False: memory is short, or the PC saves its battery. */
  readonly mayWait: () => boolean;
  readonly log: Logger;
  readonly keptMs?: number;
  readonly startAfterMs?: number;
}

/** What one that waits was started with: a command that wants anything else gets a fresh shell. */
interface Kind {
  readonly file: string;
  readonly cwd: string | null;
}

export class ShellsAhead implements Launcher {
  readonly #o: ShellsAheadOptions;
  readonly #waiting = new Set<Waiting>();
  #kind: Kind | null = null;
  #keptUntilMs = 0;
  #starting: NodeJS.Timeout | undefined;
  #looking: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: ShellsAheadOptions) {
    this.#o = options;
  }

  launch(spec: LaunchSpec): LaunchOutcome {
    const kind = kindOf(spec);
    if (kind === null || this.#o.most === 0) return this.#o.launcher.launch(spec);
    const launched = this.#given(kind, spec) ?? this.#o.launcher.launch(spec);
    this.#kind = kind;
    this.#keptUntilMs = performance.now() + (this.#o.keptMs ?? KEPT_MS);
    this.#startSoon();
    return launched;
  }

  /** None waits any more, and none is started. */
  close(): void {
    this.#closed = true;
    this.#discardAll();
  }

  /** A shell that waits, with its script; null: there is none for it. */
  #given(kind: Kind, spec: LaunchSpec): Launched | null {
    const input = inputAhead(spec.invocation.script ?? '', spec.marker);
    if (input === null) return null;
    for (const waiting of this.#waiting) {
      this.#waiting.delete(waiting);
      if (isSame(waiting.kind, kind) && waiting.isReady) return waiting.give(spec, input);
      waiting.discard();
    }
    return null;
  }

  #startSoon(): void {
    clearTimeout(this.#starting);
    clearInterval(this.#looking);
    if (this.#closed) return;
    this.#starting = setTimeout(() => this.#start(), this.#o.startAfterMs ?? START_AFTER_MS);
    this.#looking = setInterval(() => this.#look(), Math.min(LOOK_EVERY_MS, this.#o.keptMs ?? KEPT_MS));
    this.#starting.unref();
    this.#looking.unref();
  }

  #start(): void {
    const kind = this.#kind;
    if (kind === null || this.#closed || !this.#o.mayWait()) return;
    while (this.#waiting.size < this.#o.most) {
      const waiting = new Waiting(kind);
      const why = waiting.start(this.#o.launcher);
      if (why !== null) {
        this.#o.log.debug('no shell can be started ahead', { why });
        return;
      }
      this.#waiting.add(waiting);
      // One that ends by itself is not started again before the next command.
      drop(
        waiting.ended.then(() => void this.#waiting.delete(waiting)),
        this.#o.log,
        'a shell that was started ahead',
      );
    }
  }

  #look(): void {
    if (performance.now() < this.#keptUntilMs && this.#o.mayWait()) return;
    this.#discardAll();
  }

  #discardAll(): void {
    clearTimeout(this.#starting);
    clearInterval(this.#looking);
    for (const waiting of this.#waiting) waiting.discard();
    this.#waiting.clear();
  }
}

/** null: a command that no shell is started ahead for. Other accounts come and go, and have an environment of their own. */
function kindOf({ invocation, runAs, cwd }: LaunchSpec): Kind | null {
  return invocation.script === undefined || runAs !== 'system' ? null : { file: invocation.file, cwd };
}

function isSame(a: Kind, b: Kind): boolean {
  return a.file === b.file && a.cwd === b.cwd;
}

class Waiting {
  readonly kind: Kind;
  /** By it its processes are found until it has a script, and by that of its run from then on. */
  #marker = `ahead-${randomUUID()}`;
  #launched: Launched | null = null;
  #sinks: { readonly stdout: OutputSink; readonly stderr: OutputSink } | null = null;
  #hasSpoken = false;

  constructor(kind: Kind) {
    this.kind = kind;
  }

  /** null: it runs; else why not. */
  start(launcher: Launcher): string | null {
    const marker = () => this.#marker;
    const sink = (name: 'stdout' | 'stderr') => (chunk: Buffer) => {
      if (this.#sinks !== null) return this.#sinks[name](chunk);
      this.#hasSpoken = true;
      return 0;
    };
    const launched = launcher.launch({
      invocation: { file: this.kind.file, args: [...POWERSHELL_ARGUMENTS, POWERSHELL_AHEAD], stdin: '' },
      runAs: 'system',
      cwd: this.kind.cwd,
      get marker() {
        return marker();
      },
      onStdout: sink('stdout'),
      onStderr: sink('stderr'),
      inputLater: true,
    });
    if (launched.kind === 'unsupported') return launched.why;
    this.#launched = launched;
    return launched.pid === null ? 'it could not be started' : null;
  }

  get ended(): Promise<unknown> {
    return this.#launched?.exited ?? Promise.resolve();
  }

  get isReady(): boolean {
    return !this.#hasSpoken && this.#launched?.isRunning() === true;
  }

  give(spec: LaunchSpec, input: string): Launched | null {
    this.#marker = spec.marker;
    this.#sinks = { stdout: spec.onStdout, stderr: spec.onStderr };
    this.#launched?.feed(input);
    return this.#launched;
  }

  discard(): void {
    const launched = this.#launched;
    launched?.killTree().then(
      () => launched.release(),
      (error: unknown) => errorText(error),
    );
  }
}
