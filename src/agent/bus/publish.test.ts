import { expect, test } from 'vitest';
import { connectedBus, info, linkState, recordLog, startReloadableServer } from '../../../test/support/bus.ts';
import { eventually } from '../../../test/support/eventually.ts';
import { api, operator, provision, provisionedOperator } from '../../../test/support/fleet.ts';
import { kvKeyOf } from '../../../test/support/ids.ts';
import { startNatsServer } from '../../../test/support/nats-server.ts';
import { slowLink } from '../../../test/support/slow-link.ts';
import type { PublishOutcome } from './bus.ts';

const PATIENT = { patienceMs: 10_000 };
/** What a stream answers. */
const PUB_ACK = '{"stream":"TEST","seq":1}';
/** Of a test that waits for it to end. */
const SHORT = { patienceMs: 100 };

/** What a stream answers, by nats-server's `errors.json` and its store, and what it says about the message. */
const ANSWERS: readonly [errCode: number, code: number, description: string, outcome: Partial<PublishOutcome>][] = [
  [10002, 400, 'resource limits exceeded for account', { kind: 'unavailable', full: true }],
  [10023, 503, 'insufficient resources', { kind: 'unavailable', full: true }],
  [10028, 500, 'insufficient memory resources available', { kind: 'unavailable', full: true }],
  [10047, 500, 'insufficient storage resources available', { kind: 'unavailable', full: true }],
  [10077, 503, 'maximum bytes exceeded', { kind: 'unavailable', full: true }],
  [10077, 503, 'maximum messages exceeded', { kind: 'unavailable', full: true }],
  [10077, 503, 'maximum messages per subject exceeded', { kind: 'unavailable', full: false }],
  [10077, 503, 'store is closed', { kind: 'unavailable', full: false }],
  [10077, 503, 'message to large', { kind: 'too_large' }],
  [10054, 400, 'message size exceeds maximum allowed', { kind: 'too_large' }],
  [10097, 400, 'header size exceeds maximum allowed of 64k', { kind: 'too_large' }],
  [10109, 400, 'invalid operation on sealed stream', { kind: 'unavailable', full: false }],
  [10118, 500, 'stream is offline', { kind: 'unavailable', full: false }],
  [10158, 409, 'duplicate message id is in process', { kind: 'unavailable', full: false }],
  [10167, 429, 'too many requests', { kind: 'unavailable', full: false }],
  [99999, 400, 'something of a later server', { kind: 'unavailable', full: false }],
];

test('what a stream answers counts against the message only where it is about the message', async () => {
  const server = await startNatsServer();
  const nc = await operator(server);
  const bus = await connectedBus(server.url);
  let answer = '';
  nc.subscribe('test.stream', { callback: (_, message) => void message.respond(answer) });
  await nc.flush();
  for (const [err_code, code, description, outcome] of ANSWERS) {
    answer = JSON.stringify({ error: { code, err_code, description }, stream: 'TEST', seq: 0 });
    const got = await bus.publishAcked('test.stream', Buffer.from('{}'), 'id', PATIENT);
    expect(got, description).toEqual({ ...outcome, why: description });
  }
});

test('real streams: too large, full, gone and back', async () => {
  const server = await startNatsServer({ config: 'max_payload: 4096' });
  const nc = await operator(server);
  const bus = await connectedBus(server.url);
  const results = { name: 'RESULTS', subjects: ['results.>'], storage: 'file', max_msg_size: 100 };
  await api(nc, 'STREAM.CREATE.RESULTS', results);
  const send = (id: string, bytes: number) => bus.publishAcked(`results.${id}`, Buffer.alloc(bytes), id, PATIENT);
  expect(await send('r1', 1_000)).toEqual({ kind: 'too_large', why: 'message size exceeds maximum allowed' });
  // Larger than the server takes: not even sent, and the connection lives on (D11).
  expect((await send('r2', 5_000)).kind).toBe('too_large');
  expect(bus.link.value.state).toBe('connected');
  await api(nc, 'STREAM.UPDATE.RESULTS', { ...results, max_msgs: 1, discard: 'new' });
  expect(await send('r3', 1)).toEqual({ kind: 'stored' });
  expect(await send('r4', 1)).toEqual({ kind: 'unavailable', full: true, why: 'maximum messages exceeded' });
});

test('who answers without being a stream has stored nothing', async () => {
  const server = await startNatsServer();
  const nc = await operator(server);
  const bus = await connectedBus(server.url);
  nc.subscribe('test.anybody', { callback: (_, message) => void message.respond('{}') });
  await nc.flush();
  const outcome = await bus.publishAcked('test.anybody', Buffer.from('{}'), 'id', PATIENT);
  expect(outcome).toEqual({ kind: 'unavailable', full: false, why: 'what answered is no stream' });
});

