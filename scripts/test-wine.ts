/** `npm run test:wine [-- VITEST ARGUMENTS]`: the agent's own tests on a Windows Node under wine. */
import { CliError, main, say } from './bootstrap/say.mjs';
import { ensureBuilt } from './lib/building.ts';
import { setUp } from './lib/setup.ts';
import { countsOf, failures, summary } from './lib/vitest-run.ts';
import { ensureWine } from './lib/wine.ts';
import { runUnderWine } from './lib/wine-tests.ts';

await main(async () => {
  const { node } = await setUp();
  let wine: string;
  try {
    wine = await ensureWine();
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    say(`Not tried here: ${error.message}`);
    say(summary({ passed: 0, failed: 0, skipped: 1 }));
    return 0;
  }
  await ensureBuilt(node);
  const report = await runUnderWine(wine, process.argv.slice(2));
  const counts = countsOf(report, 0);
  say(summary(counts, failures(report, 0)));
  return counts.failed === 0 ? 0 : 1;
});
