/** Everything the agent does with the broker, under exactly the role of a fleet at 0.101 (protocol §11.3). */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Objm } from '@nats-io/obj';
import { expect, test } from 'vitest';
import { startHeartbeat } from '../../src/agent/duties/heartbeat.ts';
import { HeartbeatBody } from '../../src/agent/duties/heartbeat-body.ts';
import { startInventory } from '../../src/agent/duties/inventory.ts';
import { startLiveTail } from '../../src/agent/duties/live-tail.ts';
import { startLogsFetch } from '../../src/agent/duties/logs-fetch.ts';
import { startPing } from '../../src/agent/duties/ping.ts';
import { systemClock } from '../../src/base/clock.ts';
import { silentLogger } from '../../src/base/logger.ts';
import { hostFacts } from '../../src/platform/host-facts.ts';
import { roleUsers101 } from '../../test/support/agent-role-101.ts';
import { connectedBus, linkState, recordConsumer, recordLog, recordWatch } from '../../test/support/bus.ts';
import { ask, configCell, during } from '../../test/support/duties.ts';
import { eventually } from '../../test/support/eventually.ts';
import { api, provisionedOperator, putKey } from '../../test/support/fleet.ts';
import { kvKeyOf, pcIdOf } from '../../test/support/ids.ts';
import { startNatsServer } from '../../test/support/nats-server.ts';
import { NO_SIGNING } from '../../test/support/signing.ts';
import { tempDir } from '../../test/support/temp.ts';

const PC = pcIdOf('PC-A');
/** What the role does not hold, and the agent tries all the same: once per connection. */
const EXPECTED = [`heartbeat.${PC}`, `request.inventory.${PC}`];

async function world() {
  const server = await startNatsServer({ config: roleUsers101() });
  const nc = await provisionedOperator(server, { user: 'operator', pass: 'operator' });
  const { logger, lines } = recordLog();
  const credentials = () => [{ kind: 'user', user: 'agent', password: 'agent' } as const];
  const bus = await connectedBus(server.url, { credentials, log: logger });
  /** What the broker has refused, by subject. */
  const refused = () => [...server.log.matchAll(/Violation.*Subject "([^"]+)"/g)].map(([, subject = '']) => subject);
  return { server, nc, bus, lines, refused };
}

test('commands, keys, results and their like: nothing that the agent needs is refused', async () => {
  const { nc, bus, refused } = await world();
  await putKey(nc, 'agent_config', 'global', 'one');
  await putKey(nc, 'script_current', 'job', '1.0.0');
  const live: string[] = [];
  for (const subject of ['commands.all', `commands.pc.${PC}`, 'commands.group.office', 'kill.*']) {
    bus.subscribe(subject, (message) => void live.push(message.subject));
  }
  const watches = ['agent_config', 'agent_groups'].map((bucket) => recordWatch(bus, bucket, ['global', PC]));
  const missing = recordWatch(bus, 'agent_groups_derived', [PC]);
  const consumer = recordConsumer(bus);
  await eventually(() => {
    expect(watches[0]?.events).toEqual(['begin', 'global=one', 'current']);
    expect(watches[1]?.events).toEqual(['begin', 'current']);
    expect(missing.events).toContain('missing');
    expect(consumer.bound).toEqual([false]);
  });
  for (const subject of ['commands.all', `commands.pc.${PC}`]) {
    await nc.request(subject, 'x', { timeout: 10_000 });
  }
  nc.publish('commands.group.office', 'x');
  nc.publish('kill.exec-1', '');
  await putKey(nc, 'agent_config', 'global', 'two');
  await eventually(() => {
    expect(live.toSorted()).toEqual(['commands.all', 'commands.group.office', `commands.pc.${PC}`, 'kill.exec-1']);
    expect(consumer.messages).toEqual(['commands.all x', `commands.pc.${PC} x`]);
    expect(watches[0]?.events).toContain('global=two');
  });
  await eventually(async () => {
    expect(await api(nc, `CONSUMER.INFO.EXEC.agent_replay_${PC}`)).toMatchObject({ num_ack_pending: 0 });
  });
  consumer.binding.rebind();
  await eventually(() => expect(consumer.bound).toEqual([false, false]));

  expect(await bus.kvGet('script_current', kvKeyOf('job'), 5_000)).toMatchObject({ kind: 'value', revision: 1 });
  expect(await bus.kvGet('script_status', kvKeyOf('job'), 5_000)).toEqual({ kind: 'absent', revision: 0 });
  expect(await bus.kvGet('fleet_config', kvKeyOf('freeze'), 5_000)).toEqual({ kind: 'no_bucket' });
  const send = (subject: string) => bus.publishAcked(subject, Buffer.from('{}'), subject, { patienceMs: 10_000 });
  expect(await send('results.r1')).toEqual({ kind: 'stored' });
  expect(await send(`events.started.exec-1.${PC}`)).toEqual({ kind: 'stored' });
  await api(nc, 'STREAM.CREATE.OBS_EVENTS', { name: 'OBS_EVENTS', subjects: ['obs.>'] });
  expect(await send(`obs.${PC}`)).toEqual({ kind: 'stored' });
  expect(refused()).toEqual([]);
  expect(bus.forbidden.value).toEqual([]);
});