test('only a subject that is none is rejected', async () => {
  const server = await startNatsServer();
  const bus = await connectedBus(server.url);
  const send = (subject: string) => bus.publishAcked(subject, Buffer.from('{}'), 'id', PATIENT);
  const none = ['', 'results.', 'results..x', 'results.a b', 'results.*', 'results.>', `results.${'x'.repeat(4_000)}`];
  for (const subject of none) expect((await send(subject)).kind, subject).toBe('rejected');
  expect((await send('results.a*b')).kind).toBe('unavailable');
  expect(bus.link.value.state).toBe('connected');
});

test.skipIf(process.platform === 'win32')(
  'a subject that is forbidden is told at once, said once, and not sent again on this connection',
  async () => {
    const users = (deny: string) =>
      `authorization { users: [
      { user: operator, password: p }
      { user: pc, password: p, permissions: { publish: { deny: "${deny}" } } }
    ] }`;
    const { server, reload } = await startReloadableServer(users('results.>'));
    const nc = await provisionedOperator(server, { user: 'operator', pass: 'p' });
    const { logger, lines } = recordLog();
    const bus = await connectedBus(server.url, {
      credentials: () => [{ kind: 'user', user: 'pc', password: 'p' }],
      log: logger,
    });
    const send = () => bus.publishAcked('results.r1', Buffer.from('{}'), 'r1', { patienceMs: 60_000 });
    for (let round = 0; round < 3; round++) expect((await send()).kind).toBe('forbidden');
    expect(bus.forbidden.value).toEqual(['results.r1']);
    expect(lines.filter((line) => line.includes('results.r1'))).toHaveLength(1);
    const sent = () => server.log.split('Publish Violation').length - 1;
    await eventually(() => expect(sent()).toBe(1));
    // Another subject is not concerned.
    const event = await bus.publishAcked('events.started.x.PC-A', Buffer.from('{}'), 'e1', PATIENT);
    expect(event).toEqual({ kind: 'stored' });

    reload(users('nothing.>'));
    await eventually(() => expect(server.log).toContain('Reloaded: authorization'));
    expect((await send()).kind).toBe('forbidden');
    expect(sent()).toBe(1);
    const ended = linkState(bus, 'unreachable');
    bus.reconnect();
    await ended;
    await linkState(bus, 'connected');
    expect(bus.forbidden.value).toEqual([]);
    expect(await send()).toEqual({ kind: 'stored' });
    await nc.flush();
  },
);

test('a core publish that is forbidden is not sent again either', async () => {
  const server = await startNatsServer({
    config: 'authorization { users: [ { user: pc, password: p, permissions: { publish: { deny: "heartbeat.x" } } } ] }',
  });
  const bus = await connectedBus(server.url, { credentials: () => [{ kind: 'user', user: 'pc', password: 'p' }] });
  bus.publish('heartbeat.x', Buffer.from(''));
  await eventually(() => expect(bus.forbidden.value).toEqual(['heartbeat.x']));
  expect(bus.publish('heartbeat.x', Buffer.from(''))).toBe(false);
});

test.skipIf(process.platform === 'win32')(
  'what was forbidden is asked for again now and then, and is sent again once it is permitted, on the same connection',
  async () => {
    const users = (deny: string) =>
      `authorization { users: [
      { user: operator, password: p }
      { user: pc, password: p, permissions: { publish: { deny: [${deny}] } } }
    ] }`;
    const { server, reload } = await startReloadableServer(users('"results.>", "heartbeat.x"'));
    await provisionedOperator(server, { user: 'operator', pass: 'p' });
    const { logger, lines } = recordLog();
    const bus = await connectedBus(server.url, {
      credentials: () => [{ kind: 'user', user: 'pc', password: 'p' }],
      log: logger,
      askAgainMs: 150,
    });
    let changes = 0;
    bus.link.watch(() => (changes += 1));
    const send = () => bus.publishAcked('results.r1', Buffer.from('{}'), 'r1', PATIENT);
    const beat = () => bus.publish('heartbeat.x', Buffer.from(''));
    beat();
    expect((await send()).kind).toBe('forbidden');
    await eventually(() => expect(bus.forbidden.value).toEqual(['heartbeat.x', 'results.r1']));
    // Asked again and refused: said once all the same.
    await eventually(() => {
      beat();
      expect(server.log.split('Publish Violation').length).toBeGreaterThan(3);
    });
    expect(lines.filter((line) => line.includes('heartbeat.x'))).toHaveLength(1);
    reload(users('"nothing.>"'));
    await eventually(async () => {
      beat();
      expect((await send()).kind).toBe('stored');
      expect(bus.forbidden.value).toEqual([]);
    });
    expect([beat(), changes]).toEqual([true, 0]);
  },
);

