/**
 * `node scripts/run.mjs COMMAND [ARGUMENTS]`: runs `scripts/COMMAND.ts` on the Node 24 of the packages, which are installed when they
 * are not there. Invariant: this file and those of `bootstrap` import nothing but Node's own modules, and run on Node 20.
 */
import { join } from 'node:path';
import { findNode24 } from './bootstrap/node24.mjs';
import { ensurePackages } from './bootstrap/packages.mjs';
import { isFile, ROOT } from './bootstrap/paths.mjs';
import { visible } from './bootstrap/processes.mjs';
import { CliError, main } from './bootstrap/say.mjs';

await main(async () => {
  const [command = '', ...args] = process.argv.slice(2);
  const script = join(ROOT, 'scripts', `${command}.ts`);
  if (!/^[a-z-]+$/.test(command) || !isFile(script)) throw new CliError(`There is no command "${command}" in scripts.`);
  await ensurePackages();
  return visible(findNode24(), [script, ...args]);
});
