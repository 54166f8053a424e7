import type { NatsConnection } from '@nats-io/transport-node';
import { expect, onTestFinished, test, vi } from 'vitest';
import { agentBus, configCell, during } from '../../../test/support/duties.ts';
import { eventually } from '../../../test/support/eventually.ts';
import { FakeBus } from '../../../test/support/fake-bus.ts';
import { operator } from '../../../test/support/fleet.ts';
import { pcIdOf } from '../../../test/support/ids.ts';
import { startNatsServer } from '../../../test/support/nats-server.ts';
import { NO_SIGNING } from '../../../test/support/signing.ts';
import { type Clock, systemClock } from '../../base/clock.ts';
import { silentLogger } from '../../base/logger.ts';
import { loopTurn } from '../../base/loop-turn.ts';
import { hostFacts } from '../../platform/host-facts.ts';
import type { Bus } from '../bus/bus.ts';
import { decodeHeartbeat, encodeHeartbeat } from '../wire/heartbeat.ts';
import { startHeartbeat } from './heartbeat.ts';
import { HeartbeatBody } from './heartbeat-body.ts';

/** Far enough away that nothing but its cause brings a heartbeat. */
const NEVER_MS = 60_000;

function start(bus: Bus, config = configCell({ heartbeatIntervalMs: NEVER_MS }), clock: Clock = systemClock) {
  const body = new HeartbeatBody({
    pcId: pcIdOf('PC-A'),
    agentVersion: '1.2.3',
    host: hostFacts(),
    clock,
    signing: NO_SIGNING,
  });
  const onSecondAgent = vi.fn();
  during(startHeartbeat({ pcId: pcIdOf('PC-A'), bus, body, config, clock, log: silentLogger, onSecondAgent }));
  return { config, onSecondAgent };
}

test('goes out without what there is no file descriptor left to look at', () => {
  const rss = vi.spyOn(process.memoryUsage, 'rss').mockImplementation(() => {
    throw Object.assign(new Error('too many open files'), { code: 'EMFILE' });
  });
  onTestFinished(() => rss.mockRestore());
  const body = new HeartbeatBody({
    pcId: pcIdOf('PC-A'),
    agentVersion: '1.2.3',
    host: hostFacts(),
    clock: systemClock,
    signing: NO_SIGNING,
  });
  const decoded = decodeHeartbeat(body.next().bytes);
  expect(decoded).toMatchObject({ ok: true, heartbeat: { pcId: pcIdOf('PC-A'), agentRssBytes: null } });
});

/** All readable heartbeats of the fleet from now on. */
async function listen(nc: NatsConnection) {
  const heard: { subject: string; body: Record<string, unknown> }[] = [];
  nc.subscribe('heartbeat.>', {
    callback: (_, message) => {
      if (message.string().startsWith('{')) heard.push({ subject: message.subject, body: message.json() });
    },
  });
  await nc.flush();
  return heard;
}

test('a heartbeat goes out at once after each connect, with what the fleet wants to know', async () => {
  const server = await startNatsServer();
  const heard = await listen(await operator(server));
  const bus = await agentBus(server, 'PC-A', false);
  start(bus);
  bus.start();
  await eventually(() => expect(heard).toHaveLength(1));
  expect(heard[0]).toEqual({
    subject: 'heartbeat.PC-A',
    body: {
      pc_id: 'PC-A',
      at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z$/),
      agent_version: '1.2.3',
      hostname: hostFacts().hostname,
      os_family: hostFacts().osFamily,
      agent_arch: hostFacts().arch,
      agent_rss_bytes: expect.any(Number),
      command_keys: [],
      enforcing: false,
      command_protocols: ['legacy', 'kanade.command.v2'],
    },
  });
  bus.reconnect();
  await eventually(() => expect(heard).toHaveLength(2));
});

test('then one follows every interval, with the load of the processor', async () => {
  const server = await startNatsServer();
  const heard = await listen(await operator(server));
  start(await agentBus(server, 'PC-A'), configCell({ heartbeatIntervalMs: 400 }));
  await eventually(() => expect(heard.length).toBeGreaterThanOrEqual(4));
  await eventually(() => expect(heard.at(-1)?.body).toMatchObject({ agent_cpu_pct: expect.any(Number) }));
});

test('a changed interval brings one at once and holds from then on; other changes bring none', async () => {
  const server = await startNatsServer();
  const heard = await listen(await operator(server));
  const { config } = start(await agentBus(server, 'PC-A'));
  await eventually(() => expect(heard).toHaveLength(1));
  config.set({ ...config.value, targetVersion: '9.9.9' });
  config.set({ ...config.value, heartbeatIntervalMs: NEVER_MS / 2 });
  await eventually(() => expect(heard).toHaveLength(2));
  config.set({ ...config.value, heartbeatIntervalMs: 20 });
  await eventually(() => expect(heard.length).toBeGreaterThanOrEqual(5));
});

