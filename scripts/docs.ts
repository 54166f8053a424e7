/** `npm run docs`: brings what is made in CONTRIBUTING.md, docs/ and policies/ up to date with the tables in the code. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { configurationPage } from '../tools/docs/configuration-page.ts';
import { withSection } from '../tools/docs/contributing.ts';
import { withOutcomes } from '../tools/docs/outcomes-table.ts';
import { policyTemplates } from '../tools/docs/policy-templates.ts';
import { ROOT } from './bootstrap/paths.mjs';
import { main } from './bootstrap/say.mjs';

await main(async () => {
  renew(join(ROOT, 'CONTRIBUTING.md'), withSection);
  renew(join(ROOT, 'docs', 'architecture.md'), withOutcomes);
  writeFileSync(join(ROOT, 'docs', 'configuration.md'), configurationPage());
  for (const [file, text] of Object.entries(policyTemplates())) {
    mkdirSync(dirname(join(ROOT, file)), { recursive: true });
    writeFileSync(join(ROOT, file), text);
  }
  return 0;
});

function renew(file: string, made: (text: string) => string) {
  writeFileSync(file, made(readFileSync(file, 'utf8')));
}
