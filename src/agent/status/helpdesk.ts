/**
 * The helpdesk code. A try is counted on disk before the code is checked, so neither a crash nor a restart gives tries
 * back; where it can't be counted, it is not checked. Tries are per account and go one after another, whatever number
 * of connections they come from.
 */
import { errorText } from '../../base/logger.ts';
import { Fault } from '../../shared/faults.ts';
import type { StatusPorts } from './ports.ts';

export const UNLOCKED_MS = 15 * 60_000;
export const TRIES = 5;
const FIRST_LOCKOUT_MS = 5 * 60_000;
const LONGEST_LOCKOUT_MS = 4 * 3_600_000;

export class Helpdesk {
  readonly #ports: Pick<StatusPorts, 'audit' | 'clock' | 'helpdeskCode' | 'log'>;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(ports: Pick<StatusPorts, 'audit' | 'clock' | 'helpdeskCode' | 'log'>) {
    this.#ports = ports;
  }

  /** Until when the role is held, ms since the epoch, or why not. */
  unlock(account: string, code: string): Promise<number | Fault> {
    const mine = this.#turn.then(() => this.#try(account, code));
    this.#turn = mine.catch(() => {});
    return mine;
  }

  async #try(account: string, code: string): Promise<number | Fault> {
    const { audit, clock, helpdeskCode } = this.#ports;
    if (!helpdeskCode.isSet()) return new Fault('unavailable', 'no helpdesk code is set on this PC');
    const nowMs = clock.nowMs();
    const before = audit.unlockTries(account);
    const waitMs = before.retryAtMs - nowMs;
    // A wait longer than the longest was written by a clock that was wrong; users can't set the clock.
    if (waitMs > 0 && waitMs <= LONGEST_LOCKOUT_MS) return tooMany(waitMs);
    const failed = before.failed + 1;
    const nextWaitMs = lockoutMs(failed);
    const retryAtMs = nextWaitMs === 0 ? 0 : nowMs + nextWaitMs;
    if (!(await this.#store(audit.setUnlockTries(account, { failed, retryAtMs })))) return UNWRITABLE;
    const entry = { atMs: nowMs, account, action: 'helpdesk.unlock' };
    if (await helpdeskCode.matches(code)) {
      const opened = audit.append({ ...entry, detail: 'opened' });
      const stored = await this.#store(audit.setUnlockTries(account, { failed: 0, retryAtMs: 0 }), opened);
      return stored ? clock.nowMs() + UNLOCKED_MS : UNWRITABLE;
    }
    await this.#store(audit.append({ ...entry, detail: `wrong code, try ${failed}` }));
    if (nextWaitMs > 0) return tooMany(nextWaitMs);
    return new Fault('wrong_code', 'this is not the code', { triesLeft: TRIES - (failed % TRIES) });
  }

  async #store(...writes: Promise<void>[]): Promise<boolean> {
    try {
      await Promise.all(writes);
      return true;
    } catch (error) {
      this.#ports.log.error('the helpdesk code: the store can not be written', { error: errorText(error) });
      return false;
    }
  }
}

const UNWRITABLE = new Fault('unavailable', 'the store can not be written');

/** After each fifth wrong code: 5 minutes, twice as long each time, at most 4 hours. */
function lockoutMs(failed: number): number {
  if (failed % TRIES !== 0) return 0;
  return Math.min(LONGEST_LOCKOUT_MS, FIRST_LOCKOUT_MS * 2 ** (failed / TRIES - 1));
}

function tooMany(waitMs: number): Fault {
  return new Fault('rate_limited', 'too many wrong codes', { retryInMs: waitMs });
}
