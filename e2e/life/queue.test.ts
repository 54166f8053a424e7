/** `[results] queue_max_mib`: a fleet that takes no results fills the PC up to the bound and no further, and nothing is lost of it. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { provision } from '../../scripts/lib/fleet.ts';
import { AgentRun, settings } from '../../test/support/agent-run.ts';
import { eventually } from '../../test/support/eventually.ts';
import {
  api,
  command,
  countStored,
  provisionedOperator,
  publishCommand,
  waitForResult,
} from '../../test/support/fleet.ts';
import { heartbeatAfter } from '../../test/support/heartbeats.ts';
import { startNatsServer } from '../../test/support/nats-server.ts';

const MINE = 'commands.pc.PC-OURS';
const CHARS = 900_000;
/** Of each the output and the result with it are kept. */
const FILLS = 12;
/** Longer than any look at the queue, and until the broker brings it again. */
const GOES_ON_MS = 60_000;

test('with too much unsent no command is taken; once results go out it is taken, and each has its one result', async () => {
  const server = await startNatsServer();
  const nc = await provisionedOperator(server);
  const agent = new AgentRun({ toml: settings(server, '[results]\nqueue_max_mib = 16\n') });
  await heartbeatAfter(nc, 'PC-OURS', agent);
  const client = await agent.connect();
  await api(nc, 'STREAM.DELETE.RESULTS');
  const ids: string[] = [];
  for (let n = 0; n < FILLS; n++) {
    const script = `head -c ${CHARS} /dev/zero | tr '\\0' x`;
    ids.push(await publishCommand(nc, MINE, command({ script })));
    await eventually(async () => {
      const { outbox } = await client.call('state.snapshot', {});
      expect(outbox.waiting + outbox.parked).toBe(ids.length);
    });
  }
  await eventually(async () => {
    const { store, disk } = await client.call('state.snapshot', {});
    expect({ state: store.state, disk: disk.ok }).toEqual({ state: 'queue_full', disk: true });
  });
  const ran = join(agent.directory, 'ran');
  const held = await publishCommand(nc, MINE, command({ script: `echo ran >> ${ran}` }));
  // Answered after the command was looked at: one connection, in order.
  await nc.request('agents.PC-OURS.ping', '', { timeout: 10_000 });
  const { outbox, now } = await client.call('state.snapshot', {});
  expect({ kept: outbox.waiting + outbox.parked, open: now.running.length + now.waitingCount }).toEqual({
    kept: FILLS,
    open: 0,
  });
  expect(existsSync(ran)).toBe(false);

  await provision(nc, ['RESULTS']);
  // With a new connection all that waits is tried at once.
  await server.restart();
  expect(await waitForResult(nc, held, { timeoutMs: GOES_ON_MS })).toMatchObject({ exit_code: 0 });
  await eventually(async () => {
    expect(await countStored(nc, 'RESULTS', 'results.>')).toBe(FILLS + 1);
  }, GOES_ON_MS);
  for (const id of ids) expect(await waitForResult(nc, id)).toMatchObject({ exit_code: 0 });
  expect((await client.call('state.snapshot', {})).store.state).toBe('ok');
  client.close();
}, 180_000);
