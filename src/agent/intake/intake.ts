/**
 * The one way in: every message, however it came, is checked, recorded, then acknowledged, then run (invariants 1, 2).
 * What it may become is the table of architecture §3; nothing is dropped without a counter or a row.
 */
import { hash } from 'node:crypto';
import { spreadMs } from '../../base/backoff.ts';
import type { Clock } from '../../base/clock.ts';
import { drop } from '../../base/drop.ts';
import { errorText, type Logger } from '../../base/logger.ts';
import type { Watched } from '../../base/watched.ts';
import { errorCode } from '../../shared/error-code.ts';
import type { RunId } from '../../shared/ids.ts';
import type { Source } from '../../shared/states.ts';
import { NO_HEADERS, type SignatureHeaders, signatureHeaders } from '../signing/signature.ts';
import type { SignatureNote, Verifier } from '../signing/verifier.ts';
import type { Store } from '../store/store.ts';
import { type Command, type DecodedCommand, recordOf } from '../wire/command.ts';
import { decodeAdmitted } from '../wire/envelope.ts';
import { classifyCommandSubject, isSubjectId } from '../wire/subjects.ts';
import { AGAIN_MS, ArrivalQueue, type Incoming } from './arrival-queue.ts';
import {
  type Base,
  type Failed,
  keyOf,
  NOTHING_READ,
  recordRefused,
  unreadable,
  wasRecorded,
  wasRefused,
} from './recording.ts';

/** Fingerprints of messages that are known to be recorded: a redelivery costs no read of the store. */
const RECENT_MAX = 4_096;
/** A queue that is full needs longer than a disk to have room, and each message that waits for it comes again. */
const QUEUE_AGAIN_MS = 30_000;
/** Errors of the system or the store; what Node says of its arguments (`ERR_…`) comes from the message. */
const OF_THE_MOMENT = /^(?:SQLITE|E(?!RR_))/;
export interface IntakeOptions {
  readonly pcId: string;
  readonly store: Store;
  readonly verifier: Pick<Verifier, 'judge' | 'judgeAgain'>;
  /** null: not known yet; group messages then stay un-acknowledged. */
  readonly groups: Watched<ReadonlySet<string> | null>;
  readonly maxPayloadBytes: () => number;
  /** The broker's clock, ms since the epoch; null: not known. */
  readonly serverNowMs: () => number | null;
  readonly clock: Clock;
  readonly log: Logger;
  /** A command has come, whether it can be recorded now or comes again later. */
  readonly onSeen: (command: Command) => void;
  /** It is being recorded. */
  readonly onArrival: (command: Command) => void;
  /** A row that is to be run was committed. */
  readonly onAdmitted: (run: RunId, command: Command) => void;
  /** A result was queued without a run. */
  readonly onQueued: () => void;
}

export class Intake {
  readonly #options: IntakeOptions;
  readonly #recent = new Map<string, Promise<boolean>>();
  readonly #arrivals: ArrivalQueue;

  constructor(options: IntakeOptions) {
    this.#options = options;
    this.#arrivals = new ArrivalQueue((source, incoming) => this.#take(source, incoming), options.log);
  }

  /** From here on what comes is recorded; until then it waits, or comes again. */
  begin(): void {
    this.#arrivals.begin();
  }

  /** Takes nothing from here on; what is not recorded stays with the broker, for whoever comes next. */
  close(): void {
    this.#arrivals.close();
  }

  receive(source: Source, incoming: Incoming): void {
    this.#arrivals.put(source, incoming);
  }

  #take(source: Source, incoming: Incoming): void {
    const { subject, data } = incoming;
    const addressed = this.#addressed(subject);
    if (addressed === 'unknown') return;
    if (addressed === 'no') {
      this.#options.store.counters.bump('foreign');
      incoming.ack?.();
      return;
    }
    const fingerprint = hash('sha256', data, 'buffer');
    const headers = incoming.header === undefined ? NO_HEADERS : signatureHeaders(incoming.header);
    const key = keyOf(fingerprint, headers);
    const known = this.#recent.get(key);
    if (known !== undefined) {
      this.#options.store.counters.bump('duplicates');
      this.#answer(known, incoming);
      return;
    }
    // Not recorded, so not acknowledged: the broker brings it again until there is room (invariant 1).
    if (!this.#options.store.admits) {
      const decoded = decodeAdmitted(data);
      if (decoded.ok) this.#options.onSeen(decoded.command);
      incoming.nak?.(this.#options.store.state.value === 'queue_full' ? spreadMs(QUEUE_AGAIN_MS) : AGAIN_MS);
      return;
    }
    const recorded = this.#record(source, incoming, fingerprint, headers);
    this.#remember(key, recorded);
    this.#answer(recorded, incoming, () => this.#recent.delete(key));
  }

