/**
 * `[commands] signatures`: this release does not check signatures. So nobody is left to believe that it does: whoever
 * requires signed commands, be it a policy or the original's switch, gets an agent that does not start.
 */
import type { Collected } from './collect.ts';
import type { Candidate } from './layers.ts';
import { settingOf } from './settings.ts';

const KEY = 'commands.signatures';

/** Adds a fault for each source that says `require`, and a warning for each that says `report`. */
export function checkSignatures(to: Collected): void {
  for (const candidate of to.candidates.get(KEY) ?? []) {
    const { file, line, value } = candidate;
    const key = nameIn(candidate);
    if (value === 'require') {
      to.faults.push({ file, line, key, expected: '"off": this release does not check signatures yet' });
    } else if (value === 'report') {
      to.warnings.push({ file, line, key, message: 'nothing is reported: this release does not check signatures yet' });
    }
  }
}

/** As the source names it. */
function nameIn({ source }: Candidate): string {
  return source === 'policy' ? (settingOf(KEY).policy?.name ?? KEY) : KEY;
}
