/** On a broker from before 2.10 a consumer has one filter; the rest is sorted out by us (protocol §5). */
import { expect, test } from 'vitest';
import { startAgent } from '../../test/support/agent.ts';
import { connectedBus, info, recordConsumer, recordWatch } from '../../test/support/bus.ts';
import { eventually } from '../../test/support/eventually.ts';
import { command, provisionedOperator, publishCommand, putKey, waitForResult } from '../../test/support/fleet.ts';
import { startOldNatsServer } from '../../test/support/old-nats-server.ts';

test('below 2.10 consumer and watches fall back to one filter, and commands find only those they are for', async (context) => {
  const server = await startOldNatsServer();
  if (typeof server === 'string') return context.skip(server);
  const nc = await provisionedOperator(server);
  const bus = await connectedBus(server.url);
  const consumer = recordConsumer(bus);
  await eventually(async () => {
    expect((await info(nc, 'CONSUMER.INFO.EXEC.agent_replay_PC-A')).config.filter_subject).toBe('commands.>');
  });
  nc.publish('commands.pc.PC-A', 'mine');
  await eventually(() => expect(consumer.messages).toContain('commands.pc.PC-A mine'));
  const watch = recordWatch(bus, 'agent_config', ['global', 'pcs.PC-A']);
  await putKey(nc, 'agent_config', 'global', 'one');
  await eventually(() => expect(watch.events).toContain('global=one'));
  await bus.close();

  await putKey(nc, 'agent_groups', 'PC-OURS', { groups: ['office'] });
  const agent = await startAgent({ server, nc });
  await eventually(async () => {
    expect((await info(nc, 'CONSUMER.INFO.EXEC.agent_replay_PC-OURS')).num_waiting).toBeGreaterThan(0);
  });
  const foreign = await publishCommand(nc, 'commands.group.lab', command());
  const ours = await publishCommand(nc, 'commands.group.office', command());
  expect(await waitForResult(nc, ours)).toMatchObject({ exit_code: 0, stdout: 'hello\n' });
  await agent.stop();
  const missed = await publishCommand(nc, 'commands.pc.PC-OURS', command());
  await agent.start();
  expect(await waitForResult(nc, missed)).toMatchObject({ exit_code: 0 });
  await expect(waitForResult(nc, foreign, { timeoutMs: 1 })).rejects.toThrow('waited for 0.001 s: the result of');
});
