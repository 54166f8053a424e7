/** `npm run bench:window [-- --smoke]`: the window's figures (docs/performance.md). */
import { join } from 'node:path';
import { ROOT } from './bootstrap/paths.mjs';
import { visible } from './bootstrap/processes.mjs';
import { main } from './bootstrap/say.mjs';
import { ensureBuilt } from './lib/building.ts';
import { setUpTests, withTools } from './lib/setup.ts';

await main(async () => {
  const tools = await setUpTests();
  await ensureBuilt(tools.node);
  const bench = join(ROOT, 'bench', 'window', 'main.ts');
  return visible(tools.node, [bench, ...process.argv.slice(2)], { cwd: ROOT, env: withTools(tools) });
});
