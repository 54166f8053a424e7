/** `npm run release -- keys|sign|publish|rotate|revoke`: what IT does with releases (docs/updates.md). */
import { join } from 'node:path';
import { ROOT } from './lib/paths.mjs';
import { visible } from './lib/processes.mjs';
import { main } from './lib/say.mjs';
import { setUp } from './lib/setup.mjs';

await main(async () => {
  const { node } = await setUp();
  return visible(node, [join(ROOT, 'tools', 'release', 'main.ts'), ...process.argv.slice(2)]);
});
