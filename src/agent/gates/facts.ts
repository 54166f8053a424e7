/**
 * Gathers what the gates need. Each key is read when it is used; when it can't be read, the last value that was known
 * here counts, so that a revoked script stays revoked on a broken bucket (D19).
 */
import { drop } from '../../base/drop.ts';
import { errorText, type Logger } from '../../base/logger.ts';
import type { Moment, Timeline } from '../../base/timeline.ts';
import type { KvKey } from '../../shared/ids.ts';
import type { Bus, KvRead } from '../bus/bus.ts';
import { isSameValue, type KvCache, type KvCacheEntry } from '../store/kv-cache.ts';
import type { LastContact } from '../store/last-contact.ts';
import type { Command } from '../wire/command.ts';
import { isKvKey } from '../wire/subjects.ts';
import type { Facts } from './decide.ts';

const PINS = 'script_current';
const STATUSES = 'script_status';
const REVOKED = 'REVOKED';
/** The original waits 10 s for each look-up; a broker that needs 2 s counts as one that can't be read. */
const READ_TIMEOUT_MS = 2_000;
/** How long a read that began after a command had arrived may serve that command. */
const SHARE_MS = 50;
const REFRESH_MS = 60_000;
const READS_KEPT = 256;
const ABSENT_KEPT = 4_096;

/** What is known of one key, and how old that knowledge is. */
interface Known {
  readonly text: string | null;
  /** 0 when it was read just now. */
  readonly ageMs: number;
  readonly fresh: boolean;
}

interface Read {
  readonly atMs: number;
  readonly known: Promise<Known>;
  /** The broker has answered, so a command that arrives now may have been sent after what it says was changed. */
  answered: boolean;
}

export interface FactsDeps {
  readonly bus: Bus;
  readonly kvCache: KvCache;
  /** Of an earlier process: counts while this one was not connected yet. */
  readonly lastContact: Pick<LastContact, 'ageMs'>;
  readonly timeline: Timeline;
  readonly log: Logger;
}

export interface FactsOptions {
  readonly scriptsEnabled: () => boolean;
  readonly uncheckedHonoursRevoke: boolean;
}

export class FactsReader {
  readonly #bus: Bus;
  readonly #kvCache: KvCache;
  readonly #lastContact: Pick<LastContact, 'ageMs'>;
  readonly #timeline: Timeline;
  readonly #log: Logger;
  readonly #options: FactsOptions;
  readonly #reads = new Map<string, Read>();
  #forgotAtMs = Number.NEGATIVE_INFINITY;
  /** Keys that the broker said are not there, and when: most jobs are neither pinned nor withdrawn. Oldest first. */
  readonly #absent = new Map<string, Moment>();

  constructor(deps: FactsDeps, options: FactsOptions) {
    this.#bus = deps.bus;
    this.#kvCache = deps.kvCache;
    this.#lastContact = deps.lastContact;
    this.#timeline = deps.timeline;
    this.#log = deps.log;
    this.#options = options;
  }

  /**
   * Starts the reads for a command that has just arrived, so that they are done when its turn comes. Commands that arrive
   * together share them, but no read that was answered before counts: the job may have been revoked since, however short ago.
   */
  prefetch(id: string): void {
    void this.#read(PINS, id, 0);
    void this.#read(STATUSES, id, 0);
  }

  /**
   * Everything the gates need for this command, as of now. Rejects where the broker says nothing and the store can't be read: then
   * nobody knows whether the command was withdrawn. `isOwnFire`: a schedule of this PC has fired it; what its job says is the
   * version then, and no pin (D27).
   */
  async gather(command: Pick<Command, 'id' | 'staleness'>, isOwnFire = false): Promise<Facts> {
    const looksUp = command.staleness.mode !== 'unchecked' || this.#options.uncheckedHonoursRevoke;
    const [pin, status] = looksUp
      ? await Promise.all([isOwnFire ? NOTHING : this.#read(PINS, command.id), this.#read(STATUSES, command.id)])
      : [NOTHING, NOTHING];
    return {
      ...this.#options,
      scriptsEnabled: this.#options.scriptsEnabled(),
      viewAgeMs: Math.max(this.#linkAgeMs(), pin.ageMs, status.ageMs),
      connected: this.#linkAgeMs() === 0,
      fresh: pin.fresh && status.fresh,
      pinnedVersion: pin.text,
      revoked: status.text === REVOKED,
    };
  }

  #linkAgeMs(): number {
    const ageMs = this.#bus.linkAgeMs();
    return ageMs === Number.POSITIVE_INFINITY ? this.#lastContact.ageMs() : ageMs;
  }

  #read(bucket: string, key: string, shareMs = SHARE_MS): Promise<Known> {
    // An id that is no KV key can have no entry.
    if (!isKvKey(key)) return Promise.resolve(NOTHING);
    const now = this.#timeline.clock.monotonicMs();
    const name = `${bucket}/${key}`;
    const shared = this.#reads.get(name);
    if (shared !== undefined && (!shared.answered || now - shared.atMs < shareMs)) return shared.known;
    const known = this.#readNow(bucket, key).finally(() => {
      read.answered = true;
    });
    // It may be read ahead of its use: nobody may await it yet.
    known.catch((error: unknown) => {
      this.#log.error('a broker key could not be read', { bucket, key, error: errorText(error) });
    });
    const read: Read = { atMs: now, known, answered: false };
    this.#reads.set(name, read);
    if (this.#reads.size > READS_KEPT && now - this.#forgotAtMs > SHARE_MS) this.#forget(now);
    return read.known;
  }