  /** Acknowledged once it is recorded; else asked for again. A broker that is gone meanwhile brings it again by itself. */
  #answer(recorded: Promise<boolean>, incoming: Incoming, otherwise?: () => void): void {
    const answered = recorded.then((done) => {
      if (done) return incoming.ack?.();
      otherwise?.();
      incoming.nak?.(AGAIN_MS);
    });
    drop(answered, this.#options.log, 'answering the broker');
  }

  #addressed(subject: string): 'yes' | 'no' | 'unknown' {
    const target = classifyCommandSubject(subject, this.#options.pcId);
    if (target.to === 'other') return 'no';
    if (target.to !== 'group') return 'yes';
    const groups = this.#options.groups.value;
    if (groups === null) return 'unknown';
    return groups.has(target.group) ? 'yes' : 'no';
  }

  #remember(key: string, recorded: Promise<boolean>): void {
    this.#recent.set(key, recorded);
    if (this.#recent.size <= RECENT_MAX) return;
    const oldest = this.#recent.keys().next();
    if (!oldest.done) this.#recent.delete(oldest.value);
  }

  /** Resolves to whether the message is on disk, in whatever form. Never rejects. */
  async #record(source: Source, incoming: Incoming, fingerprint: Buffer, headers: SignatureHeaders): Promise<boolean> {
    const { subject, data } = incoming;
    const base: Base = {
      source,
      subject,
      receivedAtMs: this.#options.clock.nowMs(),
      serverAtMs: this.#options.serverNowMs() ?? incoming.storedAtMs ?? null,
      fingerprint,
      body: Buffer.from(data),
    };
    try {
      const { store, verifier } = this.#options;
      const isRecorded = (message: DecodedCommand) => wasRecorded(store, base, headers, message);
      let verdict = readable(() => verifier.judge(base.body, headers, isRecorded));
      if (verdict.kind === 'reads_ring') {
        await verdict.done;
        verdict = readable(() => verifier.judgeAgain(base.body, headers, isRecorded));
      }
      switch (verdict.kind) {
        case 'failed':
          return await this.#recordUnreadable(base, verdict.found, null);
        case 'accepted':
          if (wasRefused(store, base, headers)) {
            this.#options.store.counters.bump('duplicates');
            return true;
          }
          return await this.#recordAccepted(base, verdict.decoded, verdict.signature);
        case 'unknown_envelope':
          // Whom to answer, only what nobody has vouched for says.
          return await this.#recordUnreadable(base, { ...verdict.found, requestId: null }, null);
        case 'recorded':
          this.#options.store.counters.bump('duplicates');
          return true;
        case 'refused':
          if (await recordRefused(this.#options, base, headers, verdict)) this.#options.onQueued();
          else this.#options.store.counters.bump('duplicates');
          return true;
      }
    } catch (error) {
      this.#options.log.warn('a command could not be recorded yet', { subject, error: errorText(error) });
      return false;
    }
  }

  /** What may go on: a command, or something that can't be read. */
  async #recordAccepted(base: Base, decoded: DecodedCommand, signature: SignatureNote | null): Promise<true> {
    if (!decoded.ok) return this.#recordUnreadable(base, decoded, signature);
    const { command } = decoded;
    const { requestId } = command;
    if (!isSubjectId(requestId)) {
      const error = 'request_id: expected 1 to 200 characters that can be part of a subject';
      return this.#recordUnreadable(base, { ...command, kind: 'undecodable', requestId: null, error }, signature);
    }
    this.#options.onSeen(command);
    this.#options.onArrival(command);
    const admission = await this.#options.store.runs.admit({ ...base, ...recordOf(command), requestId, signature });
    if (admission.kind === 'admitted') this.#options.onAdmitted(admission.run, command);
    else this.#count(admission, requestId);
    return true;
  }

  #count(admission: { kind: 'duplicate' } | { kind: 'conflict'; recorded: boolean }, requestId: string): void {
    const conflict = admission.kind === 'conflict' && admission.recorded;
    this.#options.store.counters.bump(conflict ? 'conflicts' : 'duplicates');
    if (conflict) this.#options.log.warn('a known request id came with other content', { request_id: requestId });
  }

  async #recordUnreadable(base: Base, failed: Failed, signature: SignatureNote | null): Promise<true> {
    this.#options.log.warn('a command can not be read', { subject: base.subject, error: failed.error });
    this.#options.store.counters.bump('unreadable');
    const { arrival, end } = unreadable(this.#options, base, failed);
    const admission = await this.#options.store.runs.admit({ ...arrival, signature }, end);
    if (admission.kind === 'admitted') this.#options.onQueued();
    else this.#count(admission, arrival.requestId ?? '');
    return true;
  }
}

/** An error of the moment (a file, a disk) is thrown; one that the message itself causes would come again each time. */
function readable<V>(judge: () => V): V | { readonly kind: 'failed'; readonly found: Failed } {
  try {
    return judge();
  } catch (error) {
    if (OF_THE_MOMENT.test(errorCode(error))) throw error;
    return { kind: 'failed', found: { ...NOTHING_READ, error: errorText(error) } };
  }
}
