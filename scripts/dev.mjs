/** `npm run dev`: a fleet on this machine without the day of work; at every change of `src` the agent is built and started again. */
import { watch } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureBuilt } from './lib/building.mjs';
import { ROOT } from './lib/paths.mjs';
import { visible } from './lib/processes.mjs';
import { main } from './lib/say.mjs';
import { setUp } from './lib/setup.mjs';

await main(async () => {
  const tools = await setUp();
  await ensureBuilt(tools.node);
  if (Number.parseInt(process.versions.node, 10) < 24) return visible(tools.node, [fileURLToPath(import.meta.url)]);
  const { runDev } = await import('./lib/dev-mode.mjs');
  return runDev(tools, (changed) => {
    const watcher = watch(join(ROOT, 'src'), { recursive: true }, changed);
    return () => watcher.close();
  });
});
