/** What goes wrong between a real agent and its broker is said over the local socket while it lasts, and loses nothing. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Notices } from '../../src/shared/agent-status.ts';
import type { AgentClient } from '../../src/shared/client.ts';
import { connectAgent } from '../../test/support/agent-client.ts';
import { roleUsers } from '../../test/support/agent-role.ts';
import { AgentRun, settings } from '../../test/support/agent-run.ts';
import { startReloadableServer } from '../../test/support/bus.ts';
import { eventually } from '../../test/support/eventually.ts';
import {
  api,
  command,
  countStored,
  provisionedOperator,
  publishCommand,
  STREAMS,
  waitForResult,
} from '../../test/support/fleet.ts';
import { heartbeatAfter } from '../../test/support/heartbeats.ts';
import { startNatsServer } from '../../test/support/nats-server.ts';

const PC = 'PC-OURS';
const MINE = `commands.pc.${PC}`;
const QUIET: Notices = { forbidden: null, undelivered: null, clock: null, log: null };
/** A subscription that was refused is asked for again after 15 to 45 s. */
const ASKED_AGAIN_MS = 60_000;

/** The notices as they are pushed, to a window that has no code, and to the command line of the agent's own account. */
async function follow(agent: AgentRun): Promise<{ user(): Notices; helpdesk(): Notices }> {
  const last = async (client: AgentClient) => {
    let { notices } = await client.call('state.subscribe', {});
    client.onPush('state.changed', (status) => {
      notices = status.notices;
    });
    return () => notices;
  };
  const helpdesk = await last(await agent.connect());
  const user = await last(await connectAgent({ dataDirectory: agent.dataDirectory, client: 'window' }));
  return { user, helpdesk };
}

// A reload is asked for by a signal that Windows does not have.
test.skipIf(process.platform === 'win32')(
  'a role without kill.* is said, by name to the helpdesk alone, until the permission is there',
  async () => {
    const role = roleUsers(PC);
    const { server, reload } = await startReloadableServer(role.replace('"kill.*",', ''));
    const nc = await provisionedOperator(server, { user: 'operator', pass: 'operator' });
    const agent = new AgentRun({ toml: null });
    const password = join(agent.directory, 'password');
    writeFileSync(password, 'agent', { mode: 0o600 });
    const auth = `[auth]\nuser = "agent"\npassword_file = ${JSON.stringify(password)}\n`;
    writeFileSync(agent.config, settings(server, auth));
    await heartbeatAfter(nc, PC, agent);
    const notices = await follow(agent);
    await eventually(() => {
      expect(notices.user()).toEqual({ ...QUIET, forbidden: { minor: false, count: 1, subjects: null } });
      expect(notices.helpdesk().forbidden?.subjects).toEqual(['kill.*']);
    });
    expect(agent.stdout).toMatch(/the permissions of the broker forbid it.*kill\.\*/);
    // All else works on.
    const id = await publishCommand(nc, MINE, command());
    expect(await waitForResult(nc, id)).toMatchObject({ exit_code: 0 });
    reload(role);
    await eventually(() => {
      expect(notices.user()).toEqual(QUIET);
      expect(notices.helpdesk()).toEqual(QUIET);
    }, ASKED_AGAIN_MS);
    expect(agent.stdout).toMatch(/the permissions of the broker allow it again.*kill\.\*/);
  },
  120_000,
);

test('a full stream of results is said; what waits is delivered once there is room, and never parked', async () => {
  const server = await startNatsServer();
  const nc = await provisionedOperator(server);
  const agent = new AgentRun({ toml: settings(server) });
  await heartbeatAfter(nc, PC, agent);
  const first = await publishCommand(nc, MINE, command());
  await waitForResult(nc, first);
  const notices = await follow(agent);
  expect(notices.helpdesk()).toEqual(QUIET);
  const results = STREAMS.find(({ name }) => name === 'RESULTS');
  const room = (max: number) => api(nc, 'STREAM.UPDATE.RESULTS', { ...results, discard: 'new', max_msgs: max });
  await room(1);

  const kept = await publishCommand(nc, MINE, command());
  await eventually(() => {
    expect(notices.user()).toEqual({ ...QUIET, undelivered: { cause: 'full', why: null } });
    expect(notices.helpdesk().undelivered?.why).toMatch(/maximum messages exceeded/);
  });
  const client = await agent.connect();
  const outbox = async () => (await client.call('state.snapshot', {})).outbox;
  expect(await outbox()).toMatchObject({ waiting: 1, parked: 0 });
  expect(await countStored(nc, 'RESULTS', `results.${kept}`)).toBe(0);

  await room(-1);
  expect(await waitForResult(nc, kept)).toMatchObject({ exit_code: 0 });
  await eventually(async () => {
    expect(notices.helpdesk()).toEqual(QUIET);
    expect(await outbox()).toMatchObject({ waiting: 0, parked: 0 });
  });
  expect((await client.call('runs.list', {})).rows).toMatchObject([
    { parked: false, deliveredAtMs: expect.any(Number) },
    { parked: false, deliveredAtMs: expect.any(Number) },
  ]);
  expect(await countStored(nc, 'RESULTS', `results.${kept}`)).toBe(1);
  expect(agent.stdout).toContain('nothing keeps results back any more');
});

test('results that wait for a broker that is away are no trouble', async () => {
  const server = await startNatsServer();
  const nc = await provisionedOperator(server);
  const agent = new AgentRun({ toml: settings(server) });
  await heartbeatAfter(nc, PC, agent);
  const client = await agent.connect();
  await publishCommand(nc, MINE, command({ script: 'sleep 1' }));
  await eventually(async () => expect((await client.call('state.snapshot', {})).now.running).toHaveLength(1));
  await server.stop();
  await eventually(async () => {
    const { outbox, notices, connection } = await client.call('state.snapshot', {});
    expect([outbox.waiting, notices, connection.state]).toEqual([1, QUIET, 'unreachable']);
  });
});

test('a log that can not be written is said with its path to the helpdesk alone, until it can', async () => {
  const server = await startNatsServer();
  const nc = await provisionedOperator(server);
  const agent = new AgentRun({ toml: null });
  // A file where its directory should be: that stops root too.
  const logs = join(agent.directory, 'logs');
  writeFileSync(logs, '');
  writeFileSync(agent.config, settings(server).replace('"agent.log"', JSON.stringify(join(logs, 'agent.log'))));
  await heartbeatAfter(nc, PC, agent);
  const notices = await follow(agent);
  expect(notices.user()).toEqual({ ...QUIET, log: { path: null, why: null } });
  expect(notices.helpdesk().log?.path).toContain(logs);
  expect(notices.helpdesk().log?.why).toMatch(/EEXIST|ENOTDIR/);
  rmSync(logs);
  mkdirSync(logs);
  await eventually(() => {
    expect(notices.user()).toEqual(QUIET);
    expect(notices.helpdesk()).toEqual(QUIET);
  });
});
