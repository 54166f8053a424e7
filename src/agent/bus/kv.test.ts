import { headers } from '@nats-io/transport-node';
import { expect, test } from 'vitest';
import { answering, connectedBus, info, linkState, recordWatch, startBus } from '../../../test/support/bus.ts';
import { eventually } from '../../../test/support/eventually.ts';
import { api, operator, provision, provisionedOperator, putKey } from '../../../test/support/fleet.ts';
import { kvKeyOf } from '../../../test/support/ids.ts';
import { startNatsServer } from '../../../test/support/nats-server.ts';
import { slowLink } from '../../../test/support/slow-link.ts';
import { isKvKey } from '../wire/subjects.ts';
import type { NatsBus } from './nats-bus.ts';

/** The end of a watch is noticed by its missing heartbeats. */
const SOON = { watchHeartbeatMs: 200 };
const CONFIG = 'agent_config';
/** The inactive threshold of a watch, and some more. */
const FORGOTTEN_MS = 45_000;

async function newConnection(bus: NatsBus): Promise<void> {
  const ended = linkState(bus, 'unreachable');
  bus.reconnect();
  await ended;
  await linkState(bus, 'connected');
}

test('a watch begins with what is there, says that this was all, and goes on with what changes', async () => {
  const server = await startNatsServer();
  const nc = await provisionedOperator(server);
  await putKey(nc, CONFIG, 'global', 'one');
  await putKey(nc, CONFIG, 'global', 'two');
  await putKey(nc, CONFIG, 'pcs.PC-A', 'mine');
  await putKey(nc, CONFIG, 'pcs.PC-B', 'not mine');
  const watch = recordWatch(await connectedBus(server.url), CONFIG, ['global', 'groups.*', 'pcs.PC-A']);
  await eventually(() => expect(watch.events).toContain('current'));
  await putKey(nc, CONFIG, 'groups.office', 'three');
  await nc.request(`$KV.${CONFIG}.global`, '', { headers: deletion(), timeout: 10_000 });
  await putKey(nc, CONFIG, 'global', 'again');
  await eventually(() => expect(watch.events).toContain('global=again'));
  const expected = ['begin', 'global=two', 'pcs.PC-A=mine', 'current', 'groups.office=three', 'global deleted'];
  expect(watch.events).toEqual([...expected, 'global=again']);
});

function deletion() {
  const fields = headers();
  fields.set('KV-Operation', 'DEL');
  return fields;
}

test('an empty bucket is known to be empty', async () => {
  const server = await startNatsServer();
  await provisionedOperator(server);
  const watch = recordWatch(await connectedBus(server.url), CONFIG, ['global']);
  await eventually(() => expect(watch.events).toEqual(['begin', 'current']));
});

test('a bucket that is not there is said to be missing, and watched when it appears (D13)', async () => {
  const server = await startNatsServer();
  const nc = await operator(server);
  const watch = recordWatch(await connectedBus(server.url), CONFIG, ['global']);
  await eventually(() => expect(watch.events).toContain('missing'));
  expect(watch.events).not.toContain('current');
  await provision(nc, ['KV_agent_config']);
  await putKey(nc, CONFIG, 'global', 'here');
  await eventually(() => expect(watch.events).toContain('global=here'));
});

test('a bucket that we may not see is as one that is not there, and the others are watched', async () => {
  const server = await startNatsServer({
    config: `authorization { users: [
      { user: operator, password: p }
      { user: agent, password: p, permissions: { publish: { deny: "$JS.API.CONSUMER.CREATE.KV_agent_config" } } }
    ] }`,
  });
  const nc = await provisionedOperator(server, { user: 'operator', pass: 'p' });
  await putKey(nc, 'agent_groups', 'PC-A', 'mine');
  const bus = await connectedBus(server.url, { credentials: () => [{ kind: 'user', user: 'agent', password: 'p' }] });
  const forbidden = recordWatch(bus, CONFIG, ['global']);
  const allowed = recordWatch(bus, 'agent_groups', ['PC-A']);
  await eventually(() => expect(forbidden.events).toContain('missing'));
  await eventually(() => expect(allowed.events).toEqual(['begin', 'PC-A=mine', 'current']));
});

test('a watch asked for while there is no broker begins when there is one', async () => {
  const server = await startNatsServer();
  const nc = await provisionedOperator(server);
  await putKey(nc, CONFIG, 'global', 'here');
  await server.stop();
  const bus = startBus(server.url);
  const watch = recordWatch(bus, CONFIG, ['global']);
  await linkState(bus, 'unreachable');
  expect(watch.events).toEqual([]);
  await server.start();
  await eventually(() => expect(watch.events).toEqual(['begin', 'global=here', 'current']));
});

