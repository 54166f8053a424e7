/** What is not there, what is gone, and what is only not known: three things that must not be taken for one another. */
import { headers } from '@nats-io/transport-node';
import { expect, test } from 'vitest';
import {
  connectedBus,
  recordConsumer,
  recordLog,
  recordWatch,
  startReloadableServer,
} from '../../../test/support/bus.ts';
import { eventually } from '../../../test/support/eventually.ts';
import { api, operator, provision, provisionedOperator, putKey } from '../../../test/support/fleet.ts';
import { kvKeyOf } from '../../../test/support/ids.ts';
import { startNatsServer } from '../../../test/support/nats-server.ts';
import type { NatsBus } from './nats-bus.ts';
import type { Credentials } from './sign-in.ts';

const AGENT = (): Credentials[] => [{ kind: 'user', user: 'agent', password: 'p' }];

/** The agent's account has a JetStream or, for as long as it is away, none that answers. */
const accounts = (jetstream: 'enabled' | 'disabled') => `
  accounts { FLEET { jetstream: ${jetstream}, users: [
    { user: agent, password: p }
    { user: operator, password: p }
  ] } }`;

async function reads(bus: NatsBus) {
  return {
    read: await bus.kvGet('script_current', kvKeyOf('job'), 5_000),
    present: await bus.objectsPresent('agent_releases', ['1.0.0']),
    object: await bus.objectGet('agent_releases', '1.0.0', 1_000, AbortSignal.timeout(10_000)),
    publish: await bus.publishAcked('results.r1', Buffer.from('{}'), 'r1', { patienceMs: 5_000 }),
  };
}

test.skipIf(process.platform === 'win32')(
  'while JetStream is away nothing is taken for absent, and the reason is said once',
  async () => {
    const { server, reload } = await startReloadableServer(accounts('disabled'));
    const { logger, lines } = recordLog();
    const bus = await connectedBus(server.url, { credentials: AGENT, log: logger });
    const watch = recordWatch(bus, 'agent_config', ['global']);
    const consumer = recordConsumer(bus);
    const away = await reads(bus);
    expect(away).toMatchObject({ read: { kind: 'failed' }, present: null, object: { kind: 'failed', mayPass: true } });
    expect(away.publish).toMatchObject({ kind: 'unavailable', full: false });
    const warned = (what: string) => lines.filter((line) => line.includes('WARN') && line.includes(what));
    await eventually(() => {
      expect(lines.filter((line) => line.includes('the watch on agent_config')).length).toBeGreaterThan(3);
      expect(lines.filter((line) => line.includes('the consumer')).length).toBeGreaterThan(3);
    });
    expect(watch.events).toEqual([]);
    expect(warned('the watch on agent_config is not bound')).toHaveLength(1);
    expect(warned('the consumer agent_replay_PC-A is not bound')).toHaveLength(1);

    reload(accounts('enabled'));
    // Who connects in the middle of a reload may be left hanging.
    await eventually(() => expect(server.log).toContain('Reloaded server configuration'));
    const nc = await operator(server, { user: 'operator', pass: 'p' });
    // There, and without a bucket: now the server says so.
    await eventually(() => expect(watch.events.at(-1)).toBe('missing'));
    await eventually(async () => {
      expect(await reads(bus)).toMatchObject({
        read: { kind: 'no_bucket' },
        present: new Set(),
        object: { kind: 'absent' },
      });
    });
    await provision(nc);
    await eventually(() => expect(watch.events.slice(-2)).toEqual(['begin', 'current']));
    await eventually(() => expect(consumer.bound).toEqual([false]));
    expect(await reads(bus)).toMatchObject({ read: { kind: 'absent' }, publish: { kind: 'stored' } });
    expect(warned('the watch on agent_config is not bound')).toHaveLength(1);
  },
);

test('a bucket that answers no direct get is not taken for one that does not exist', async () => {
  const server = await startNatsServer();
  const nc = await operator(server);
  const config = { name: 'KV_script_current', subjects: ['$KV.script_current.>'], max_msgs_per_subject: 1 };
  await api(nc, 'STREAM.CREATE.KV_script_current', config);
  await putKey(nc, 'script_current', 'job', '1.0.0');
  const bus = await connectedBus(server.url);
  expect((await bus.kvGet('script_current', kvKeyOf('job'), 5_000)).kind).toBe('failed');
});

test('whether a bucket is there is asked once for many reads', async () => {
  const server = await startNatsServer();
  const nc = await operator(server);
  const asked: string[] = [];
  nc.subscribe('$JS.API.STREAM.INFO.KV_script_current', { callback: (_, { subject }) => void asked.push(subject) });
  await nc.flush();
  const bus = await connectedBus(server.url);
  const reads = await Promise.all(
    Array.from({ length: 20 }, (_, n) => bus.kvGet('script_current', kvKeyOf(`job-${n}`), 5_000)),
  );
  expect(new Set(reads.map(({ kind }) => kind))).toEqual(new Set(['no_bucket']));
  await nc.flush();
  expect(asked).toHaveLength(1);
});

