/**
 * Runs one script from its start to its end. The timer is armed in the same turn as the spawn, with nothing awaited between
 * (invariant 7). What ends a script early (kill, timeout, our own stop) ends its whole tree; output is read for at most 2 s
 * after the end, whoever still holds it open (D8). What a script left in the background lives on after a normal end.
 */
import type { Clock } from '../../base/clock.ts';
import { errorText, type Logger } from '../../base/logger.ts';
import { MAX_TIMER_MS } from '../../base/sleep.ts';
import type { CapturedText } from '../store/outputs.ts';
import type { RunAs, Shell } from '../wire/command.ts';
import type { OutputTail } from '../wire/live-tail.ts';
import { Capture } from './capture.ts';
import type { LegacyDecoder } from './decode-output.ts';
import type { Exit, Launched, Launcher } from './launcher.ts';
import { invocation } from './shell.ts';

export interface ScriptSpec {
  /** The run's result_id: marks its processes. */
  readonly marker: string;
  readonly shell: Shell;
  readonly script: string;
  /** Null or empty: the agent's own directory (protocol §4.6). */
  readonly cwd: string | null;
  readonly runAs: RunAs;
  /** As in the command; less than 1 counts as 1 (protocol §4.2). */
  readonly timeoutSecs: number | bigint;
}

/** What ends a script from outside. */
export type EndReason = 'killed' | 'stopped';

export type ScriptOutcome =
  | Exit
  | { readonly kind: EndReason }
  | { readonly kind: 'timeout' }
  | { readonly kind: 'unsupported'; readonly why: string };

export interface Finished {
  readonly outcome: ScriptOutcome;
  readonly stdout: CapturedText;
  readonly stderr: CapturedText;
  /** Wall clock, right before the spawn. */
  readonly startedAtMs: number;
  readonly finishedAtMs: number;
}

export interface RunningScript {
  /** Null: it did not start; `done` says why. */
  readonly pid: number | null;
  /** What `endTree` needs beside the pid, after a restart of the agent. */
  startTime(): string | null;
  /** Never rejects, and always resolves: at the latest some 4 s after the decision to end it. */
  readonly done: Promise<Finished>;
  /** Ends the script and its tree. Only the first reason becomes the outcome, and none once it has ended by itself. */
  end(reason: EndReason): void;
  /** The last `maxBytes` of each stream so far. */
  tail(maxBytes?: number): OutputTail;
}

export interface RunnerDeps {
  readonly launcher: Launcher;
  /** Ends what was started for scripts that have not come. */
  readonly close?: () => void;
  readonly clock: Clock;
  /** What is kept of each stream. */
  readonly maxOutputBytes: number;
  /** Windows: decodes the OEM code page (D7). */
  readonly legacyDecoder: LegacyDecoder | null;
  readonly log?: Logger;
}

const DRAIN_MS = 2_000;
const DEFAULT_TAIL_BYTES = 64 * 1024;
/** Past what is kept of a stream it is only counted, and not faster than this: 1 MiB, then a rest. */
const FLOOD_BYTES = 1024 * 1024;
const FLOOD_REST_MS = 10;

/** Starts a script; see {@link RunningScript}. Never throws. */
export function startScript(spec: ScriptSpec, deps: RunnerDeps): RunningScript {
  return new Run(spec, deps);
}

class Run implements RunningScript {
  readonly pid: number | null = null;
  readonly done: Promise<Finished>;
  readonly #deps: RunnerDeps;
  readonly #startedAtMs: number;
  readonly #stdout: Capture;
  readonly #stderr: Capture;
  readonly #launched: Launched | null = null;
  #outcome: ScriptOutcome | null = null;
  /** Ended, and its output is still being read. */
  #endedByItself = false;
  #killing: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #finish: (finished: Finished) => void = () => {};

