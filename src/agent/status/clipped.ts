/** How long the texts may be that leave the agent: what comes from outside has no length of its own (architecture §5). */
import { clip } from '../../shared/run-title.ts';

/** Ids, groups, subjects. */
export const MAX_ID_CHARS = 500;
/** What stands in the state, which is pushed. */
export const MAX_STATE_TEXT_CHARS = 500;
/** What is asked for: values, notes, details. */
export const MAX_TEXT_CHARS = 2_000;

export function clipped(text: string | null, maxChars = MAX_ID_CHARS): string | null {
  return text === null ? null : clip(text, maxChars);
}
