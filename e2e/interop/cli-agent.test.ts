/** The verbs of the original command line that ask, set up or provision an agent, on ours. */
import { jetstream } from '@nats-io/jetstream';
import { Objm } from '@nats-io/obj';
import type { NatsConnection } from '@nats-io/transport-node';
import { expect, test } from 'vitest';
import { targetOf } from '../../src/agent/duties/update-watch.ts';
import { releaseObjects } from '../../src/agent/update/release-names.ts';
import { hostFacts } from '../../src/platform/host-facts.ts';
import type { AgentClient } from '../../src/shared/client.ts';
import { OURS, startOriginalFleet } from './support/fleet.ts';
import { consumersOfExec, resultWith } from './support/results.ts';
import { untilFound } from './support/waiting.ts';

/** Resolves once the agent's effective heartbeat interval is this. */
async function interval(client: AgentClient, value: string, source: 'fleet' | 'built-in' = 'fleet'): Promise<void> {
  await untilFound(`heartbeat interval ${value} from ${source}`, async () => {
    const settings = await client.call('config.effective', {});
    const now = settings.find(({ key }) => key === 'fleet.heartbeatInterval');
    return now?.value === value && now.source === source ? true : undefined;
  });
}

test('kanade ping hears the next heartbeat', async () => {
  const fleet = await startOriginalFleet();
  await fleet.ours();
  await fleet.kanadeOk('config', 'set', 'heartbeat_interval=1s');
  const printed = await fleet.kanadeOk('ping', OURS, '--wait', '15');
  expect(printed).toContain(OURS);
});

test('kanade agent logs prints as many of the last lines of the log as are asked for', async () => {
  const fleet = await startOriginalFleet();
  await fleet.ours();
  await fleet.kanadeOk('run', OURS, '--', 'exit 5');
  const printed = await untilFound('the end of the run is in the log', async () => {
    const text = await fleet.kanadeOk('agent', 'logs', OURS, '--tail', '2');
    return text.includes('exit_code=5') ? text : undefined;
  });
  const lines = printed.trimEnd().split('\n');
  expect(lines).toHaveLength(2);
  for (const line of lines) expect(line).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z +[A-Z]+ kanade_tray/);
});

test('kanade config set and unset are in force at once, the narrower layer wins, and the CLI computes the same', async () => {
  const fleet = await startOriginalFleet();
  const client = await (await fleet.ours()).connect();
  await fleet.kanadeOk('group', 'add', OURS, 'canary');
  await interval(client, '30000 ms', 'built-in');
  const effective = async () => /"heartbeat_interval": "(\w+)"/.exec(await fleet.kanadeOk('config', 'effective', OURS));

  await fleet.kanadeOk('config', 'set', 'heartbeat_interval=25s');
  await interval(client, '25000 ms');
  await fleet.kanadeOk('config', 'set', 'heartbeat_interval=20s', '--group', 'canary');
  await interval(client, '20000 ms');
  await fleet.kanadeOk('config', 'set', 'heartbeat_interval=15s', '--pc', OURS);
  await interval(client, '15000 ms');
  expect((await effective())?.[1]).toBe('15s');

  await fleet.kanadeOk('config', 'unset', 'heartbeat_interval', '--pc', OURS);
  await interval(client, '20000 ms');
  await fleet.kanadeOk('config', 'clear', '--group', 'canary');
  await interval(client, '25000 ms');
  expect((await effective())?.[1]).toBe('25s');
  await fleet.kanadeOk('config', 'unset', 'heartbeat_interval');
  await interval(client, '30000 ms', 'built-in');
});

/** `kanade agent publish` takes programs for Windows only, so the objects are put as it would put them. */
async function putReleases(nc: NatsConnection, names: readonly string[]): Promise<void> {
  const store = await new Objm(jetstream(nc)).open('agent_releases');
  for (const name of names) await store.putBlob({ name }, Buffer.from(`release ${name}`));
}

test('kanade agent rollout of a program of the original is seen as an update that is not ours', async () => {
  const fleet = await startOriginalFleet();
  const client = await (await fleet.ours()).connect();
  const update = (state: string, wanted: string | null, reason: string | null = null) =>
    untilFound(`update ${state} ${wanted} ${reason}`, async () => {
      const now = await client.call('update.get', {});
      return now.state === state && now.wanted === wanted && now.reason === reason ? true : undefined;
    });
  const { package: ours, manifest } = releaseObjects('9.9.10', targetOf(hostFacts()));
  await putReleases(fleet.nc, ['9.9.9', '9.9.10', ours, manifest]);
  await update('none', null);
  await fleet.kanadeOk('agent', 'rollout', '9.9.9', '--pc', OURS);
  await update('wanted_not_ours', '9.9.9', 'original');
  // With objects of our names beside the original's it still is none while nobody has said whose signatures count.
  await fleet.kanadeOk('agent', 'rollout', '9.9.10', '--pc', OURS, '--jitter', '30m');
  await update('wanted_not_ours', '9.9.10', 'no_keys');
  await fleet.kanadeOk('config', 'unset', 'target_version', '--pc', OURS);
  await update('none', null);
  // It never swapped itself for anything, and is still there.
  expect(await fleet.kanadeOk('run', OURS, '--', 'echo here')).toContain('here');
});

test('a job with an inventory hint ends as facts in the backend', async () => {
  const fleet = await startOriginalFleet();
  await fleet.ours();
  const display = [{ field: 'ram_bytes', label: 'RAM', type: 'bytes' }];
  await fleet.createJob('inv', `echo '{"ram_bytes":17179869184,"os":"linux"}'`, { inventory: { display } });
  await fleet.kanadeOk('exec', 'inv', '--pcs', OURS);
  const facts = await untilFound('the facts', async () => (await fleet.get<object[]>(`/api/inventory/${OURS}`))[0]);
  const { finished_at } = await resultWith(fleet.nc, { manifest_id: 'inv' });
  expect(facts).toMatchObject({
    job_id: 'inv',
    facts: { ram_bytes: 17_179_869_184, os: 'linux' },
    display,
    collected_at: finished_at,
  });
});

test('kanade jetstream reset: the agent makes its consumer again and serves on', async () => {
  const fleet = await startOriginalFleet();
  await fleet.ours();
  await fleet.kanadeOk('run', OURS, '--', 'echo before');
  await fleet.kanadeOk('jetstream', 'reset', '--yes');
  await untilFound('the durable consumer is back', async () =>
    (await consumersOfExec(fleet.nc)).includes(`agent_replay_${OURS}`) ? true : undefined,
  );
  await fleet.kanadeOk('run', OURS, '--', 'echo after');
  expect(await resultWith(fleet.nc, { pc_id: OURS })).toMatchObject({ exit_code: 0, stdout: 'after\n' });
});
