/**
 * What the gates saw of the world, in words for the helpdesk. Invariant: what another release noted, and this one has no words for,
 * is shown as it is rather than left out.
 */
import type { RunInternals } from './run-view.ts';
import type { Words } from './words/words.ts';

export interface SeenByGates {
  readonly name: string;
  readonly value: string;
}

export function gateFacts(gates: NonNullable<RunInternals['gates']>, words: Words): SeenByGates[] {
  return Object.entries(gates).map(([key, value]) => {
    const say = Object.hasOwn(FACTS, key) ? FACTS[key] : undefined;
    return say?.(value, words) ?? { name: key, value: typeof value === 'string' ? value : JSON.stringify(value) };
  });
}

type Say = (value: unknown, words: Words) => SeenByGates | null;

const yesNo =
  (name: (words: Words) => string): Say =>
  (value, words) =>
    typeof value === 'boolean' ? { name: name(words), value: words.say(value ? 'gate.yes' : 'gate.no') } : null;

/** By the names that the agent gives them (`agent/gates/decide.ts`); null: not of the kind that we know. */
const FACTS: Readonly<Record<string, Say>> = {
  scriptsEnabled: yesNo((words) => words.say('gate.saw.scriptsEnabled')),
  uncheckedHonoursRevoke: yesNo((words) => words.say('gate.saw.uncheckedHonoursRevoke')),
  connected: yesNo((words) => words.say('gate.saw.connected')),
  fresh: yesNo((words) => words.say('gate.saw.fresh')),
  revoked: yesNo((words) => words.say('gate.saw.revoked')),
  viewAgeMs: (value, words) => {
    const name = words.say('gate.saw.viewAge');
    if (value === null) return { name, value: words.say('gate.saw.viewAge.never') };
    if (typeof value !== 'number') return null;
    return { name, value: value === 0 ? words.say('gate.saw.viewAge.now') : words.duration(value) };
  },
  pinnedVersion: (value, words) => {
    const name = words.say('gate.saw.pinnedVersion');
    if (value === null) return { name, value: words.say('gate.saw.pinnedVersion.none') };
    return typeof value === 'string' ? { name, value } : null;
  },
};
