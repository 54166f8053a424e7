/** `npm run test:wine [-- VITEST ARGUMENTS]`: the agent's own tests on a Windows Node under wine. */
import { Fault, main, say } from './bootstrap/say.mjs';
import { setUp } from './lib/setup.mjs';
import { countsOf, failures, summary } from './lib/vitest-run.mjs';
import { ensureWine } from './lib/wine.mjs';
import { runUnderWine } from './lib/wine-tests.mjs';

await main(async () => {
  await setUp();
  let wine;
  try {
    wine = await ensureWine();
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    say(`Not tried here: ${error.message}`);
    say(summary({ passed: 0, failed: 0, skipped: 1 }));
    return 0;
  }
  const report = await runUnderWine(wine, process.argv.slice(2));
  const counts = countsOf(report, 0);
  say(summary(counts, failures(report, 0)));
  return counts.failed === 0 ? 0 : 1;
});