  #forget(now: number): void {
    this.#forgotAtMs = now;
    for (const [name, { atMs }] of this.#reads) if (now - atMs >= SHARE_MS) this.#reads.delete(name);
  }

  async #readNow(bucket: string, key: KvKey): Promise<Known> {
    // Asked while disconnected, a read would only fail by its time-out (D16).
    const link = this.#bus.link.value;
    const connected = link.state === 'connected';
    const read: KvRead = connected
      ? await this.#bus.kvGet(bucket, key, READ_TIMEOUT_MS)
      : { kind: 'failed', why: 'not connected' };
    // What the broker has said does not depend on what was known before.
    const needsLast = read.kind === 'no_bucket' || read.kind === 'failed';
    const last = needsLast ? this.#kvCache.get(bucket, key) : this.#lastOrNone(bucket, key);
    // A link that was lost meanwhile tells its own age.
    const stayed = connected && this.#bus.link.value === link;
    switch (read.kind) {
      case 'value':
        this.#remember(bucket, key, last, { value: read.value, revision: read.revision });
        return { text: decodeText(read.value), ageMs: 0, fresh: true };
      case 'absent':
        this.#rememberAbsent(bucket, key);
        if (last !== undefined) this.#remember(bucket, key, last, { value: null, revision: read.revision });
        return NOTHING;
      case 'no_bucket':
        // Nothing is pinned on a fleet without the bucket; one that has vanished forgives nothing.
        return { text: textOf(last), ageMs: 0, fresh: true };
      case 'failed':
        return { text: textOf(last), ageMs: stayed ? this.#ageMs(bucket, key, last) : 0, fresh: false };
    }
  }

  #lastOrNone(bucket: string, key: string): KvCacheEntry | undefined {
    try {
      return this.#kvCache.get(bucket, key);
    } catch (error) {
      this.#log.error('what was known of a broker key could not be read', { bucket, key, error: errorText(error) });
      return undefined;
    }
  }

  /** While disconnected the link's own age says it all; a connected broker that does not answer ages the key itself. */
  #ageMs(bucket: string, key: string, last: KvCacheEntry | undefined): number {
    const absent = this.#absent.get(`${bucket}/${key}`);
    const ages = [last?.read, absent].map((moment) => (moment === undefined ? Infinity : this.#timeline.ageMs(moment)));
    return Math.min(...ages);
  }

  #rememberAbsent(bucket: string, key: string): void {
    const name = `${bucket}/${key}`;
    this.#absent.delete(name);
    this.#absent.set(name, this.#timeline.now());
    const [oldest] = this.#absent.keys();
    if (this.#absent.size > ABSENT_KEPT && oldest !== undefined) this.#absent.delete(oldest);
  }

  #remember(
    bucket: string,
    key: string,
    last: KvCacheEntry | undefined,
    now: { value: Uint8Array | null; revision: number },
  ): void {
    const unchanged = last !== undefined && isSameValue(last, now);
    // The same value read again is worth a write only now and then: for its age.
    if (unchanged && this.#timeline.ageMs(last.read) < REFRESH_MS) return;
    drop(this.#kvCache.put(bucket, key, { ...now, read: this.#timeline.now() }), this.#log, 'remembering a broker key');
  }
}

const NOTHING: Known = { text: null, ageMs: 0, fresh: true };

function textOf(entry: KvCacheEntry | undefined): string | null {
  return entry === undefined || entry.value === null ? null : decodeText(entry.value);
}

function decodeText(value: Uint8Array): string {
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(value);
}
