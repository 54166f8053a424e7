/** `npm run test:interop [-- VITEST ARGUMENTS]`: our agent among the original backend, command line and agent. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './bootstrap/paths.mjs';
import { main, say } from './bootstrap/say.mjs';
import { ensureBuilt } from './lib/building.ts';
import { setUpInterop } from './lib/setup.ts';
import { runVitest, summary } from './lib/vitest-run.ts';

await main(async () => {
  if (!existsSync(join(ROOT, 'e2e', 'interop'))) {
    say('There are no interoperability tests yet (e2e/interop).');
    say(summary({ passed: 0, failed: 0, skipped: 0 }));
    return 0;
  }
  const tools = await setUpInterop();
  await ensureBuilt(tools.node);
  const args = ['--config', 'vitest.interop.config.ts', ...process.argv.slice(2)];
  const { code, counts, failures } = await runVitest(tools, args);
  say(summary(counts, failures));
  return code;
});