test('a PubAck that comes after all is told, once, and the message was sent once', async () => {
  const server = await startNatsServer();
  const nc = await operator(server);
  const bus = await connectedBus(server.url);
  const heard: (() => void)[] = [];
  nc.subscribe('test.slow', { callback: (_, message) => void heard.push(() => message.respond(PUB_ACK)) });
  await nc.flush();
  let late = 0;
  const outcome = await bus.publishAcked('test.slow', Buffer.from('{}'), 'id', { ...SHORT, onLate: () => (late += 1) });
  expect(outcome).toEqual({ kind: 'unavailable', full: false, why: 'the broker has not confirmed it' });
  expect(late).toBe(0);
  for (const answer of heard) {
    answer();
    answer();
  }
  await eventually(() => expect(late).toBe(1));
  expect(heard).toHaveLength(1);
});

test('an error of who is told of a late PubAck ends nothing', async () => {
  const server = await startNatsServer();
  const nc = await operator(server);
  const { logger, lines } = recordLog();
  const bus = await connectedBus(server.url, { log: logger });
  nc.subscribe('test.slow', { callback: (_, message) => void setTimeout(() => message.respond(PUB_ACK), 1_000) });
  await nc.flush();
  const onLate = () => {
    throw new Error('a bug');
  };
  expect((await bus.publishAcked('test.slow', Buffer.from('{}'), 'id', { ...SHORT, onLate })).kind).toBe('unavailable');
  await eventually(() => expect(lines.join('\n')).toContain('a bug'));
  expect(bus.link.value.state).toBe('connected');
});

// Windows can not freeze a process from outside.
test.skipIf(process.platform === 'win32')('a connection that ends, ends the waiting for its PubAcks', async () => {
  const server = await startNatsServer();
  const nc = await provisionedOperator(server);
  const bus = await connectedBus(server.url);
  await server.pause();
  const sent = bus.publishAcked('results.r1', Buffer.from('{}'), 'r1', { patienceMs: 60_000 });
  const ended = linkState(bus, 'unreachable');
  bus.reconnect();
  expect((await sent).kind).toBe('lost');
  await ended;
  server.resume();
  await linkState(bus, 'connected');
  expect(await bus.publishAcked('results.r1', Buffer.from('{}'), 'r1', PATIENT)).toEqual({ kind: 'stored' });
  expect((await info(nc, 'STREAM.INFO.RESULTS')).state.messages).toBe(1);
});

test('on a slow uplink a large result is sent once, however much longer than all limits it takes', async () => {
  const server = await startNatsServer();
  const nc = await operator(server);
  await provision(nc, ['RESULTS', 'KV_script_current']);
  const link = await slowLink(server, 10_000);
  // Two missed pings would have ended it fifty times.
  const bus = await connectedBus(link.url, { pingIntervalMs: 50 });
  const servers: (string | null)[] = [];
  bus.link.watch(({ server: name }) => void servers.push(name));
  const sent = bus.publishAcked('results.r1', Buffer.alloc(30_000), 'r1', { patienceMs: 500 });
  // What is on its way before it does not count into the time-out of a request.
  const read = bus.kvGet('script_current', kvKeyOf('job'), 500);
  expect(await sent).toEqual({ kind: 'stored' });
  expect(await read).toEqual({ kind: 'absent', revision: 0 });
  expect(link.sentBytes).toBeGreaterThan(30_000);
  expect(link.sentBytes).toBeLessThan(40_000);
  expect(servers).toEqual([]);
  expect((await info(nc, 'STREAM.INFO.RESULTS')).state.messages).toBe(1);
});

test('a slow link that is dead is given up: what is on its way excuses a while, not for ever', async () => {
  const server = await startNatsServer();
  const nc = await operator(server);
  await provision(nc, ['RESULTS']);
  const link = await slowLink(server, 10_000);
  const bus = await connectedBus(link.url, { pingIntervalMs: 50 });
  const sent = bus.publishAcked('results.r1', Buffer.alloc(8_000), 'r1', { patienceMs: 60_000 });
  link.cut();
  expect(await sent).toEqual({ kind: 'lost', why: 'it stopped answering' });
  await linkState(bus, 'unreachable');
});

test('a link that has shown to be fast is not excused for long when it falls silent', async () => {
  const server = await startNatsServer();
  const nc = await operator(server);
  await provision(nc, ['RESULTS']);
  const link = await slowLink(server, 50_000_000);
  const bus = await connectedBus(link.url, { pingIntervalMs: 50 });
  const send = (id: string) => bus.publishAcked(`results.${id}`, Buffer.alloc(400_000), id, { patienceMs: 60_000 });
  expect(await send('r1')).toEqual({ kind: 'stored' });
  expect(bus.windowBytes).toBeGreaterThan(400_000);
  link.cut();
  // By the slowest of links it would be 100 s.
  expect(await send('r2')).toEqual({ kind: 'lost', why: 'it stopped answering' });
});