test('what was not sent while the broker was away is not sent after', async () => {
  const bus = new FakeBus();
  const { config } = start(bus, configCell({ heartbeatIntervalMs: 1 }));
  await eventually(() => expect(bus.published.length).toBeGreaterThanOrEqual(3));
  bus.disconnect();
  const sent = bus.published.length;
  const tried = vi.spyOn(bus, 'publish');
  await eventually(() => expect(tried.mock.calls.length).toBeGreaterThanOrEqual(10));
  config.set({ ...config.value, heartbeatIntervalMs: NEVER_MS });
  await eventually(() => expect(tried.mock.calls.length).toBeGreaterThanOrEqual(11));
  bus.connect();
  await loopTurn();
  expect(bus.published.length).toBe(sent + 1);
  // This one comes after all that the connection may have put off for a moment.
  config.set({ ...config.value, heartbeatIntervalMs: NEVER_MS / 2 });
  await eventually(() => expect(bus.published.length).toBeGreaterThan(sent + 1));
  expect(bus.published.length).toBe(sent + 2);
});

test('a process that stood still for many intervals sends one heartbeat, not all that were missed', async () => {
  const bus = new FakeBus();
  start(bus, configCell({ heartbeatIntervalMs: 50 }));
  await eventually(() => expect(bus.published.length).toBeGreaterThanOrEqual(1));
  const before = bus.published.length;
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500);
  const goesOnMs = performance.now();
  await eventually(() => expect(bus.published.length).toBeGreaterThan(before));
  const dueSince = Math.ceil((performance.now() - goesOnMs) / 50);
  expect(bus.published.length - before).toBeLessThanOrEqual(1 + dueSince);
});

test('a second agent with our name is noticed, our own heartbeats are not it', async () => {
  const server = await startNatsServer();
  const nc = await operator(server);
  const heard = await listen(nc);
  const bus = await agentBus(server, 'PC-A');
  // Started a while ago: nothing that is heard now is left over from the process before.
  let aheadNs = -10_000_000_000n;
  const clock = { ...systemClock, nowNs: () => systemClock.nowNs() + aheadNs };
  const { onSecondAgent } = start(bus, configCell({ heartbeatIntervalMs: 20 }), clock);
  aheadNs = 0n;
  await eventually(() => expect(heard.length).toBeGreaterThanOrEqual(20));
  expect(onSecondAgent).not.toHaveBeenCalled();
  nc.publish(
    'heartbeat.PC-A',
    encodeHeartbeat({ pcId: pcIdOf('PC-A'), atNs: clock.nowNs() + 1n, agentVersion: '0.29.0', hostname: 'other' }),
  );
  await eventually(() => expect(onSecondAgent).toHaveBeenCalledOnce());
});

test('the last heartbeat of the process before us, and anything unreadable, is no second agent', async () => {
  const server = await startNatsServer();
  const nc = await operator(server);
  const heard = await listen(nc);
  const { onSecondAgent } = start(await agentBus(server, 'PC-A'));
  await eventually(() => expect(heard).toHaveLength(1));
  const before = { pcId: pcIdOf('PC-A'), atNs: systemClock.nowNs() - 3_000_000_000n, agentVersion: '1.2.3' };
  nc.publish('heartbeat.PC-A', encodeHeartbeat(before));
  nc.publish('heartbeat.PC-A', 'not json');
  const later = { ...before, atNs: systemClock.nowNs() + 5_000_000_000n };
  nc.publish('heartbeat.PC-A', encodeHeartbeat(later));
  await eventually(() => expect(onSecondAgent).toHaveBeenCalled());
  expect(onSecondAgent).toHaveBeenCalledOnce();
});

test('where we may not listen to ourselves the heartbeat goes on', async () => {
  const server = await startNatsServer({
    config: `authorization { users: [
      { user: agent, password: a, permissions: { publish: ["heartbeat.PC-A"], subscribe: ["_INBOX.>"] } }
      { user: operator, password: o }
    ] }`,
  });
  const heard = await listen(await operator(server, { user: 'operator', pass: 'o' }));
  const bus = await agentBus(server, 'PC-A', true, { kind: 'user', user: 'agent', password: 'a' });
  start(bus, configCell({ heartbeatIntervalMs: 20 }));
  await eventually(() => expect(heard.length).toBeGreaterThanOrEqual(5));
  expect(bus.link.value.state).toBe('connected');
});

test('the body is one that the fleet can read', () => {
  const body = new HeartbeatBody({
    pcId: pcIdOf('PC-A'),
    agentVersion: '1.2.3',
    host: hostFacts(),
    clock: systemClock,
    signing: NO_SIGNING,
  });
  const { atNs, bytes } = body.next();
  expect(decodeHeartbeat(bytes)).toMatchObject({ ok: true, heartbeat: { pcId: pcIdOf('PC-A'), atNs } });
});
