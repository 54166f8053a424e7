/**
 * What the user of one PC can have the broker say on subjects of others, with the role of our own page and with that of 0.101: nothing of
 * it is run, and nothing that IT has set is lost by it (threat-model §2).
 */
import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { jetstream } from '@nats-io/jetstream';
import { connect, headers, type NatsConnection } from '@nats-io/transport-node';
import { expect, onTestFinished, test } from 'vitest';
import { agentPermissions, roleUsers } from '../../test/support/agent-role.ts';
import { permissions101, roleUsers101 } from '../../test/support/agent-role-101.ts';
import { AgentRun, settings } from '../../test/support/agent-run.ts';
import { info } from '../../test/support/bus.ts';
import { eventually } from '../../test/support/eventually.ts';
import {
  answered,
  api,
  command,
  provisionedOperator,
  publishCommand,
  putKey,
  waitForResult,
} from '../../test/support/fleet.ts';
import { heartbeatAfter } from '../../test/support/heartbeats.ts';
import { startNatsServer } from '../../test/support/nats-server.ts';
import { SHELL } from '../../test/support/scripts.ts';
import { ringEntry, signedHeaders, signingKey } from '../../test/support/signing.ts';

const PC = 'PC-OURS';
const DURABLE = 'agent_replay_PC-OTHER';
const OWN_ROLE = [roleUsers(PC), agentPermissions('PC-OTHER')] as const;
const ROLE_101 = [roleUsers101(), permissions101()] as const;
const REQUIRED = '[commands]\nsignatures = "require"\nkeys_file = "keys.json"\n';

/** `other` is signed in as the user of another PC. */
async function world([users, permissions]: readonly [string, string], more = '') {
  const config = users.trimEnd().replace(/\] \}$/, `{ user: other, password: other, permissions: ${permissions} } ] }`);
  const server = await startNatsServer({ config });
  const nc = await provisionedOperator(server, { user: 'operator', pass: 'operator' });
  await api(nc, 'STREAM.CREATE.KV_fleet_config', bucket('fleet_config'));
  await api(nc, 'STREAM.CREATE.KV_notifications_read', bucket('notifications_read'));
  const agent = new AgentRun({ toml: null });
  const password = join(agent.directory, 'password');
  writeFileSync(password, 'agent', { mode: 0o600 });
  const ring = JSON.stringify([ringEntry('backend-1', signingKey(1))]);
  writeFileSync(join(agent.directory, 'keys.json'), ring, { mode: 0o600 });
  const auth = `[auth]\nuser = "agent"\npassword_file = ${JSON.stringify(password)}\n${more}`;
  writeFileSync(agent.config, settings(server, auth));
  await heartbeatAfter(nc, PC, agent);
  const other = await connect({ servers: server.url, user: 'other', pass: 'other', inboxPrefix: '_INBOX.PC-OTHER' });
  onTestFinished(() => other.close());
  return { nc, agent, other, ran: join(agent.directory, 'ran') };
}

function bucket(name: string) {
  return { name: `KV_${name}`, subjects: [`$KV.${name}.>`], max_msgs_per_subject: 1, allow_direct: true };
}

/** What the broker is made to say comes to everybody before what is sent after it. */
async function said(other: NatsConnection, nc: NatsConnection): Promise<void> {
  await other.flush();
  await nc.request('$JS.API.STREAM.INFO.EXEC', '');
}

/** A message of one's own, as the answer to a direct get for it. */
async function reflect(other: NatsConnection, nc: NatsConnection, body: unknown, to: string): Promise<void> {
  const key = `$KV.notifications_read.${randomUUID()}`;
  await other.request(key, JSON.stringify(body)).catch(() => {});
  other.publish(`$JS.API.DIRECT.GET.KV_notifications_read.${key}`, '', { reply: to });
  await said(other, nc);
}

/** Takes a command of another PC out of EXEC into KV_jobs, and has it said from there. */
async function replay(other: NatsConnection, nc: NatsConnection, subject: string, to: string): Promise<void> {
  const config = { durable_name: DURABLE, name: DURABLE, ack_policy: 'explicit', deliver_policy: 'last_per_subject' };
  const body = { stream_name: 'EXEC', config: { ...config, filter_subjects: [subject] } };
  await other.request(`$JS.API.CONSUMER.CREATE.EXEC.${DURABLE}`, JSON.stringify(body));
  other.publish(`$JS.API.CONSUMER.MSG.NEXT.EXEC.${DURABLE}`, '1', { reply: '$KV.jobs.any' });
  await eventually(async () => {
    const read = await nc.request(`$JS.API.DIRECT.GET.KV_jobs.${subject}`, '');
    expect(read.headers?.get('Nats-Subject')).toBe(subject);
  });
  other.publish(`$JS.API.DIRECT.GET.KV_jobs.${subject}`, '', { reply: to });
  await said(other, nc);
}

const job = (id: string, script: string) => ({ id, version: '1', execute: { shell: SHELL, script, timeout: '30s' } });
const each = (id: string, jobId: string) => ({
  id,
  job_id: jobId,
  target: { all: true },
  runs_on: 'agent',
  cron: '* * * * * *',
});

/** Once a command that came after it has its result. */
async function resultsAfter(nc: NatsConnection, signed = false): Promise<string[]> {
  const body = JSON.stringify(command({ request_id: 'after' }));
  const fields = headers();
  if (signed)
    for (const [name, value] of Object.entries(signedHeaders('backend-1', signingKey(1), body)))
      fields.set(name, value);
  await jetstream(nc).publish(`commands.pc.${PC}`, body, { headers: fields });
  await waitForResult(nc, 'after');
  return answered(nc);
}

