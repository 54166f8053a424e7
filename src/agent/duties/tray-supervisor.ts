/**
 * The icon is in each signed-in session within a minute, and comes back within a minute when it died; at most five times an hour,
 * so that one that can't live is no storm. A person who has closed it is left alone until the next sign-in (architecture §4).
 */
import type { Clock } from '../../base/clock.ts';
import { errorText, type Logger } from '../../base/logger.ts';
import type { SignIn, TraySessions } from '../../platform/windows/tray-sessions.ts';
import { HOUR_MS } from '../../shared/time-units.ts';

export interface TraySupervisorOptions {
  readonly traySessions: Omit<TraySessions, 'isTray'>;
  readonly clock: Clock;
  readonly log: Logger;
  /** Calls the listener when somebody signs in or out; returns how to end that. */
  readonly onSessionChange: (listener: () => void) => () => void;
  readonly pollEveryMs?: number;
}

const POLL_EVERY_MS = 15_000;
/** The Run key of Windows starts it too, some time after the sign-in. */
const LEFT_TO_WINDOWS_MS = 30_000;
const STARTS_PER_HOUR = 5;

interface Kept {
  /** Its sign-in, ms since the epoch: with its number, what names it. */
  readonly sinceMs: number;
  readonly firstSeenUpMs: number;
  /** How long Windows may start the icon itself. */
  readonly patienceMs: number;
  closedByPerson: boolean;
  /** When it was started, of the last hour; `Clock.upMs`. */
  starts: number[];
  gaveUp: boolean;
}

export class TraySupervisor {
  readonly #options: TraySupervisorOptions;
  readonly #kept = new Map<number, Kept>();
  readonly #timer: NodeJS.Timeout;
  readonly #unlisten: () => void;
  #failed = false;

  constructor(options: TraySupervisorOptions) {
    this.#options = options;
    this.#timer = setInterval(() => this.check(), options.pollEveryMs ?? POLL_EVERY_MS);
    this.#timer.unref();
    this.#unlisten = options.onSessionChange(() => this.check());
    this.check();
  }

  close(): void {
    clearInterval(this.#timer);
    this.#unlisten();
    this.#options.traySessions.close();
  }

  /** One scan of all sessions. What the operating system refuses is said once, and tried again. */
  check(): void {
    try {
      this.#checkNow();
      this.#failed = false;
    } catch (error) {
      if (!this.#failed)
        this.#options.log.warn('the icons of this PC can not be looked after', { error: errorText(error) });
      this.#failed = true;
    }
  }

  #checkNow(): void {
    const { traySessions, clock } = this.#options;
    // Since the start of the system: a clock that is set starts no icon and holds none back.
    const upMs = clock.upMs();
    const sessions = traySessions.sessions();
    this.#forgetOthers(sessions);
    const trays = traySessions.trays();
    for (const { session, sinceMs } of sessions) {
      const kept = this.#keptOf(session, sinceMs, upMs);
      const own = trays.filter((tray) => tray.session === session);
      if (own.some((tray) => tray.exitCode === null)) {
        kept.closedByPerson = false;
        continue;
      }
      if (own.some((tray) => tray.exitCode === 0)) kept.closedByPerson = true;
      if (!kept.closedByPerson && upMs - kept.firstSeenUpMs >= kept.patienceMs) this.#start(session, kept, upMs);
    }
  }

  #start(session: number, kept: Kept, upMs: number): void {
    kept.starts = kept.starts.filter((atUpMs) => upMs - atUpMs < HOUR_MS);
    if (kept.starts.length >= STARTS_PER_HOUR) {
      if (!kept.gaveUp)
        this.#options.log.warn('the icon ends again and again; it is left alone for a while', { session });
      kept.gaveUp = true;
      return;
    }
    kept.gaveUp = false;
    kept.starts.push(upMs);
    this.#options.traySessions.start(session);
    this.#options.log.info('the icon was started', { session });
  }

  #keptOf(session: number, sinceMs: number, upMs: number): Kept {
    const known = this.#kept.get(session);
    if (known !== undefined && known.sinceMs === sinceMs) return known;
    // A session that was there before us has had its sign-in already.
    const patienceMs = this.#options.clock.nowMs() - sinceMs > LEFT_TO_WINDOWS_MS ? 0 : LEFT_TO_WINDOWS_MS;
    const firstSeenUpMs = upMs;
    const fresh: Kept = { sinceMs, firstSeenUpMs, patienceMs, closedByPerson: false, starts: [], gaveUp: false };
    this.#kept.set(session, fresh);
    return fresh;
  }

  #forgetOthers(sessions: readonly SignIn[]): void {
    for (const session of this.#kept.keys())
      if (!sessions.some((one) => one.session === session)) this.#kept.delete(session);
  }
}
