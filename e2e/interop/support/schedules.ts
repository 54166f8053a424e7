/** Schedules that agents fire themselves, as both agents answer them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../../scripts/bootstrap/paths.mjs';
import { type OriginalFleet, OURS, THEIRS } from './fleet.ts';
import { resultWith, storedResults } from './results.ts';

/** The first result of each with this exit code, as they were published, without the ids that each makes for itself. */
export async function bothFired(fleet: OriginalFleet, jobId: string, exitCode = 0): Promise<readonly [string, string]> {
  const of = async (pcId: string) => {
    const fields = { manifest_id: jobId, pc_id: pcId, exit_code: exitCode };
    const { result_id: resultId } = await resultWith(fleet.nc, fields);
    const stored = (await storedResults(fleet.nc)).find(({ result }) => result.result_id === resultId);
    const ids = { request_id: '<request>', exec_id: '<execution>' };
    return JSON.stringify({ ...(JSON.parse(stored?.text ?? '{}') as object), ...ids });
  };
  return [await of(OURS), await of(THEIRS)];
}

/** A schedule as docs/schedules.md has it, in YAML. */
export function scheduleOfPage(id: string): string {
  const page = readFileSync(join(ROOT, 'docs', 'schedules.md'), 'utf8');
  const blocks = Array.from(page.matchAll(/^```yaml\n(.*?)^```$/gms), ([, yaml]) => yaml ?? '');
  const found = blocks.find((yaml) => yaml.startsWith(`id: ${id}\n`));
  if (found === undefined) throw new Error(`the page has no schedule "${id}"`);
  return found;
}
