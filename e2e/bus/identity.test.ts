/** Two agents that the fleet can not tell apart are shown as what they are (architecture §7, D22). */
import { expect, test } from 'vitest';
import { AgentRun, settings } from '../../test/support/agent-run.ts';
import { eventually } from '../../test/support/eventually.ts';
import { provisionedOperator, putKey } from '../../test/support/fleet.ts';
import { heartbeatAfter } from '../../test/support/heartbeats.ts';
import { startNatsServer } from '../../test/support/nats-server.ts';

async function seesAnother(agent: AgentRun): Promise<boolean> {
  const client = await agent.connect();
  const { secondAgentSeen } = await client.call('state.snapshot', {});
  client.close();
  return secondAgentSeen;
}

test('two live agents with one pc_id both notice it', async () => {
  const server = await startNatsServer();
  const nc = await provisionedOperator(server);
  await putKey(nc, 'agent_config', 'global', { heartbeat_interval: '1s' });
  const first = new AgentRun({ toml: settings(server) });
  await heartbeatAfter(nc, 'PC-OURS', first);
  expect(await seesAnother(first)).toBe(false);
  const second = new AgentRun({ toml: settings(server) });
  second.start();
  await eventually(async () => expect(await seesAnother(first)).toBe(true));
  await eventually(async () => expect(await seesAnother(second)).toBe(true));
});

test('an agent whose durable consumer belongs to another pc_id says so, the owner does not', async () => {
  const server = await startNatsServer();
  const nc = await provisionedOperator(server);
  const named = (pcId: string) => new AgentRun({ toml: settings(server).replace('PC-OURS', pcId) });
  const owner = named('PC.OURS');
  await heartbeatAfter(nc, 'PC.OURS', owner);
  await eventually(async () => {
    const answer = await nc.request('$JS.API.CONSUMER.INFO.EXEC.agent_replay_PC_OURS', '', { timeout: 5_000 });
    expect(answer.json()).toMatchObject({ config: { metadata: { pc_id: 'PC.OURS' } } });
  });
  const other = named('PC_OURS');
  await heartbeatAfter(nc, 'PC_OURS', other);
  await eventually(async () => expect(await seesAnother(other)).toBe(true));
  expect(await seesAnother(owner)).toBe(false);
});
