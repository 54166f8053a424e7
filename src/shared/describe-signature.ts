/** What was found of a task's signature, as a sentence. */
import type { I18n } from './i18n/i18n.ts';
import type { RunDetail } from './run-view.ts';

type Found = NonNullable<RunDetail['signature']>;

/** A key is named only where the signature names it; what it says is a claim until the signature holds. */
export function describeSignature({ state, kid }: Found, i18n: I18n): string {
  switch (state) {
    case 'absent':
    case 'invalid':
      return i18n.t(`signature.${state}`);
    case 'ok':
    case 'unprovisioned':
    case 'unknown_key':
    case 'stale':
    case 'clock_ahead':
    case 'expired':
    case 'misaddressed':
    case 'envelope_rejected':
      return i18n.t(`signature.${state}`, { key: kid ?? '?' });
  }
}