test('a bucket deleted under the watch is followed again when it is made again', async () => {
  const server = await startNatsServer();
  const nc = await provisionedOperator(server);
  const watch = recordWatch(await connectedBus(server.url, SOON), CONFIG, ['global']);
  await eventually(() => expect(watch.events).toContain('current'));
  await api(nc, 'STREAM.DELETE.KV_agent_config');
  await provision(nc, ['KV_agent_config']);
  await putKey(nc, CONFIG, 'global', 'new');
  await eventually(() => expect(watch.events).toContain('global=new'));
});

test('a watch whose consumer was deleted is begun again', async () => {
  const server = await startNatsServer();
  const nc = await provisionedOperator(server);
  const watch = recordWatch(await connectedBus(server.url, SOON), CONFIG, ['global']);
  await eventually(() => expect(watch.events).toContain('current'));
  const { consumers } = await info(nc, 'CONSUMER.NAMES.KV_agent_config');
  await api(nc, `CONSUMER.DELETE.KV_agent_config.${consumers[0]}`);
  await putKey(nc, CONFIG, 'global', 'new');
  await eventually(() => expect(watch.events).toContain('global=new'));
});

test('after a restart of the broker of about a second every watch lives (D20)', async () => {
  const server = await startNatsServer();
  const nc = await provisionedOperator(server);
  const bus = await connectedBus(server.url);
  const watches = [recordWatch(bus, CONFIG, ['global']), recordWatch(bus, 'agent_groups', ['PC-A'])];
  for (const round of [1, 2, 3]) {
    await server.restart();
    await linkState(bus, 'connected');
    await answering(nc);
    await putKey(nc, CONFIG, 'global', `c${round}`);
    await putKey(nc, 'agent_groups', 'PC-A', `g${round}`);
    await eventually(() => {
      expect(watches[0]?.events).toContain(`global=c${round}`);
      expect(watches[1]?.events).toContain(`PC-A=g${round}`);
    });
  }
  // Never an older value after a newer one.
  const values = watches[0]?.events.filter((event) => event.startsWith('global=')) ?? [];
  expect(values).toEqual([...values].sort());
});

test('a broker that comes back empty is a missing bucket, until somebody provisions it again', async () => {
  const server = await startNatsServer();
  const nc = await provisionedOperator(server);
  await putKey(nc, CONFIG, 'global', 'old');
  const bus = await connectedBus(server.url);
  const watch = recordWatch(bus, CONFIG, ['global']);
  await eventually(() => expect(watch.events).toContain('global=old'));
  await server.restart({ empty: true });
  await eventually(() => expect(watch.events.at(-1)).toBe('missing'));
  await answering(nc);
  await provision(nc);
  await putKey(nc, CONFIG, 'global', 'new');
  await eventually(() => expect(watch.events).toContain('global=new'));
});

test('a closed watch brings nothing more', async () => {
  const server = await startNatsServer();
  const nc = await provisionedOperator(server);
  const bus = await connectedBus(server.url);
  const closed = recordWatch(bus, CONFIG, ['global']);
  const open = recordWatch(bus, CONFIG, ['global']);
  await eventually(() => {
    expect(closed.events).toContain('current');
    expect(open.events).toContain('current');
  });
  closed.close();
  await newConnection(bus);
  await putKey(nc, CONFIG, 'global', 'x');
  await eventually(() => expect(open.events).toContain('global=x'));
  expect(closed.events).toEqual(['begin', 'current']);
});

test('twenty new connections leave no watch behind', async () => {
  const server = await startNatsServer();
  const nc = await provisionedOperator(server);
  const bus = await connectedBus(server.url);
  const watch = recordWatch(bus, CONFIG, ['global', 'pcs.PC-A']);
  for (let round = 1; round <= 20; round++) {
    const begun = watch.events.filter((event) => event === 'current').length;
    await newConnection(bus);
    await eventually(() => {
      expect(watch.events.filter((event) => event === 'current').length).toBeGreaterThan(begun);
    });
  }
  const count = async () => (await info(nc, 'STREAM.INFO.KV_agent_config')).state.consumer_count;
  expect(await count()).toBeGreaterThanOrEqual(1);
  await eventually(async () => expect(await count()).toBe(1), FORGOTTEN_MS);
  await putKey(nc, CONFIG, 'global', 'still');
  await eventually(() => expect(watch.events).toContain('global=still'));
}, 90_000);

