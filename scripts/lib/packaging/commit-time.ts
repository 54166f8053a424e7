/** The time that packages carry, so that two builds of one commit are the same. */
import { ROOT } from '../../bootstrap/paths.mjs';
import { quiet } from '../../bootstrap/processes.mjs';

/** The time of the commit, in seconds; a checkout without git gets a fixed one. */
export async function commitTime(env: NodeJS.ProcessEnv) {
  if (env.SOURCE_DATE_EPOCH) return Number(env.SOURCE_DATE_EPOCH);
  const said = await quiet('git', ['log', '-1', '--format=%ct'], { cwd: ROOT, env });
  return said.ok ? Number(said.output.trim()) : Date.UTC(2026, 0, 1) / 1_000;
}
