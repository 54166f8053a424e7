/** What a plan counts as done: its own success, that of its job, or that of the job's version. */
import type { Completions } from '../store/completions.ts';
import type { JobState, LastSuccess, Plan } from './types.ts';

/** When the job of a plan has last succeeded, as far as that counts for the plan; null: never. */
export function lastSuccessOf(
  { id, jobId, repeat, anyTrigger }: Plan,
  completions: Pick<Completions, 'lastMs' | 'hasVersion'>,
  job: JobState,
): LastSuccess | null {
  if (repeat.kind === 'always') return null;
  const own = completions.lastMs(id, jobId);
  const any = anyTrigger ? completions.lastMs('', jobId) : undefined;
  if (own === undefined && any === undefined) return null;
  const atMs = Math.max(own ?? Number.NEGATIVE_INFINITY, any ?? Number.NEGATIVE_INFINITY);
  const ofVersion = repeat.kind === 'once_per_version' && job.kind === 'known';
  return { atMs, ofVersion: ofVersion && completions.hasVersion(id, jobId, job.job.version) };
}