test('a bucket that may not be watched is as one that is not there, said once, and shown', async () => {
  const create = '$JS.API.CONSUMER.CREATE.KV_agent_config';
  const users = (deny: string) => `authorization { users: [
    { user: operator, password: p }
    { user: agent, password: p, permissions: { publish: { deny: "${deny}" } } }
  ] }`;
  const { server, reload } = await startReloadableServer(users(create));
  const nc = await provisionedOperator(server, { user: 'operator', pass: 'p' });
  await putKey(nc, 'agent_config', 'global', 'one');
  const { logger, lines } = recordLog();
  const bus = await connectedBus(server.url, { credentials: AGENT, log: logger });
  const forbidden = recordWatch(bus, 'agent_config', ['global']);
  const allowed = recordWatch(bus, 'agent_groups', ['PC-A']);
  await eventually(() => expect(forbidden.events.length).toBeGreaterThan(3));
  expect(new Set(forbidden.events)).toEqual(new Set(['missing']));
  expect(bus.forbidden.value).toEqual([create]);
  expect(lines.filter((line) => line.includes('WARN'))).toHaveLength(1);
  expect(allowed.events).toEqual(['begin', 'current']);
  if (process.platform === 'win32') return;
  reload(users('nothing'));
  await eventually(() => expect(forbidden.events.slice(-2)).toEqual(['global=one', 'current']));
  expect(bus.forbidden.value).toEqual([]);
});

/** A bucket of a fleet whose keys may expire. */
async function withExpiry(nc: Awaited<ReturnType<typeof operator>>, changes: object = {}): Promise<void> {
  await api(nc, 'STREAM.CREATE.KV_script_status', {
    name: 'KV_script_status',
    subjects: ['$KV.script_status.>'],
    max_msgs_per_subject: 1,
    allow_rollup_hdrs: true,
    allow_direct: true,
    allow_msg_ttl: true,
    subject_delete_marker_ttl: 60_000_000_000,
    ...changes,
  });
}

test('a key that expired is gone, in a read and in a watch, as one that was deleted', async () => {
  const server = await startNatsServer();
  const nc = await operator(server);
  await withExpiry(nc, { max_age: 1_000_000_000 });
  await putKey(nc, 'script_status', 'job', 'REVOKED');
  const bus = await connectedBus(server.url);
  const watch = recordWatch(bus, 'script_status', ['job']);
  await eventually(() => expect(watch.events).toContain('job=REVOKED'));
  // A marker with `Nats-Marker-Reason: MaxAge` takes its place.
  await eventually(() => expect(watch.events.at(-1)).toBe('job deleted'));
  expect(await bus.kvGet('script_status', kvKeyOf('job'), 5_000)).toEqual({ kind: 'absent', revision: 2 });
  const late = recordWatch(bus, 'script_status', ['job']);
  await eventually(() => expect(late.events).toEqual(['begin', 'job deleted', 'current']));
});

test.for(['MaxAge', 'Purge', 'Remove', 'of a later server'])('a marker of "%s" is one', async (reason) => {
  const server = await startNatsServer();
  const nc = await operator(server);
  await provision(nc, ['KV_script_status']);
  const fields = headers();
  fields.set('Nats-Marker-Reason', reason);
  await nc.request('$KV.script_status.job', '', { headers: fields, timeout: 10_000 });
  const bus = await connectedBus(server.url);
  expect(await bus.kvGet('script_status', kvKeyOf('job'), 5_000)).toEqual({ kind: 'absent', revision: 1 });
  const watch = recordWatch(bus, 'script_status', ['job']);
  await eventually(() => expect(watch.events).toEqual(['begin', 'job deleted', 'current']));
});

test("a handler's error ends neither the connection nor the watch", async () => {
  const server = await startNatsServer();
  const nc = await provisionedOperator(server);
  await putKey(nc, 'agent_config', 'global', 'one');
  const bus = await connectedBus(server.url);
  const seen: string[] = [];
  const binding = bus.kvWatch('agent_config', ['global'], {
    begin: () => {},
    change: ({ value }) => {
      seen.push(Buffer.from(value ?? '').toString());
      if (seen.length < 3) throw new Error('a bug');
    },
    current: () => seen.push('current'),
    missing: () => {},
  });
  await eventually(() => expect(seen).toEqual(['one', 'one', 'one', 'current']));
  await putKey(nc, 'agent_config', 'global', 'two');
  await eventually(() => expect(seen.at(-1)).toBe('two'));
  expect(bus.link.value.state).toBe('connected');
  binding.close();
});
