/** `npm run bench:window [-- --smoke]`: the window's figures (docs/performance.md). */
import { join } from 'node:path';
import { ensureBuilt } from './lib/building.mjs';
import { ROOT } from './lib/paths.mjs';
import { visible } from './lib/processes.mjs';
import { main } from './lib/say.mjs';
import { setUpTests, withTools } from './lib/setup.mjs';

await main(async () => {
  const tools = await setUpTests();
  await ensureBuilt(tools.node);
  const bench = join(ROOT, 'bench', 'window', 'main.ts');
  return visible(tools.node, [bench, ...process.argv.slice(2)], { cwd: ROOT, env: withTools(tools) });
});
