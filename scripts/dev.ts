/** `npm run dev`: a fleet on this machine without the demo; at every change of `src` the agent is built and started again. */
import { watch } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './bootstrap/paths.mjs';
import { main } from './bootstrap/say.mjs';
import { ensureBuilt } from './lib/building.ts';
import { runDev } from './lib/dev-mode.ts';
import { setUp } from './lib/setup.ts';

await main(async () => {
  const tools = await setUp();
  await ensureBuilt(tools.node);
  return runDev(tools, (changed) => {
    const watcher = watch(join(ROOT, 'src'), { recursive: true }, changed);
    return () => watcher.close();
  });
});
