/**
 * What the gates saw of the world, in words for the helpdesk. Invariant: what another release noted, and this one has no words for,
 * is shown as it is rather than left out.
 */

import type { I18n } from './i18n/i18n.ts';
import type { RunInternals } from './run-view.ts';

export interface SeenByGates {
  readonly name: string;
  readonly value: string;
}

export function gateFacts(gates: NonNullable<RunInternals['gates']>, i18n: I18n): SeenByGates[] {
  return Object.entries(gates).map(([key, value]) => {
    const say = Object.hasOwn(FACTS, key) ? FACTS[key] : undefined;
    return say?.(value, i18n) ?? { name: key, value: typeof value === 'string' ? value : JSON.stringify(value) };
  });
}

type Say = (value: unknown, i18n: I18n) => SeenByGates | null;

const yesNo =
  (name: (i18n: I18n) => string): Say =>
  (value, i18n) =>
    typeof value === 'boolean' ? { name: name(i18n), value: i18n.t(value ? 'gate.yes' : 'gate.no') } : null;

/** By the names that the agent gives them (`agent/gates/decide.ts`); null: not of the kind that we know. */
const FACTS: Readonly<Record<string, Say>> = {
  scriptsEnabled: yesNo((i18n) => i18n.t('gate.saw.scriptsEnabled')),
  uncheckedHonoursRevoke: yesNo((i18n) => i18n.t('gate.saw.uncheckedHonoursRevoke')),
  connected: yesNo((i18n) => i18n.t('gate.saw.connected')),
  fresh: yesNo((i18n) => i18n.t('gate.saw.fresh')),
  revoked: yesNo((i18n) => i18n.t('gate.saw.revoked')),
  viewAgeMs: (value, i18n) => {
    const name = i18n.t('gate.saw.viewAge');
    if (value === null) return { name, value: i18n.t('gate.saw.viewAge.never') };
    if (typeof value !== 'number') return null;
    return { name, value: value === 0 ? i18n.t('gate.saw.viewAge.now') : i18n.duration(value) };
  },
  pinnedVersion: (value, i18n) => {
    const name = i18n.t('gate.saw.pinnedVersion');
    if (value === null) return { name, value: i18n.t('gate.saw.pinnedVersion.none') };
    return typeof value === 'string' ? { name, value } : null;
  },
};
