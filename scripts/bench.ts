/** `npm run bench [-- --smoke]`: the benchmark beside the original agent (docs/performance.md). */
import { join } from 'node:path';
import { isFile, ROOT } from './bootstrap/paths.mjs';
import { visible } from './bootstrap/processes.mjs';
import { main, say } from './bootstrap/say.mjs';
import { ensureBuilt } from './lib/building.ts';
import { setUpInterop, withTools } from './lib/setup.ts';

await main(async () => {
  const bench = join(ROOT, 'bench', 'main.ts');
  if (!isFile(bench)) {
    say('There is no benchmark yet (bench/main.ts).');
    return 0;
  }
  const tools = await setUpInterop();
  await ensureBuilt(tools.node);
  const env = { ...withTools(tools), KANADE_TRAY_INTEROP_BIN: tools.kanadeBin };
  return visible(tools.node, [bench, ...process.argv.slice(2)], { cwd: ROOT, env });
});
