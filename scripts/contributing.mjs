/** `node scripts/contributing.mjs`: brings the made section of CONTRIBUTING.md up to date with the table of the import rules. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ROOT } from './lib/paths.mjs';
import { visible } from './lib/processes.mjs';
import { main } from './lib/say.mjs';
import { setUp } from './lib/setup.mjs';

await main(async () => {
  const { node } = await setUp();
  // The table is TypeScript, which only Node 24 runs as it is.
  if (Number.parseInt(process.versions.node, 10) < 24) return visible(node, [fileURLToPath(import.meta.url)]);
  const { withSection } = await import('../e2e/support/contributing.ts');
  const path = join(ROOT, 'CONTRIBUTING.md');
  writeFileSync(path, withSection(readFileSync(path, 'utf8')));
  return 0;
});
