/** The original's command line says which version PCs are to run; one that brings itself up to date goes there. */
import { jetstream } from '@nats-io/jetstream';
import { Objm } from '@nats-io/obj';
import { expect, test } from 'vitest';
import { eventually } from '../../test/support/eventually.ts';
import { InstalledAgent, startOnAir } from '../updates/installation.ts';
import { OURS, startOriginalFleet } from './support/fleet.ts';
import { standInPath } from './support/program.ts';

test('kanade agent rollout and kanade config set lead to signed updates, and the backend shows what runs', async () => {
  const fleet = await startOriginalFleet();
  const { nc } = fleet;
  const agent = new InstalledAgent(fleet.server, { env: standInPath });
  const heard = await startOnAir(agent, nc);
  const shown = (version: string) =>
    eventually(async () => {
      expect(heard.at(-1)).toBe(version);
      expect(await fleet.get('/api/agents')).toEqual([
        expect.objectContaining({ pc_id: OURS, agent_version: version }),
      ]);
    });
  await shown('1.0.0');
  await agent.release(nc, '1.0.1');
  // It asks for a program of its own under that number; ours are none that the original could start by mistake.
  const unknown = await fleet.kanade('agent', 'rollout', '1.0.1', '--pc', OURS);
  expect(unknown.code).not.toBe(0);
  expect(unknown.stderr).toContain('1.0.1');
  // As `kanade agent publish` would put it, which takes programs for Windows only.
  const bucket = await new Objm(jetstream(nc)).open('agent_releases');
  await bucket.putBlob({ name: '1.0.1' }, Buffer.from('a program of the original'));
  await fleet.kanadeOk('agent', 'rollout', '1.0.1', '--pc', OURS, '--jitter', '1s');
  await agent.settled('1.0.1');
  await shown('1.0.1');
  expect(await fleet.kanadeOk('run', OURS, '--', 'echo taken')).toContain('taken');

  await agent.release(nc, '1.0.2');
  await fleet.kanadeOk('config', 'set', 'target_version=1.0.2', '--pc', OURS);
  await agent.settled('1.0.2');
  await shown('1.0.2');
  expect(agent.exits).toEqual([64, 64]);
  expect(await fleet.kanadeOk('run', OURS, '--', 'echo again')).toContain('again');
});
