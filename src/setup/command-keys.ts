/** Whether a file of command keys is one that the agent would take (protocol §11.4): read by what the agent itself reads it with. */
import { parseKeyRing } from '../agent/signing/key-ring.ts';

/** null: it can be used; else what is wrong, and where. A list without keys is no mistake of the agent's, but one of who installs it. */
export function checkCommandKeys(text: string): string | null {
  const parsed = parseKeyRing(text.trim());
  if (!parsed.ok) return parsed.error;
  return parsed.ring.size === 0 ? 'expected at least one key, found none' : null;
}