  constructor(spec: ScriptSpec, deps: RunnerDeps) {
    this.#deps = deps;
    this.#stdout = new Capture(deps.maxOutputBytes);
    this.#stderr = new Capture(deps.maxOutputBytes);
    this.#startedAtMs = deps.clock.nowMs();
    this.done = new Promise((resolve) => {
      this.#finish = resolve;
    });
    const found = invocation(spec.shell, spec.script);
    const launched = deps.launcher.launch({
      invocation: found,
      runAs: spec.runAs,
      cwd: spec.cwd === '' ? null : spec.cwd,
      marker: spec.marker,
      onStdout: sinkOf(this.#stdout),
      onStderr: sinkOf(this.#stderr),
    });
    if (launched.kind === 'unsupported') {
      void this.#settle(launched);
      return;
    }
    this.#armTimer(deps.clock.monotonicMs() + Math.max(1, Number(spec.timeoutSecs)) * 1000);
    this.#launched = launched;
    this.pid = launched.pid;
    launched.exited.then(
      (exit) => this.#ended(exit),
      (error: unknown) => this.#ended({ kind: 'spawn-failed', why: errorText(error) }),
    );
  }

  startTime(): string | null {
    return this.#launched?.startTime() ?? null;
  }

  end(reason: EndReason): void {
    this.#decide({ kind: reason });
    // Its end stands, but a kill is meant for all of it: what it left in the background and still writes goes too.
    if (reason === 'killed' && this.#endedByItself) this.#killing ??= this.#killTree();
  }

  tail(maxBytes: number = DEFAULT_TAIL_BYTES): OutputTail {
    const out = this.#stdout.tail(maxBytes, this.#deps.legacyDecoder);
    const err = this.#stderr.tail(maxBytes, this.#deps.legacyDecoder);
    return { stdout: out.text, stderr: err.text, stdoutCut: out.cut, stderrCut: err.cut };
  }

  /** Timers reach 24 days; a longer time is waited for in parts. */
  #armTimer(dueAtMs: number): void {
    const leftMs = dueAtMs - this.#deps.clock.monotonicMs();
    if (leftMs <= MAX_TIMER_MS) this.#timer = setTimeout(() => this.#decide({ kind: 'timeout' }), leftMs);
    else this.#timer = setTimeout(() => this.#armTimer(dueAtMs), MAX_TIMER_MS);
  }

  /** The script has ended by itself. */
  #ended(exit: Exit): void {
    if (this.#outcome !== null) return;
    this.#outcome = exit;
    this.#endedByItself = true;
    clearTimeout(this.#timer);
    void this.#drainAndSettle(exit);
  }

  /** Somebody wants it ended. */
  #decide(outcome: ScriptOutcome): void {
    if (this.#outcome !== null) return;
    this.#outcome = outcome;
    clearTimeout(this.#timer);
    // Even a tree that could not be ended in time gets its answer now; the port has done what can be done.
    void this.#killTree().then(() => this.#drainAndSettle(outcome));
  }

  /** Never rejects: nobody may be waiting yet, and whatever went wrong, the run gets its end. */
  async #killTree(): Promise<void> {
    try {
      await this.#launched?.killTree();
    } catch (error) {
      this.#deps.log?.error('a script could not be ended', { error: errorText(error) });
    }
  }

  async #drainAndSettle(outcome: ScriptOutcome): Promise<void> {
    let patience: NodeJS.Timeout | undefined;
    const enough = new Promise<void>((resolve) => {
      patience = setTimeout(resolve, DRAIN_MS);
    });
    await Promise.race([this.#launched?.drained, enough]);
    clearTimeout(patience);
    await this.#killing;
    await this.#settle(outcome);
  }

  async #settle(outcome: ScriptOutcome): Promise<void> {
    this.#endedByItself = false;
    this.#launched?.release();
    const { clock } = this.#deps;
    const finishedAtMs = clock.nowMs();
    const [stdout, stderr] = [await this.#text(this.#stdout), await this.#text(this.#stderr)];
    this.#finish({ outcome, stdout, stderr, startedAtMs: this.#startedAtMs, finishedAtMs });
  }

  /** Whatever the code page of this PC makes of it, there is a text: the run waits for it. */
  async #text(capture: Capture): Promise<CapturedText> {
    try {
      return await capture.finish(this.#deps.legacyDecoder);
    } catch (error) {
      this.#deps.log?.error('output could not be decoded by the code page', { error: errorText(error) });
      return capture.finish(null);
    }
  }
}

function sinkOf(capture: Capture): (chunk: Buffer) => number {
  let floodBytes = 0;
  return (chunk) => {
    capture.push(chunk);
    if (!capture.overflowed) return 0;
    floodBytes += chunk.length;
    if (floodBytes < FLOOD_BYTES) return 0;
    floodBytes = 0;
    return FLOOD_REST_MS;
  };
}
