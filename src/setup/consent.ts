/**
 * Whether a person has to be asked before an installation goes on. Invariant: what is done is what was agreed to. What the words name
 * lies where others may exchange it while the question is on the screen, so an answer counts for one plan alone.
 */
import { scryptSync } from 'node:crypto';
import { changesOf, type Wanted } from './changes.ts';
import type { Plan } from './plan.ts';

export interface Consent {
  /** What has to be agreed to; empty: nothing, or it was. */
  readonly open: readonly string[];
  /** Of the plan, for the run that goes on with it. It stands on a command line: no secret can be guessed by it in a short time. */
  readonly digest: string;
}

/** `agreed`: the digest of the plan that a person has agreed to, or that had nothing to be asked for; undefined: none yet. */
export function consentOf(plan: Plan, wanted: Wanted, agreed: string | undefined): Consent {
  const changes = changesOf(plan, wanted);
  const { before, choices } = plan;
  const { file, toml, secrets } = plan.configuration;
  // With what is changed, and not only into what: the settings that are there could be others as well.
  const all = [wanted.version, before, choices, file, toml, Object.entries(secrets), wanted.parameters, changes];
  const digest = scryptSync(JSON.stringify(all), 'agreed', 32).toString('hex');
  return { open: agreed === digest ? [] : changes, digest };
}
