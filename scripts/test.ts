/** `npm test [-- VITEST ARGUMENTS]`: set-up, checks, build, tests; the last line is `N passed, N failed`. */
import { CliError, main, say } from './bootstrap/say.mjs';
import { ensureBuilt } from './lib/building.ts';
import { runChecks } from './lib/checks.ts';
import { setUpTests } from './lib/setup.ts';
import { runVitest, summary } from './lib/vitest-run.ts';

await main(async () => {
  const tools = await setUpTests();
  const failedSteps = await runChecks(tools.node);
  try {
    await ensureBuilt(tools.node);
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    say(error.message);
    failedSteps.push('build');
  }
  const { code, counts, failures } = await runVitest(tools, process.argv.slice(2));
  const failed = [...failedSteps.map((step) => `FAILED ${step}`), ...failures];
  say(summary({ ...counts, failed: counts.failed + failedSteps.length }, failed));
  return code === 0 && failedSteps.length > 0 ? 1 : code;
});
