/**
 * `npm run test:powershell [-- --wine] [VITEST ARGUMENTS]`: every script of the comparison with plain `-Command` (e2e/powershell), of
 * which `npm test` takes a share; with `--wine` in the Windows PowerShell and cmd under wine.
 */
import { main, say } from './bootstrap/say.mjs';
import { setUp } from './lib/setup.ts';
import { countsOf, failures, runVitest, summary } from './lib/vitest-run.ts';
import { ensureWine } from './lib/wine.ts';
import { runUnderWine } from './lib/wine-tests.ts';

const FILES = ['e2e/powershell', 'src/agent/run/powershell.test.ts'];

await main(async () => {
  const args = process.argv.slice(2);
  const given = args.filter((arg) => arg !== '--wine');
  process.env.KANADE_TEST_POWERSHELL = 'all';
  if (!args.includes('--wine')) {
    const { code, counts, failures: failed } = await runVitest(await setUp(), [...FILES, ...given]);
    say(summary(counts, failed));
    return code;
  }
  await setUp();
  const report = await runUnderWine(await ensureWine(), [...FILES, ...given]);
  const counts = countsOf(report, 0);
  say(summary(counts, failures(report, 0)));
  return counts.failed === 0 ? 0 : 1;
});
