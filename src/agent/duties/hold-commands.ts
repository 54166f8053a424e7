/**
 * The moment at which the agent may end for an update. Invariant: no script is ended for one, and a command waits for one at most
 * {@link HOLD_MS}.
 */
import { sleep } from '../../base/sleep.ts';

/** So long new commands wait for the running ones to end; then they go first, and the update comes another time. */
const HOLD_MS = 15 * 60_000;
/** After that: about so much later. */
export const HOLD_AGAIN_MS = 60 * 60_000;
const POLL_EVERY_MS = 100;

export interface HeldCommands {
  hold(holds: boolean): void;
  /** No command is on its way. */
  readonly isIdle: boolean;
}

export interface HoldOptions {
  /** False: it is to wait for something else after all. */
  readonly mayGo: () => boolean;
  readonly signal: AbortSignal;
  /** For tests. */
  readonly holdMs?: number | undefined;
}

/**
 * `idle`: nothing runs, and new commands wait until the agent has ended, or until they are let go. Else they were let go. `late`: the
 * running ones go on for too long. Rejects with the signal's reason.
 */
export async function holdUntilIdle(
  commands: HeldCommands,
  { mayGo, signal, holdMs = HOLD_MS }: HoldOptions,
): Promise<'idle' | 'late' | 'not_now'> {
  commands.hold(true);
  let isIdle = false;
  try {
    for (const untilMs = performance.now() + holdMs; ; await sleep(POLL_EVERY_MS, signal)) {
      if (!mayGo()) return 'not_now';
      isIdle = commands.isIdle;
      if (isIdle) return 'idle';
      if (performance.now() >= untilMs) return 'late';
    }
  } finally {
    if (!isIdle) commands.hold(false);
  }
}
