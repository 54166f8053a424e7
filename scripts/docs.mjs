/** `node scripts/docs.mjs`: brings what is made in CONTRIBUTING.md, docs/ and policies/ up to date with the tables in the code. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ROOT } from './lib/paths.mjs';
import { visible } from './lib/processes.mjs';
import { main } from './lib/say.mjs';
import { setUp } from './lib/setup.mjs';

await main(async () => {
  const { node } = await setUp();
  // The tables are TypeScript, which only Node 24 runs as it is.
  if (Number.parseInt(process.versions.node, 10) < 24) return visible(node, [fileURLToPath(import.meta.url)]);
  const { withSection } = await import('../tools/docs/contributing.ts');
  const { configurationPage } = await import('../tools/docs/configuration-page.ts');
  const contributing = join(ROOT, 'CONTRIBUTING.md');
  writeFileSync(contributing, withSection(readFileSync(contributing, 'utf8')));
  writeFileSync(join(ROOT, 'docs', 'configuration.md'), configurationPage());
  const { policyTemplates } = await import('../tools/docs/policy-templates.ts');
  for (const [file, text] of Object.entries(policyTemplates())) {
    mkdirSync(dirname(join(ROOT, file)), { recursive: true });
    writeFileSync(join(ROOT, file), text);
  }
  return 0;
});
