/** `npm start`: a fleet on this machine and the demo, or, with `--server`, one more PC in a real fleet. */
import { main, say } from './bootstrap/say.mjs';
import { ensureBuilt } from './lib/building.ts';
import { setUp } from './lib/setup.ts';
import { runFleet, runJoined } from './lib/start-modes.ts';
import { asksForHelp, parseStartOptions, USAGE } from './lib/start-options.ts';

await main(async () => {
  const args = process.argv.slice(2);
  if (asksForHelp(args)) {
    say(USAGE);
    return 0;
  }
  const options = parseStartOptions(args);
  const tools = await setUp();
  await ensureBuilt(tools.node);
  return options.mode === 'fleet' ? runFleet(tools, options) : runJoined(tools, options);
});
