/** What a catalogue of messages is made of. */
import type { GateName, Reason } from '../outcomes.ts';

/** A sentence with holes in braces, or its plural forms by the number `n`. */
export type Entry = string | { readonly one?: string; readonly other: string };
/** What each row of the table of outcomes needs to be spoken of. */
export type OutcomeMessages = Readonly<
  Record<`reason.${Reason}.${'title' | 'line' | 'body'}` | `gate.${GateName}`, Entry>
>;
