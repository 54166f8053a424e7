/** Packages of a Debian that is ours to change: as root, as in a container or on a build machine. */
import { onPath } from '../bootstrap/paths.mjs';
import { quiet } from '../bootstrap/processes.mjs';
import { step } from '../bootstrap/say.mjs';

/**
 * @param text what the reader sees meanwhile
 * @returns null: this is no such machine
 */
export async function installWithApt(
  text: string,
  packages: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<{ ok: boolean; output: string } | null> {
  if (process.getuid?.() !== 0 || !onPath('apt-get', env)) return null;
  return step(text, async () => {
    const apt = (...args: string[]) => quiet('apt-get', args, { env: { ...env, DEBIAN_FRONTEND: 'noninteractive' } });
    const install = () => apt('install', '-y', '--no-install-recommends', ...packages);
    const first = await install();
    if (first.ok) return first;
    // A fresh machine has no lists of packages yet, or old ones.
    await apt('update');
    return install();
  });
}
