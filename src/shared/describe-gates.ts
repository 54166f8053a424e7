/**
 * What the gates saw of the world, in words for the helpdesk. Invariant: what another release noted, and this one has no words for,
 * is shown as it is rather than left out.
 */
import { en, type MessageKey } from './i18n/en.ts';
import type { I18n } from './i18n/i18n.ts';
import type { RunInternals } from './run-view.ts';

export interface SeenByGates {
  readonly name: string;
  readonly value: string;
}

/** `gates`: by the names that the agent gives them (`agent/gates/decide.ts`). */
export function gateFacts(gates: NonNullable<RunInternals['gates']>, i18n: I18n): SeenByGates[] {
  return Object.entries(gates).map(([key, value]) => {
    const say = Object.hasOwn(FACTS, key) ? FACTS[key] : undefined;
    const said = say === undefined ? yesOrNo(key, value, i18n) : say(value, i18n);
    return said ?? { name: key, value: typeof value === 'string' ? value : JSON.stringify(value) };
  });
}

/** A fact that holds or does not needs its words, and nothing here. */
function yesOrNo(key: string, value: unknown, i18n: I18n): SeenByGates | null {
  const name = `gate.saw.${key}`;
  return typeof value === 'boolean' && hasWords(name)
    ? { name: i18n.t(name), value: i18n.t(value ? 'gate.yes' : 'gate.no') }
    : null;
}

type Seen = Extract<MessageKey, `gate.saw.${string}`>;

function hasWords(name: string): name is Seen {
  return Object.hasOwn(en, name);
}

type Say = (value: unknown, i18n: I18n) => SeenByGates | null;

/** The other facts; null: not of the kind that we know. */
const FACTS: Readonly<Record<string, Say>> = {
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