test('scripts and releases are read from their object stores', async () => {
  const { nc, bus, refused } = await world();
  await api(nc, 'STREAM.CREATE.OBJ_scripts', {
    name: 'OBJ_scripts',
    subjects: ['$O.scripts.C.>', '$O.scripts.M.>'],
    allow_rollup_hdrs: true,
    allow_direct: true,
  });
  const body = Buffer.alloc(300_000, 'echo hello\n');
  await (await new Objm(nc).open('scripts')).putBlob({ name: 'job-1/1.0.0' }, body);
  expect(await bus.objectsPresent('scripts', ['job-1/1.0.0', 'job-2/1.0.0'])).toEqual(new Set(['job-1/1.0.0']));
  const read = await bus.objectGet('scripts', 'job-1/1.0.0', 1_000_000, AbortSignal.timeout(20_000));
  expect(read).toEqual({ kind: 'value', body });
  expect(await bus.objectsPresent('agent_releases', ['1.0.0'])).toEqual(new Set());
  expect(refused()).toEqual([]);
});

test('ping, log, live view and heartbeat work; the inventory is refused for good and holds up nothing', async () => {
  const { nc, bus, lines, refused } = await world();
  const clock = systemClock;
  const body = new HeartbeatBody({ pcId: PC, agentVersion: '1.2.3', host: hostFacts(), clock, signing: NO_SIGNING });
  const pathTemplate = join(tempDir(), 'agent.log');
  writeFileSync(pathTemplate.replace('.log', '.2026-11-29.log'), 'the last line\n');
  const beats: string[] = [];
  nc.subscribe(`heartbeat.${PC}`, { callback: (_, { subject }) => void beats.push(subject) });
  await nc.flush();
  const config = configCell();
  const log = silentLogger;
  during(startHeartbeat({ pcId: PC, bus, body, config, clock, log, onSecondAgent: () => {} }));
  during(startPing({ pcId: PC, bus, body }));
  during(startLogsFetch({ pcId: PC, bus, pathTemplate, keepDays: 1, log }));
  during(startLiveTail({ pcId: PC, bus, tails: { tail: () => undefined } }));
  const readHardware = () => Promise.reject(new Error('not in this test'));
  const outbox = { put: async () => {} } as unknown as Parameters<typeof startInventory>[0]['outbox'];
  during(
    startInventory({
      pcId: PC,
      hostname: 'pc-a',
      bus,
      outbox,
      nudge: () => {},
      enabled: false,
      admits: () => true,
      config,
      readHardware,
      clock,
      log,
    }),
  );
  await eventually(() => expect(beats).toHaveLength(1));
  expect(JSON.parse(await ask(nc, `agents.${PC}.ping`))).toMatchObject({ pc_id: PC });
  expect(await ask(nc, `logs.fetch.${PC}`, '{"tail_lines":5}')).toContain('the last line');
  expect(JSON.parse(await ask(nc, `job.tail.${PC}`, '{"result_id":"x"}'))).toMatchObject({ found: false });

  await eventually(() => expect(sorted(refused())).toEqual(EXPECTED));
  const ended = linkState(bus, 'unreachable');
  bus.reconnect();
  await ended;
  await linkState(bus, 'connected');
  await eventually(() => expect(sorted(refused())).toEqual(sorted([...EXPECTED, ...EXPECTED])));
  expect(bus.forbidden.value).toEqual([]);
  expect(lines.filter((line) => line.includes('WARN') && line.includes('forbid'))).toEqual([]);

  const patience = { patienceMs: 60_000 };
  const inventory = bus.publishAcked(`inventory.${PC}.hw`, Buffer.from('{}'), 'i1', patience);
  const result = bus.publishAcked('results.r1', Buffer.from('{}'), 'r1', patience);
  expect(await result).toEqual({ kind: 'stored' });
  expect((await inventory).kind).toBe('forbidden');
  expect(bus.forbidden.value).toEqual([`inventory.${PC}.hw`]);
});

function sorted(subjects: readonly string[]): string[] {
  return subjects.toSorted((a, b) => (a < b ? -1 : 1));
}
