/** Everything the agent does, as a user of the broker who may do nothing else (protocol §11.3). */
import { randomUUID } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Objm } from '@nats-io/obj';
import { connect } from '@nats-io/transport-node';
import { expect, onTestFinished, test } from 'vitest';
import {
  AGENT_ROLE,
  agentPermissions,
  CREATE_OF_DURABLE,
  OBJECT_STORE_ROLE,
  roleUsers,
} from '../../test/support/agent-role.ts';
import { AgentRun, settings } from '../../test/support/agent-run.ts';
import { connectedBus, info } from '../../test/support/bus.ts';
import { eventually } from '../../test/support/eventually.ts';
import {
  answered,
  api,
  command,
  killExec,
  lastStored,
  provisionedOperator,
  publishCommand,
  putKey,
  waitForResult,
} from '../../test/support/fleet.ts';
import { heartbeatAfter } from '../../test/support/heartbeats.ts';
import { startNatsServer } from '../../test/support/nats-server.ts';
import { said } from '../../test/support/scripts.ts';

const PC = 'PC-OURS';
const DURABLE = `agent_replay_${PC}`;

async function world(config = roleUsers(PC)) {
  const server = await startNatsServer({ config });
  const nc = await provisionedOperator(server, { user: 'operator', pass: 'operator' });
  const agent = new AgentRun({ toml: null });
  const password = join(agent.directory, 'password');
  writeFileSync(password, 'agent', { mode: 0o600 });
  const auth = `[auth]\nuser = "agent"\npassword_file = ${JSON.stringify(password)}\n`;
  writeFileSync(agent.config, settings(server, auth).replace('enabled = false', 'enabled = true'));
  /** What the broker has refused the agent, but for its own heartbeats (architecture §7). */
  const refused = () =>
    server.log.split('\n').filter((line) => line.includes('Violation') && !line.includes(`"heartbeat.${PC}"`));
  return { server, nc, agent, refused };
}

test('both ways to the consumer: made where there is none, taken over where the original left one', async () => {
  const { nc, agent, refused } = await world();
  const config = { durable_name: DURABLE, name: DURABLE, ack_policy: 'explicit', deliver_policy: 'last_per_subject' };
  const original = { ...config, filter_subject: 'commands.>', max_ack_pending: 1000, max_waiting: 512 };
  await api(nc, `CONSUMER.CREATE.EXEC.${DURABLE}.commands.>`, { stream_name: 'EXEC', config: original });
  const waiting = await publishCommand(nc, `commands.pc.${PC}`, command());
  await heartbeatAfter(nc, PC, agent);
  expect(await waitForResult(nc, waiting)).toMatchObject({ exit_code: 0 });
  const mine = { filter_subjects: ['commands.all', `commands.pc.${PC}`], metadata: { pc_id: PC } };
  expect((await info(nc, `CONSUMER.INFO.EXEC.${DURABLE}`)).config).toMatchObject(mine);

  await agent.end('SIGTERM');
  await api(nc, `CONSUMER.DELETE.EXEC.${DURABLE}`);
  const missed = await publishCommand(nc, `commands.pc.${PC}`, command());
  await heartbeatAfter(nc, PC, agent);
  expect(await waitForResult(nc, missed)).toMatchObject({ exit_code: 0 });
  expect((await info(nc, `CONSUMER.INFO.EXEC.${DURABLE}`)).config).toMatchObject(mine);
  expect(refused()).toEqual([]);
});