test.each([`commands.pc.${PC}`, 'commands.all'])('0.101: a command of theirs, said on %s, is not run', async (to) => {
  const { nc, other } = await world(ROLE_101);
  await reflect(other, nc, command({ request_id: 'evil' }), to);
  expect(await resultsAfter(nc)).toEqual(['after']);
});

test('0.101: neither is it where this PC was off meanwhile', async () => {
  const { nc, other, agent } = await world(ROLE_101);
  await agent.end('SIGTERM');
  await reflect(other, nc, command({ request_id: 'evil' }), `commands.pc.${PC}`);
  await heartbeatAfter(nc, PC, agent);
  expect(await resultsAfter(nc)).toEqual(['after']);
});

test('0.101: a schedule and a job of theirs are none, also where signatures are required', async () => {
  const { nc, other, ran } = await world(ROLE_101, REQUIRED);
  const own = `${ran}-own`;
  await reflect(other, nc, job('evil', `echo > ${ran}`), '$KV.jobs.evil');
  await reflect(other, nc, each('evil', 'evil'), '$KV.schedules.evil');
  // One of IT's, which comes after it and fires as often.
  await putKey(nc, 'jobs', 'own', job('own', `echo > ${own}`));
  await putKey(nc, 'schedules', 'own', each('own', 'own'));
  await eventually(() => expect(existsSync(own)).toBe(true));
  expect(existsSync(ran)).toBe(false);
});

test.each([false, true])('a command for another PC is not run here (signed: %s)', async (signed) => {
  const { nc, other } = await world(OWN_ROLE, signed ? REQUIRED : '');
  const body = JSON.stringify(command({ request_id: 'for the lost one' }));
  const fields = headers();
  if (signed)
    for (const [name, value] of Object.entries(signedHeaders('backend-1', signingKey(1), body)))
      fields.set(name, value);
  await jetstream(nc).publish('commands.pc.PC-LOST', body, { headers: fields });
  await replay(other, nc, 'commands.pc.PC-LOST', 'commands.all');
  expect(await resultsAfter(nc, signed)).toEqual(['after']);
});

test('one job does not take the place of another', async () => {
  const { nc, other, ran } = await world(OWN_ROLE);
  const clean = `${ran}-clean`;
  await putKey(nc, 'jobs', 'wipe', job('wipe', `echo > ${ran}`));
  await putKey(nc, 'jobs', 'clean', job('clean', `echo >> ${clean}`));
  await putKey(nc, 'schedules', 's', each('s', 'clean'));
  await eventually(() => expect(existsSync(clean)).toBe(true));
  other.publish('$JS.API.DIRECT.GET.KV_jobs.$KV.jobs.wipe', '', { reply: '$KV.jobs.clean' });
  await said(other, nc);
  const before = readFileSync(clean, 'utf8').length;
  // What was known of the key stays.
  await eventually(() => expect(readFileSync(clean, 'utf8').length).toBeGreaterThan(before + 1));
  expect(existsSync(ran)).toBe(false);
});

test('groups stay, and no schedule is held back', async () => {
  const { nc, other, ran } = await world(OWN_ROLE);
  await putKey(nc, 'agent_groups', PC, { groups: ['office'] });
  await putKey(nc, 'jobs', 'clean', job('clean', `echo >> ${ran}`));
  await putKey(nc, 'schedules', 's', each('s', 'clean'));
  await eventually(() => expect(existsSync(ran)).toBe(true));
  for (const key of [`$KV.agent_groups.${PC}`, '$KV.fleet_config.freeze']) {
    other.publish('$JS.API.DIRECT.GET.KV_jobs.$KV.jobs.nothing', '', { reply: key });
    other.publish('$JS.API.STREAM.INFO.KV_jobs', '', { reply: key });
  }
  await said(other, nc);
  const ofGroup = await publishCommand(nc, 'commands.group.office', command());
  expect(await waitForResult(nc, ofGroup)).toMatchObject({ exit_code: 0 });
  const before = readFileSync(ran, 'utf8').length;
  await eventually(() => expect(readFileSync(ran, 'utf8').length).toBeGreaterThan(before + 1));
});

test.each([
  ['ours', OWN_ROLE],
  ['0.101', ROLE_101],
] as const)(
  '%s: where the key of the groups holds an answer, what was sent while the PC was off is run',
  async (_name, roles) => {
    const { nc, other, agent } = await world(roles);
    await putKey(nc, 'agent_groups', PC, { groups: ['office'] });
    await eventually(async () => {
      const { config } = await info(nc, `CONSUMER.INFO.EXEC.agent_replay_${PC}`);
      expect(config.filter_subjects).toContain('commands.group.office');
    });
    await agent.end('SIGTERM');
    other.publish('$JS.API.STREAM.INFO.KV_jobs', '', { reply: `$KV.agent_groups.${PC}` });
    await said(other, nc);
    const sent = [];
    for (const subject of ['commands.all', `commands.pc.${PC}`, 'commands.group.office'])
      sent.push(await publishCommand(nc, subject, command()));
    await heartbeatAfter(nc, PC, agent);
    for (const id of sent) expect(await waitForResult(nc, id)).toMatchObject({ exit_code: 0 });
  },
);