test('one key is read with its revision; absent, deleted and no bucket are told apart', async () => {
  const server = await startNatsServer();
  const nc = await operator(server);
  const bus = await connectedBus(server.url);
  const read = (key: string) => bus.kvGet('script_current', kvKeyOf(key), 10_000);
  expect(await read('job')).toEqual({ kind: 'no_bucket' });
  await provision(nc);
  expect(await read('job')).toEqual({ kind: 'absent', revision: 0 });
  await putKey(nc, 'script_current', 'job', '1.0.0');
  await putKey(nc, 'script_current', 'job', '1.0.1');
  expect(await read('job')).toEqual({ kind: 'value', value: Buffer.from('1.0.1'), revision: 2 });
  await nc.request('$KV.script_current.job', '', { headers: deletion(), timeout: 10_000 });
  expect(await read('job')).toEqual({ kind: 'absent', revision: 3 });
});

// Windows can not freeze a process from outside.
test.skipIf(process.platform === 'win32')('a read that the server does not answer ends at its limit', async () => {
  const server = await startNatsServer();
  await provisionedOperator(server);
  const bus = await connectedBus(server.url);
  await server.pause();
  expect((await bus.kvGet('script_current', kvKeyOf('job'), 200)).kind).toBe('failed');
  server.resume();
  expect(await bus.kvGet('script_current', kvKeyOf('job'), 10_000)).toEqual({ kind: 'absent', revision: 0 });
});

/** With the longest id the answer comes to the longest inbox, which stands in the same line. */
test.each([1, 64])(
  'the longest key that is one can be read by a PC whose id has %i characters, and the connection lives',
  async (idLength) => {
    const server = await startNatsServer();
    const nc = await operator(server);
    // Of the buckets whose keys others choose, the one with the longest name.
    await provision(nc, ['KV_script_current']);
    const longest = kvKeyOf('a'.repeat(3_890));
    await putKey(nc, 'script_current', longest, '1.0.0');
    const bus = await connectedBus(server.url, { pcId: 'p'.repeat(idLength) });
    const states: string[] = [];
    bus.link.watch(({ state }) => void states.push(state));
    expect(await bus.kvGet('script_current', longest, 20_000)).toMatchObject({
      kind: 'value',
      value: Buffer.from('1.0.0'),
    });
    expect(await bus.kvGet('script_current', kvKeyOf('a'), 20_000)).toEqual({ kind: 'absent', revision: 0 });
    expect(isKvKey(`${longest}a`)).toBe(false);
    expect(states).toEqual([]);
  },
);

test('a bucket that takes long to come over a slow link comes once, in one connection', async () => {
  const server = await startNatsServer();
  const nc = await operator(server);
  await provision(nc, [`KV_${CONFIG}`]);
  for (let group = 0; group < 8; group++) await putKey(nc, CONFIG, `groups.g${group}`, 'x'.repeat(5_000));
  const link = await slowLink(server, 10_000, 'down');
  // Two missed pings end a connection after 1.5 s, two missed heartbeats a watch after 0.4 s, and all of them take 4.
  const bus = await connectedBus(link.url, { pingIntervalMs: 500, watchHeartbeatMs: 200 });
  const states: string[] = [];
  bus.link.watch(({ state }) => void states.push(state));
  const watch = recordWatch(bus, CONFIG, ['groups.*']);
  await eventually(() => expect(watch.events).toContain(`groups.g0=${'x'.repeat(5_000)}`));
  // What is asked for meanwhile is answered behind it: no limit for an answer counts that time.
  expect(await bus.kvGet(CONFIG, kvKeyOf('none'), 1_000)).toEqual({ kind: 'absent', revision: 0 });
  await eventually(() => expect(watch.events).toContain('current'));
  expect(watch.events.filter((event) => event === 'begin')).toHaveLength(1);
  expect(states).toEqual([]);
});

test('an answer that does not come while others do is given up', async () => {
  const server = await startNatsServer();
  const nc = await operator(server);
  // Somebody hears it, and says nothing.
  nc.subscribe('$JS.API.DIRECT.GET.KV_script_status.>', { callback: () => {} });
  await nc.flush();
  const bus = await connectedBus(server.url);
  const heard: string[] = [];
  bus.subscribe('chatter', ({ subject }) => void heard.push(subject));
  const talking = setInterval(() => nc.publish('chatter', 'x'), 5);
  const read = await bus.kvGet('script_status', kvKeyOf('job'), 200);
  clearInterval(talking);
  expect(read).toEqual({ kind: 'failed', why: 'timeout' });
  expect(heard).not.toEqual([]);
});