test('a consumer that IT has made brings what is for this PC, and what is for other groups is left', async () => {
  const strict = agentPermissions(PC, { role: AGENT_ROLE });
  const { nc, agent, refused } = await world(`authorization { users: [
    { user: operator, password: operator }
    { user: agent, password: agent, permissions: ${strict} }
  ] }`);
  await putKey(nc, 'agent_groups', PC, { groups: ['office'] });
  const config = { durable_name: DURABLE, name: DURABLE, ack_policy: 'explicit', deliver_policy: 'last_per_subject' };
  const filters = ['commands.all', `commands.pc.${PC}`, 'commands.group.>'];
  await api(nc, `CONSUMER.CREATE.EXEC.${DURABLE}`, {
    stream_name: 'EXEC',
    config: { ...config, filter_subjects: filters },
  });
  const theirs = await publishCommand(nc, 'commands.group.lab', command());
  const missed = [];
  for (const subject of [...filters.slice(0, 2), 'commands.group.office'])
    missed.push(await publishCommand(nc, subject, command()));
  await heartbeatAfter(nc, PC, agent);
  for (const id of missed) expect(await waitForResult(nc, id)).toMatchObject({ exit_code: 0 });
  await eventually(async () => {
    const consumer = await info(nc, `CONSUMER.INFO.EXEC.${DURABLE}`);
    expect(consumer).toMatchObject({ num_pending: 0, num_ack_pending: 0 });
  });
  expect(await answered(nc)).not.toContain(theirs);
  // It asks once whether it may: that is expected, and nothing is missing.
  expect(refused().filter((line) => !line.includes('CONSUMER.CREATE.EXEC'))).toEqual([]);
});

test('commands, kills, groups, pins, configuration, results, events, inventory, ping, logs and live view all work', async () => {
  const { server, nc, agent, refused } = await world();
  await putKey(nc, 'agent_groups', PC, { groups: ['office'] });
  await putKey(nc, 'script_current', 'job-1', '2.0.0');
  await putKey(nc, 'script_status', 'job-2', 'REVOKED');
  const beats: number[] = [];
  nc.subscribe(`heartbeat.${PC}`, { callback: () => void beats.push(1) });
  await heartbeatAfter(nc, PC, agent);
  await eventually(async () => {
    const { config } = await info(nc, `CONSUMER.INFO.EXEC.${DURABLE}`);
    expect(config.filter_subjects).toContain('commands.group.office');
  });

  for (const subject of ['commands.all', `commands.pc.${PC}`, 'commands.group.office']) {
    const id = await publishCommand(nc, subject, command());
    expect(await waitForResult(nc, id)).toMatchObject({ exit_code: 0, pc_id: PC });
  }
  const revoked = await publishCommand(nc, 'commands.all', command({ id: 'job-2', version: '1.0.0' }));
  expect(await waitForResult(nc, revoked)).toMatchObject({ exit_code: 126 });
  const pinned = await publishCommand(nc, 'commands.all', command({ id: 'job-1', version: '2.0.0' }));
  expect(await waitForResult(nc, pinned)).toMatchObject({ exit_code: 0 });

  const execId = randomUUID();
  const script = 'echo began; sleep 300';
  const killed = await publishCommand(nc, 'commands.all', command({ exec_id: execId, script, timeout_secs: 600 }));
  const started = await eventually(async () => {
    const event = await lastStored(nc, 'EVENTS', `events.started.${execId}.${PC}`);
    expect(event).toBeDefined();
    return JSON.parse(Buffer.from(event?.data ?? '', 'base64').toString());
  });
  await eventually(async () => {
    const ask = JSON.stringify({ result_id: started.result_id });
    const tail = (await nc.request(`job.tail.${PC}`, ask, { timeout: 5_000 })).json();
    expect(tail).toMatchObject({ found: true, running: true, stdout: said('began') });
  });
  await killExec(nc, execId);
  expect(await waitForResult(nc, killed)).toMatchObject({ exit_code: -1, result_id: started.result_id });

  const ping = (await nc.request(`agents.${PC}.ping`, '', { timeout: 5_000 })).json();
  expect(ping).toMatchObject({ pc_id: PC });
  const log = await nc.request(`logs.fetch.${PC}`, JSON.stringify({ tail_lines: 50 }), { timeout: 5_000 });
  expect(log.string()).toContain('connected');
  await eventually(async () => expect(await lastStored(nc, 'INVENTORY', `inventory.${PC}.hw`)).toBeDefined());

  const before = beats.length;
  await putKey(nc, 'agent_config', `pcs.${PC}`, { heartbeat_interval: '1s' });
  await eventually(() => expect(beats.length).toBeGreaterThan(before + 1));

  await server.restart();
  const after = await eventually(() => publishCommand(nc, `commands.pc.${PC}`, command()));
  expect(await waitForResult(nc, after)).toMatchObject({ exit_code: 0 });
  expect(await agent.end('SIGTERM')).toEqual({ code: 0, signal: null });
  expect(refused()).toEqual([]);
});

