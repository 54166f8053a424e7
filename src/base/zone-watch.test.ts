import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { noMountsHere } from '../../test/support/mounts.ts';

const TOKYO = '/usr/share/zoneinfo/Asia/Tokyo';
const none = noMountsHere() ?? (existsSync(TOKYO) ? null : 'there are no time zones here');

/** A PC of its own, whose zone is set while it runs: what it says of itself before and after a look, and how often it told of it. */
function travels(env: NodeJS.ProcessEnv): string[] {
  const program = `
    import { execFileSync } from 'node:child_process';
    import { silentLogger } from '${new URL('logger.ts', import.meta.url).href}';
    import { ZoneWatch } from '${new URL('zone-watch.ts', import.meta.url).href}';
    let told = 0;
    const here = () => new Intl.DateTimeFormat().resolvedOptions().timeZone + ' ' + new Date(0).getHours() + ' ' + told;
    const set = (zone) => execFileSync('ln', ['-sfn', '/usr/share/zoneinfo/' + zone, '/etc/localtime']);
    execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', '/etc']);
    set('Etc/UTC');
    const watch = new ZoneWatch(silentLogger);
    watch.offsets.watch(() => told += 1);
    for (const zone of ['Etc/UTC', 'Asia/Tokyo', 'Asia/Tokyo', 'America/New_York']) {
      set(zone);
      watch.check();
      console.log(here());
    }
    watch.close();`;
  const node = [process.execPath, '--input-type=module', '--eval', program];
  return execFileSync('unshare', ['-m', ...node], { env, encoding: 'utf8' })
    .trim()
    .split('\n');
}

const { TZ: _, ...env } = process.env;

test('the zone of the PC is followed while the process runs, and told once', (context) => {
  if (none !== null) return context.skip(none);
  expect(travels(env)).toEqual(['UTC 0 0', 'Asia/Tokyo 9 1', 'Asia/Tokyo 9 1', 'America/New_York 19 2']);
});

test('one that the environment names stays', (context) => {
  if (none !== null) return context.skip(none);
  const berlin = Array.from({ length: 4 }, () => 'Europe/Berlin 1 0');
  expect(travels({ ...env, TZ: 'Europe/Berlin' })).toEqual(berlin);
});
