/**
 * When an answer is late. On a slow link it stands behind all that the broker has sent before: as long as that comes, waiting for it
 * is no time-out.
 */
import { errors } from '@nats-io/transport-node';
import { loopTurn } from '../../base/loop-turn.ts';
import { sleep } from '../../base/sleep.ts';

/** How long an answer is waited for on a link that brings something else all the time. */
const LATE_ANSWER_MS = 60_000;

export interface Traffic {
  /** All that has come so far. */
  readonly inBytes: () => number;
  /** Resolves once the broker has answered what is sent now, or the connection has ended. Never rejects. */
  readonly flush: () => Promise<unknown>;
}

/** As `asked` ends, or rejects with the library's TimeoutError once that is late. */
export async function inTime<T>(asked: Promise<T>, limitMs: number, traffic: Traffic): Promise<T> {
  const late = Promise.withResolvers<never>();
  const inBytes = traffic.inBytes();
  let isOver = false;
  const check = () =>
    void untilLate(limitMs, inBytes, traffic, () => isOver).then(() => late.reject(new errors.TimeoutError()));
  const timer = setTimeout(check, limitMs);
  try {
    return await Promise.race([asked, late.promise]);
  } finally {
    isOver = true;
    clearTimeout(timer);
  }
}

/**
 * Resolves when there is no point in waiting for an answer any longer: nothing comes for `limitMs`, or a ping that was sent after
 * the request is answered before it; at last it is given up. Never rejects.
 */
async function untilLate(limitMs: number, inBytesBefore: number, traffic: Traffic, isOver: () => boolean) {
  let inBytes = inBytesBefore;
  let isPastIt = false;
  const pinged = traffic.flush().then(() => {
    isPastIt = true;
  });
  const untilMs = performance.now() + LATE_ANSWER_MS;
  while (!isOver() && !isPastIt && performance.now() < untilMs) {
    const now = traffic.inBytes();
    if (now === inBytes) return;
    inBytes = now;
    await Promise.race([pinged, sleep(limitMs)]);
  }
  // What came before the answer to the ping is on its way to who waits for it.
  await loopTurn();
}
