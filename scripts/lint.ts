/** `npm run lint`: format, lint and types. */
import { main, say } from './bootstrap/say.mjs';
import { runChecks } from './lib/checks.ts';
import { setUp } from './lib/setup.ts';

await main(async () => {
  const { node } = await setUp();
  const failed = await runChecks(node);
  if (failed.length > 0) say(`Failed: ${failed.join(', ')}`);
  return failed.length > 0 ? 1 : 0;
});
