/** What was found of a task's signature, as a sentence. */
import type { RunDetail } from './run-view.ts';
import type { Words } from './words/words.ts';

type Found = NonNullable<RunDetail['signature']>;

/** A key is named only where the signature names it; what it says is a claim until the signature holds. */
export function describeSignature({ state, kid }: Found, words: Words): string {
  switch (state) {
    case 'absent':
    case 'invalid':
      return words.say(`signature.${state}`);
    case 'ok':
    case 'unprovisioned':
    case 'unknown_key':
    case 'stale':
    case 'clock_ahead':
    case 'expired':
    case 'misaddressed':
    case 'envelope_rejected':
      return words.say(`signature.${state}`, { key: kid ?? '?' });
  }
}
