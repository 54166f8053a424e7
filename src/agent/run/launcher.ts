/**
 * The port through which scripts are started. One implementation per kind of system; above it nothing knows which.
 */
import type { RunAs } from '../wire/command.ts';
import type { Invocation } from './shell.ts';

/** Takes what came on a stream and says for how many ms to leave the stream alone (0: go on at once). */
export type OutputSink = (chunk: Buffer) => number;

export interface LaunchSpec {
  readonly invocation: Invocation;
  readonly runAs: RunAs;
  /** Null: the agent's own. On Windows `~` and `%VAR%` stand for the account's (protocol §4.6). */
  readonly cwd: string | null;
  /** Value of the variable by which the processes of the run are found (`child-env.ts`). */
  readonly marker: string;
  readonly onStdout: OutputSink;
  readonly onStderr: OutputSink;
  /** Standard input stays open until {@link Launched.feed}. `marker` is then asked for again whenever it is needed. */
  readonly inputLater?: boolean;
}

/** How the direct child ended. `code` is an i32. */
export type Exit =
  | { readonly kind: 'exited'; readonly code: number }
  | { readonly kind: 'signalled'; readonly signal: string }
  | { readonly kind: 'spawn-failed'; readonly why: string };

/** A child that was started, or tried to. */
export interface Launched {
  readonly kind: 'launched';
  /** Null: it could not be started; `exited` says why. */
  readonly pid: number | null;
  /**
   * What tells the process from a later one with the same pid; null where there is no such thing, and once it has ended.
   * Asked for when it is needed: right after a start the answer is slow.
   */
  startTime(): string | null;
  /** As the system has it in this moment; `exited` may come later. */
  isRunning(): boolean;
  /** Gives it its input, and the end of it; for {@link LaunchSpec.inputLater}, once. */
  feed(input: string): void;
  /** Never rejects. */
  readonly exited: Promise<Exit>;
  /** Both streams have reached their end; never rejects, and may never resolve (someone else holds them open). */
  readonly drained: Promise<void>;
  /** Ends the child and all that it started, within 2 s; resolves then. Never rejects. */
  killTree(): Promise<void>;
  /** Stops reading and gives everything back; what of the tree still runs goes on (D8). */
  release(): void;
}

export type LaunchOutcome = Launched | { readonly kind: 'unsupported'; readonly why: string };

export interface Launcher {
  /** Synchronous, so that nothing can come between the spawn and the arming of its timer (invariant 7). */
  launch(spec: LaunchSpec): LaunchOutcome;
}

/** A launch that failed at once. */
export function failedLaunch(why: string): Launched {
  return {
    kind: 'launched',
    pid: null,
    startTime: () => null,
    isRunning: () => false,
    feed() {},
    exited: Promise.resolve({ kind: 'spawn-failed', why }),
    drained: Promise.resolve(),
    killTree: () => Promise.resolve(),
    release() {},
  };
}
