/** What is in a ring for signed commands, before it is given to a PC; read by what the agent itself reads it with. */
import { readFileSync } from 'node:fs';
import { errorText } from '../../base/logger.ts';
import { parseKeyRing } from '../signing/key-ring.ts';

/** One line for each key: its kid, its fingerprint, how long it is good for, and its label; else why it can't be used. */
export function describeKeys(path: string): { readonly ok: boolean; readonly text: string } {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    return { ok: false, text: `${path}: ${errorText(error)}\n` };
  }
  const parsed = parseKeyRing(text);
  if (!parsed.ok) return { ok: false, text: `${path}: ${parsed.error}\n` };
  const lines = [...parsed.ring.values()].map(({ kid, fingerprint, maxAgeMs, label }) => {
    const bound = maxAgeMs === null ? [] : [`good for ${maxAgeMs / 1_000n} s`];
    return [kid, fingerprint, ...bound, ...(label === null ? [] : [label])].join('  ');
  });
  return { ok: true, text: lines.length === 0 ? 'no keys\n' : `${lines.join('\n')}\n` };
}