test('with the permissions for an object store on top, what lies there is read, and without them it is only not known', async () => {
  const server = await startNatsServer({ config: roleUsers(PC, 'agent_releases') });
  const nc = await provisionedOperator(server, { user: 'operator', pass: 'operator' });
  const store = await new Objm(nc).open('agent_releases');
  await store.putBlob({ name: '1.2.3' }, Buffer.from('a release'));
  const as = (user: string) =>
    connectedBus(server.url, { pcId: PC, credentials: () => [{ kind: 'user', user, password: user }] });
  const reader = await as('reader');
  expect(await reader.objectsPresent('agent_releases', ['1.2.3', '9.9.9'])).toEqual(new Set(['1.2.3']));
  const read = await reader.objectGet('agent_releases', '1.2.3', 1_000, AbortSignal.timeout(10_000));
  expect(read.kind === 'value' ? Buffer.from(read.body).toString() : read).toBe('a release');
  expect(server.log).not.toContain('Violation');

  const plain = await as('agent');
  expect(await plain.objectsPresent('agent_releases', ['1.2.3'])).toBeNull();
  const refused = await plain.objectGet('agent_releases', '1.2.3', 1_000, AbortSignal.timeout(10_000));
  expect(refused).toMatchObject({ kind: 'failed', mayPass: false });
});

test('the page for operators lists exactly these permissions', () => {
  const page = readFileSync(new URL('../../docs/broker-permissions.md', import.meta.url), 'utf8');
  const block = /```\npermissions: \{\n(.*?)\n\}\n```/s.exec(page)?.[1] ?? '';
  const listed = (name: string) => {
    const list = new RegExp(`${name}: \\[(.*?)\\]`, 's').exec(block)?.[1] ?? '';
    return [...list.matchAll(/"([^"]+)"/g)].map(([, subject]) => subject);
  };
  expect(listed('publish')).toEqual(AGENT_ROLE.publish);
  expect(listed('subscribe')).toEqual(AGENT_ROLE.subscribe);
  expect(block).toContain('allow_responses: true');
  for (const subject of [...OBJECT_STORE_ROLE, CREATE_OF_DURABLE]) expect(page).toContain(`\`${subject}\``);
});

test('another PC of this role hears nothing of what comes to this one', async () => {
  const other = `{ user: other, password: other, permissions: ${agentPermissions('PC-OTHER')} } ] }`;
  const server = await startNatsServer({
    config: roleUsers(PC)
      .trimEnd()
      .replace(/\] \}$/, other),
  });
  const nc = await provisionedOperator(server, { user: 'operator', pass: 'operator' });
  const them = await connect({ servers: server.url, user: 'other', pass: 'other', inboxPrefix: '_INBOX.PC-OTHER' });
  onTestFinished(() => them.close());
  const refused = them.status()[Symbol.asyncIterator]().next();
  for (const subject of ['_INBOX.>', '_INBOX.*.*', `_INBOX.${PC}.>`, `commands.pc.${PC}`]) {
    const asked = Promise.withResolvers<unknown>();
    them.subscribe(subject, { callback: asked.resolve });
    expect(String(await asked.promise)).toContain('Permissions Violation');
  }
  await refused;
  // Their own are theirs.
  const own = them.subscribe('_INBOX.PC-OTHER.>', { max: 1 });
  await them.flush();
  nc.publish('_INBOX.PC-OTHER.x');
  expect((await own[Symbol.asyncIterator]().next()).value?.subject).toBe('_INBOX.PC-OTHER.x');
});
