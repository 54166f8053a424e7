/**
 * The ring as it counts now, kept up with where it is written. Invariant: a check can better the ring or leave it as it is; what can't be
 * read, or is being written just then, never takes the place of keys that work.
 */
import { errorText, type Logger } from '../../base/logger.ts';
import { EMPTY_RING, type KeyRing, parseKeyRing } from './key-ring.ts';

/** Where the ring is written: its text, nothing there, or something that must not be used; `why` for people. */
export type RingText =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'absent' }
  | { readonly kind: 'failed'; readonly why: string };

/** How soon a key that is not known is read for again: whoever can send a message can ask for that. */
const AGAIN_MS = 30_000;
/** Where a command is about to be refused for it. */
const AGAIN_REQUIRED_MS = 1_000;

export interface KeyStoreOptions {
  /** Local and fast: it is read on the way of a command. */
  readonly read: () => RingText;
  readonly monotonicMs: () => number;
  /** A command without a known key is refused. */
  readonly required: boolean;
  readonly log: Logger;
}

export class KeyStore {
  readonly #options: KeyStoreOptions;
  #ring: KeyRing = EMPTY_RING;
  /** What the ring was made from; undefined: nothing yet. */
  #text: string | null | undefined;
  #problem: string | null = null;
  #askedAtMs: number;

  constructor(options: KeyStoreOptions) {
    this.#options = options;
    this.#askedAtMs = options.monotonicMs();
    this.refresh();
  }

  get ring(): KeyRing {
    return this.#ring;
  }

  /** Why the last check changed nothing, in words for the log; null: it was good. */
  get problem(): string | null {
    return this.#problem;
  }

  /** Checks now. True: the ring is another one. */
  refresh(): boolean {
    const found = this.#read();
    if (found.kind === 'failed') return this.#keep(found.why);
    const text = found.kind === 'text' ? found.text : null;
    if (text === this.#text) {
      this.#good();
      return false;
    }
    const parsed = text === null ? ({ ok: true, ring: EMPTY_RING } as const) : parseKeyRing(text);
    // What it was stays noted, so that one that was half written is checked again.
    if (!parsed.ok) return this.#keep(parsed.error);
    this.#ring = parsed.ring;
    this.#text = text;
    this.#good();
    this.#options.log.info('the ring of command keys', { kids: [...parsed.ring.keys()].join(' ') || 'none' });
    return true;
  }

  /** It is asked by a bare timer too, and what it asks of the system may throw there: its first native call, or an access to a path. */
  #read(): RingText {
    try {
      return this.#options.read();
    } catch (error) {
      return { kind: 'failed', why: errorText(error) };
    }
  }

  /** Whether to check now, where there is reason to think that a key has come: somebody has signed with it. Once in a while. */
  isDueForUnknown(): boolean {
    const nowMs = this.#options.monotonicMs();
    if (nowMs - this.#askedAtMs < (this.#options.required ? AGAIN_REQUIRED_MS : AGAIN_MS)) return false;
    this.#askedAtMs = nowMs;
    return true;
  }

  #keep(why: string): false {
    if (why !== this.#problem)
      this.#options.log.error('the ring of command keys can not be used; what was known stays', { why });
    this.#problem = why;
    return false;
  }

  #good(): void {
    this.#problem = null;
  }
}
