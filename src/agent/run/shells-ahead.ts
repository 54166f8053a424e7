/**
 * A PowerShell that is started before its command comes: it needs a third of a second to start, and more on a busy PC. Invariants:
 * each is used once, so that nothing of one script is seen by the next; it is as a fresh one in all that a script can see but the
 * time of its start; one that has died, or has said anything before its script, is never used; it ends with the agent, and waits
 * for no longer than commands keep coming.
 */
import { createHash, randomUUID } from 'node:crypto';
import { drop } from '../../base/drop.ts';
import { errorText, type Logger } from '../../base/logger.ts';
import type { Launched, Launcher, LaunchOutcome, LaunchSpec, OutputSink } from './launcher.ts';
import { inputAhead, POWERSHELL_AHEAD } from './powershell.ts';
import { POWERSHELL_ARGUMENTS } from './shell.ts';

/** So long after the last command a shell still waits for the next one. */
const KEPT_MS = 10 * 60_000;
/** The script that has just been given one has the processor first. */
const START_AFTER_MS = 250;
const POLL_EVERY_MS = 30_000;

export interface ShellsAheadOptions {
  readonly launcher: Launcher;
  /** How many may wait; 0: none. */
  readonly most: number;
  /** False: memory is short, or the PC saves its battery. */
  readonly mayWait: () => boolean;
  readonly log: Logger;
  /** The agent's own; it names what is left of one that died. */
  readonly directory: string;
  readonly keptMs?: number;
  readonly startAfterMs?: number;
}

/**
 * How the markers of these shells begin, of this agent and of those before it. A script that was given to one has the marker of its
 * run, and so has all that it starts; the shell itself was started with its own.
 */
export function markerAhead(directory: string): string {
  return `ahead-${createHash('sha256').update(directory).digest('hex').slice(0, 12)}-`;
}

export class ShellsAhead implements Launcher {
  readonly #options: ShellsAheadOptions;
  readonly #waiting = new Set<Waiting>();
  /** Of the last command: the next one is of the same, or gets a fresh shell. */
  #shell: string | null = null;
  #keptUntilMs = 0;
  #starting: NodeJS.Timeout | undefined;
  #reviewing: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: ShellsAheadOptions) {
    this.#options = options;
  }

  launch(spec: LaunchSpec): LaunchOutcome {
    const input = this.#options.most === 0 ? null : inputFor(spec);
    if (input === null) return this.#options.launcher.launch(spec);
    const launched = this.#given(spec, input) ?? this.#options.launcher.launch(spec);
    this.#shell = spec.invocation.file;
    this.#keptUntilMs = performance.now() + (this.#options.keptMs ?? KEPT_MS);
    this.#startSoon();
    return launched;
  }

  /** None waits any more, and none is started. */
  close(): void {
    this.#closed = true;
    this.#discardAll();
  }

  /** A shell that waits, with its script; null: there is none for it. */
  #given(spec: LaunchSpec, input: string): Launched | null {
    for (const waiting of this.#waiting) {
      this.#waiting.delete(waiting);
      const isFresh = performance.now() - waiting.sinceMs < KEPT_MS;
      if (waiting.shell === spec.invocation.file && isFresh && waiting.isReady) return waiting.give(spec, input);
      this.#discard(waiting);
    }
    return null;
  }

  #startSoon(): void {
    clearTimeout(this.#starting);
    if (this.#closed) return;
    this.#starting = setTimeout(() => this.#start(), this.#options.startAfterMs ?? START_AFTER_MS);
    this.#starting.unref();
    if (this.#reviewing !== undefined) return;
    this.#reviewing = setInterval(() => this.#review(), Math.min(POLL_EVERY_MS, this.#options.keptMs ?? KEPT_MS));
    this.#reviewing.unref();
  }

  /** One at a time: a start holds the agent for some milliseconds, and takes memory that the next one has to find. */
  #start(): void {
    const shell = this.#shell;
    if (shell === null || this.#closed || this.#waiting.size >= this.#options.most || !this.#options.mayWait()) return;
    const waiting = new Waiting(shell, markerAhead(this.#options.directory) + randomUUID());
    const why = waiting.start(this.#options.launcher);
    if (why !== null) {
      this.#options.log.debug('no shell can be started ahead', { why });
      return;
    }
    this.#waiting.add(waiting);
    drop(
      waiting.ended.then(() => {
        // One that ends by itself is not started again before the next command.
        if (this.#waiting.delete(waiting)) this.#discard(waiting);
      }),
      this.#options.log,
      'a shell that was started ahead',
    );
    if (this.#waiting.size < this.#options.most) this.#startSoon();
  }

  #review(): void {
    if (performance.now() < this.#keptUntilMs && this.#options.mayWait()) return;
    this.#discardAll();
  }

  #discardAll(): void {
    clearTimeout(this.#starting);
    clearInterval(this.#reviewing);
    this.#reviewing = undefined;
    for (const waiting of this.#waiting) this.#discard(waiting);
    this.#waiting.clear();
  }

  #discard(waiting: Waiting): void {
    drop(waiting.end(), this.#options.log, 'the end of a shell that was started ahead');
  }
}

/**
 * What a shell that waits is given; null: a command that none is started ahead for. Other accounts come and go, and have an
 * environment of their own; a directory may be another one by the time of the command; and what goes as an argument (Linux) would
 * not be quite the same by the other way.
 */
function inputFor({ invocation, runAs, cwd, marker }: LaunchSpec): string | null {
  return runAs === 'system' && cwd === null ? inputAhead(invocation.args, invocation.stdin, marker) : null;
}

class Waiting {
  readonly shell: string;
  readonly sinceMs = performance.now();
  /** By it its processes are found until it has a script, and by that of its run from then on. */
  #marker: string;
  #launched: Launched | null = null;
  #sinks: { readonly stdout: OutputSink; readonly stderr: OutputSink } | null = null;
  #hasSpoken = false;

  constructor(shell: string, marker: string) {
    this.shell = shell;
    this.#marker = marker;
  }

  /** null: it runs; else why not. */
  start(launcher: Launcher): string | null {
    const marker = () => this.#marker;
    const sink = (name: 'stdout' | 'stderr') => (chunk: Buffer) => {
      if (this.#sinks !== null) return this.#sinks[name](chunk);
      this.#hasSpoken = true;
      return 0;
    };
    try {
      const launched = launcher.launch({
        invocation: { file: this.shell, args: [...POWERSHELL_ARGUMENTS, POWERSHELL_AHEAD], stdin: '' },
        runAs: 'system',
        cwd: null,
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
    } catch (error) {
      return errorText(error);
    }
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

  /** Ends it, if it still runs, and gives everything back. */
  async end(): Promise<void> {
    await this.#launched?.killTree();
    this.#launched?.release();
  }
}
