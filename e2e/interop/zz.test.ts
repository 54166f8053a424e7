import { test } from 'vitest';
import { OURS, startOriginalFleet } from './support/fleet.ts';
import { eventually } from './support/waiting.ts';
test('reset probe', async () => {
  const fleet = await startOriginalFleet();
  const a = await fleet.ours();
  const c = await a.connect();
  await fleet.kanadeOk('run', OURS, '--', 'echo before');
  await fleet.kanadeOk('jetstream', 'reset', '--yes');
  await fleet.kanadeOk('config', 'set', 'heartbeat_interval=10s');
  const t = Date.now();
  await eventually('x', async () => (await c.call('config.effective', {})).find((s) => s.key === 'fleet.heartbeatInterval')?.value === '10000 ms' || undefined, 115_000);
  console.log('took', Date.now() - t);
  console.log(a.log);
});
