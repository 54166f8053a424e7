/** `npm start`: a fleet on this machine and a short day of IT work, or, with `--server`, one more PC in a real fleet. */
import { fileURLToPath } from 'node:url';
import { ensureBuilt } from './lib/building.mjs';
import { visible } from './lib/processes.mjs';
import { main } from './lib/say.mjs';
import { setUp } from './lib/setup.mjs';
import { parseStartOptions } from './lib/start-options.mjs';

await main(async () => {
  const args = process.argv.slice(2);
  const options = parseStartOptions(args);
  const tools = await setUp();
  await ensureBuilt(tools.node);
  // Node 20 has only set things up; what follows needs the packages and the trust store functions of Node 24.
  if (Number.parseInt(process.versions.node, 10) < 24) {
    return visible(tools.node, [fileURLToPath(import.meta.url), ...args]);
  }
  const { runFleet, runJoined } = await import('./lib/start-modes.mjs');
  return options.mode === 'fleet' ? runFleet(tools, options) : runJoined(tools, options);
});
