import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { tempDir } from '../../../e2e/support/temp.ts';
import { startWatchdog } from './watchdog.ts';

const MODULE = join(import.meta.dirname, 'watchdog.ts');

/** A process with a watchdog that then does `work`; resolves to how it ended. */
async function watched(work: string): Promise<{ code: number | null; signal: string | null }> {
  const script = `
    import { startWatchdog, stillAlive } from ${JSON.stringify(MODULE)};
    startWatchdog({ env: {}, platform: 'win32', hungAfterMs: 400, beatMs: 50 });
    ${work}`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: 'ignore' });
  const [code, signal] = await once(child, 'exit');
  return { code, signal };
}

it.skipIf(process.platform === 'win32')('ends a process whose main thread hangs, and no other', async () => {
  const hang = 'setTimeout(() => { for (;;); }, 100);';
  expect(await watched(hang)).toEqual({ code: null, signal: 'SIGKILL' });
  expect(await watched('setTimeout(() => process.exit(0), 1_500);')).toEqual({ code: 0, signal: null });
});

it.skipIf(process.platform === 'win32')(
  'lets one go on whose main thread is held up by work that says it gets on',
  async () => {
    const work = 'const end = Date.now() + 1_500; while (Date.now() < end) stillAlive(); process.exit(0);';
    expect(await watched(work)).toEqual({ code: 0, signal: null });
  },
);

it.skipIf(process.platform === 'win32')('tells systemd three times within its patience', async () => {
  const directory = tempDir();
  const said = join(directory, 'said');
  const program = join(directory, 'systemd-notify');
  writeFileSync(program, `#!/bin/sh\necho "$@" >> ${said}\n`);
  chmodSync(program, 0o755);
  const path = process.env.PATH;
  process.env.PATH = `${directory}:${path}`;
  const stop = startWatchdog({ env: { NOTIFY_SOCKET: '/x', WATCHDOG_USEC: '600000' }, platform: 'linux' });
  const count = () => (existsSync(said) ? readFileSync(said, 'utf8').trim().split('\n').length : 0);
  try {
    await expect.poll(count, { timeout: 5_000 }).toBeGreaterThanOrEqual(3);
    expect(readFileSync(said, 'utf8')).toMatch(/^WATCHDOG=1\n/);
  } finally {
    stop();
    process.env.PATH = path;
  }
});
