/** The static checks: format and lint, promise rules with types, types. */
import { join } from 'node:path';
import { ROOT } from '../bootstrap/paths.mjs';
import { visible } from '../bootstrap/processes.mjs';
import { say } from '../bootstrap/say.mjs';

/** Each is run by Node 24 itself, so the PATH does not matter. */
const CHECKS: readonly { name: string; args: readonly string[] }[] = [
  { name: 'biome', args: ['node_modules/@biomejs/biome/bin/biome', 'check'] },
  { name: 'oxlint', args: ['node_modules/oxlint/bin/oxlint', '--type-aware'] },
  { name: 'tsc', args: ['node_modules/typescript/bin/tsc', '-p', '.'] },
  { name: 'tsc (window)', args: ['node_modules/typescript/bin/tsc', '-p', 'src/renderer'] },
];

/**
 * Runs all of them; a failure does not keep the next from being run.
 * @param node Node 24
 * @returns the names of those that failed
 */
export async function runChecks(node: string): Promise<string[]> {
  const failed = [];
  for (const { name, args } of CHECKS) {
    say(`Checking: ${name}`);
    const [script = '', ...rest] = args;
    if ((await visible(node, [join(ROOT, script), ...rest], { cwd: ROOT })) !== 0) failed.push(name);
  }
  return failed;
}
