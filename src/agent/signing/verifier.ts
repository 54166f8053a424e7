/**
 * Who may send commands to this PC: judges each message by the ring of now and by what IT wants (`[commands] signatures`). Invariant: with
 * `require` nothing runs but what a key of the ring has signed, and an empty ring lets nothing in.
 */
import type { AskedPath } from '../../base/answers.ts';
import type { Clock } from '../../base/clock.ts';
import { drop } from '../../base/drop.ts';
import type { Logger } from '../../base/logger.ts';
import type { RefusedSignature, SignatureMode, SignatureState } from '../../shared/signatures.ts';
import type { DecodedCommand, Unreadable } from '../wire/command.ts';
import { type Finding, type Judgement, judge } from './judge.ts';
import type { CommandKey } from './key-ring.ts';
import { KeyStore, type RingText } from './key-store.ts';
import type { SignatureHeaders } from './signature.ts';

/** A question has its own end. */
const NEVER = new AbortController().signal;

/** What is kept of a signature with its run. */
export interface SignatureNote {
  readonly state: SignatureState;
  /** Whose it is, or says it is; null: it names nobody. */
  readonly kid: string | null;
}

export type Verdict =
  /** May go on, whether it can be read or not. `signature` null: not checked. */
  | { readonly kind: 'accepted'; readonly decoded: DecodedCommand; readonly signature: SignatureNote | null }
  /** It does not hold now, and what is to be said of this message was said when it was recorded. */
  | { readonly kind: 'recorded' }
  /** An envelope of a kind that nobody here knows; whom to answer it does not say. */
  | { readonly kind: 'unknown_envelope'; readonly found: Omit<Unreadable, 'ok'> }
  | {
      readonly kind: 'refused';
      readonly form: 'plain' | 'envelope';
      readonly state: RefusedSignature;
      readonly signature: SignatureNote;
      /** What of the message names it; nothing of it has been vouched for. */
      readonly decoded: DecodedCommand;
      readonly why: string;
    };

/** Its key may have come into the ring, which is read after it came. Then `judgeAgain` says how it is; `done` never rejects. */
export interface ReadsRing {
  readonly kind: 'reads_ring';
  readonly done: Promise<void>;
}

/** What the heartbeat and the window say of it. */
export interface SigningView {
  readonly mode: SignatureMode;
  readonly keys: readonly CommandKey[];
  /** Why the last check of the ring was no good; null: it was. */
  readonly problem: string | null;
}

export interface VerifierOptions {
  readonly pcId: string;
  readonly mode: SignatureMode;
  readonly readRing: () => RingText;
  /** Asked before the ring is read, which a share that is away would hold up; absent: it is read at once. */
  readonly ringPath?: Pick<AskedPath, 'ask' | 'answers'>;
  readonly clock: Clock;
  readonly log: Logger;
  /** Of each message that was checked. */
  readonly onFinding: (state: SignatureState, refused: boolean) => void;
}

export class Verifier {
  readonly #options: VerifierOptions;
  readonly #keys: KeyStore;
  /** The ring is about to be read. */
  #reading: Promise<void> | null = null;

  constructor(options: VerifierOptions) {
    this.#options = options;
    const { mode, readRing: read, clock, log } = options;
    this.#keys = new KeyStore({ read, monotonicMs: () => clock.monotonicMs(), required: mode === 'require', log });
    if (mode === 'require' && this.#keys.ring.size === 0) {
      log.error('signed commands are required and there is no key here: every command is refused until there is one');
    }
  }

  view(): SigningView {
    return { mode: this.#options.mode, keys: [...this.#keys.ring.values()], problem: this.#keys.problem };
  }

  /** With each heartbeat: a key that was taken away would never be missed by a command. */
  refresh(): void {
    const { ringPath, log } = this.#options;
    if (ringPath === undefined) this.#keys.refresh();
    else drop(this.#refreshOnceAnswered(ringPath.ask()), log, 'looking at the ring of command keys');
  }

  async #refreshOnceAnswered(answers: Promise<boolean>): Promise<void> {
    if (await answers) this.#keys.refresh();
  }

  /** `isRecorded`: whether the message is no new one. A key and a time may be over by the time that its copy comes. */
  judge(
    body: Uint8Array,
    headers: SignatureHeaders,
    isRecorded: (message: DecodedCommand) => boolean,
  ): Verdict | ReadsRing {
    const first = this.#judgeNow(body, headers);
    const isDue = isUnknownKey(first) && this.#keys.isDueForUnknown();
    const { ringPath } = this.#options;
    if (isDue && ringPath !== undefined) this.#readRing(ringPath);
    // Whoever else comes meanwhile may be signed with the same new key.
    if (isUnknownKey(first) && this.#reading !== null) return { kind: 'reads_ring', done: this.#reading };
    const judged = isDue && ringPath === undefined && this.#keys.refresh() ? this.#judgeNow(body, headers) : first;
    return this.#verdict(judged, isRecorded);
  }

  /** By the ring as it is: the message has waited for a check of it, and another one would have no end. */
  judgeAgain(body: Uint8Array, headers: SignatureHeaders, isRecorded: (message: DecodedCommand) => boolean): Verdict {
    return this.#verdict(this.#judgeNow(body, headers), isRecorded);
  }

  #verdict(judged: Judgement, isRecorded: (message: DecodedCommand) => boolean): Verdict {
    if (judged.form === 'unknown') return { kind: 'unknown_envelope', found: judged.found };
    const { form, finding, decoded } = judged;
    if (finding === null) return { kind: 'accepted', decoded, signature: null };
    const mayRun = finding.state === 'ok' || (form === 'plain' && this.#options.mode !== 'require');
    if (finding.state !== 'ok' && isRecorded(decoded)) return { kind: 'recorded' };
    this.#tell(finding, !mayRun, decoded);
    if (finding.state === 'ok' || mayRun) return { kind: 'accepted', decoded, signature: noteOf(finding) };
    return { kind: 'refused', form, state: finding.state, signature: noteOf(finding), decoded, why: finding.why };
  }

  #readRing(ringPath: Pick<AskedPath, 'answers'>): void {
    this.#reading = this.#refreshOnceAnswered(ringPath.answers(NEVER)).finally(() => {
      this.#reading = null;
    });
  }

  #judgeNow(body: Uint8Array, headers: SignatureHeaders): Judgement {
    const { mode, pcId, clock } = this.#options;
    return judge(body, headers, mode !== 'off', { ring: this.#keys.ring, pcId, nowNs: clock.nowNs() });
  }

  #tell(finding: Finding, refused: boolean, decoded: DecodedCommand): void {
    const requestId = decoded.ok ? decoded.command.requestId : decoded.requestId;
    if (finding.state === 'ok') {
      const { kid, auditEveryUse } = finding.key;
      if (auditEveryUse)
        this.#options.log.warn('a command is signed by a key that is audited', { kid, request_id: requestId });
    } else if (finding.state !== 'absent' || refused) {
      const { state, kid, why } = finding;
      this.#options.log.warn('the signature of a command does not hold', {
        state,
        kid,
        why,
        refused,
        request_id: requestId,
      });
    }
    this.#options.onFinding(finding.state, refused);
  }
}

function isUnknownKey(judged: Judgement): boolean {
  if (judged.form === 'unknown') return false;
  return judged.finding?.state === 'unknown_key' || judged.finding?.state === 'unprovisioned';
}

function noteOf(finding: Finding): SignatureNote {
  return { state: finding.state, kid: finding.state === 'ok' ? finding.key.kid : finding.kid };
}
