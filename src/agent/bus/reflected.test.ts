/** What whoever may ask the broker for anything has it say on subjects of ours (threat-model §2). */
import { headers, type NatsConnection } from '@nats-io/transport-node';
import { describe, expect, onTestFinished, test } from 'vitest';
import { connectedBus, info, recordConsumer } from '../../../test/support/bus.ts';
import { eventually } from '../../../test/support/eventually.ts';
import { api, provisionedOperator, putKey } from '../../../test/support/fleet.ts';
import { kvKeyOf } from '../../../test/support/ids.ts';
import { startNatsServer } from '../../../test/support/nats-server.ts';
import { snapshotThenChanges } from './kv-snapshot.ts';
import { areReflectedHeaders, whyReflected } from './reflected.ts';

const DIRECT = '$JS.API.DIRECT.GET.KV_jobs.$KV.jobs';
const PULL = '$JS.API.CONSUMER.MSG.NEXT.RESULTS.other';

/** Each has the broker say its answer on `to`. */
const ANSWERS: Record<string, (nc: NatsConnection, to: string) => unknown> = {
  'a direct get': (nc, to) => nc.publish(`${DIRECT}.j`, '', { reply: to }),
  'a direct get of a key that was deleted': (nc, to) => nc.publish(`${DIRECT}.gone`, '', { reply: to }),
  'a direct get of a key that is not there': (nc, to) => nc.publish(`${DIRECT}.nothing`, '', { reply: to }),
  'a direct get of headers that hide it': (nc, to) => nc.publish(`${DIRECT}.hidden`, '', { reply: to }),
  'the state of a stream': (nc, to) => nc.publish('$JS.API.STREAM.INFO.KV_jobs', '', { reply: to }),
  'a message by the API': (nc, to) =>
    nc.publish('$JS.API.STREAM.MSG.GET.KV_jobs', JSON.stringify({ last_by_subj: '$KV.jobs.j' }), { reply: to }),
  'a PubAck': (nc, to) => nc.publish('results.other', '{}', { reply: to }),
  'a PubAck that refuses': (nc, to) => {
    const expected = headers();
    expected.set('Nats-Expected-Last-Sequence', '4711');
    nc.publish('results.other', '{}', { reply: to, headers: expected });
  },
  'the status of a pull': (nc, to) => nc.publish(PULL, '{"batch":1,"no_wait":true}', { reply: to }),
};

async function world() {
  const server = await startNatsServer();
  const nc = await provisionedOperator(server);
  await putKey(nc, 'jobs', 'j', { id: 'j' });
  const deleted = headers();
  deleted.set('KV-Operation', 'DEL');
  nc.publish('$KV.jobs.gone', '', { headers: deleted });
  // The library reads none of them where one has a line feed in it.
  const hiding = new HeaderText('NATS/1.0\r\nX: a\nb\r\n\r\n');
  nc.publish('$KV.jobs.hidden', '{"id":"j"}', { headers: hiding as never });
  await nc.flush();
  const config = { durable_name: 'other', ack_policy: 'explicit', deliver_policy: 'new' };
  await api(nc, 'CONSUMER.CREATE.RESULTS.other', { stream_name: 'RESULTS', config });
  return { nc, bus: await connectedBus(server.url) };
}

/** Headers as text, which the library's own would not take. */
class HeaderText {
  readonly #text: string;
  constructor(text: string) {
    this.#text = text;
  }
  get size() {
    return 1;
  }
  encode() {
    return Buffer.from(this.#text);
  }
}

async function isNoMessage(answer: (nc: NatsConnection, to: string) => unknown): Promise<void> {
  const { nc, bus } = await world();
  const heard: string[] = [];
  const binding = bus.subscribe('kill.*', ({ subject, data }) =>
    heard.push(`${subject} ${Buffer.from(data).toString()}`),
  );
  onTestFinished(() => binding.close());
  const said = Promise.withResolvers<unknown>();
  nc.subscribe('kill.one', { callback: said.resolve });
  // Answered in order, so the subscription stands by then.
  await bus.kvGet('jobs', kvKeyOf('j'), 5_000);
  await answer(nc, 'kill.one');
  await said.promise;
  nc.publish('kill.two');
  await eventually(() => expect(heard).toEqual(['kill.two ']));
}

async function storedAfter(nc: NatsConnection, bucket: string, revision: number): Promise<void> {
  await eventually(async () => {
    const { state } = (await info(nc, `STREAM.INFO.KV_${bucket}`)) as unknown as { state: { last_seq: number } };
    expect(state.last_seq).toBeGreaterThan(revision);
  });
}

test('what a consumer delivers elsewhere is no message of a subscription', () =>
  isNoMessage(async (nc, to) => {
    await putKey(nc, 'jobs', 'j', 'x');
    const config = { durable_name: 'theirs', name: 'theirs', ack_policy: 'explicit', deliver_policy: 'all' };
    await api(nc, 'CONSUMER.CREATE.KV_jobs.theirs', { stream_name: 'KV_jobs', config });
    nc.publish('$JS.API.CONSUMER.MSG.NEXT.KV_jobs.theirs', '1', { reply: to });
  }));

describe.each(Object.entries(ANSWERS))('%s', (_, answer) => {
  test('is no message of a subscription', () => isNoMessage(answer));

  test('is no value of a key, and takes none away', async () => {
    const { nc, bus } = await world();
    await putKey(nc, 'agent_groups', 'PC-A', 'ours');
    const told: string[] = [];
    const binding = bus.kvWatch(
      'agent_groups',
      ['PC-A'],
      snapshotThenChanges({
        change: ({ value }) => told.push(value === null ? 'deleted' : Buffer.from(value).toString()),
        whole: (present) => told.push(`has ${[...present].join(',')}`),
      }),
    );
    onTestFinished(() => binding.close());
    await eventually(() => expect(told).toEqual(['ours', 'has PC-A']));
    const { revision } = (await bus.kvGet('agent_groups', kvKeyOf('PC-A'), 5_000)) as { revision: number };
    await answer(nc, '$KV.agent_groups.PC-A');
    await storedAfter(nc, 'agent_groups', revision);
    const read = await bus.kvGet('agent_groups', kvKeyOf('PC-A'), 5_000);
    expect(read).toMatchObject({ kind: 'failed' });
    // A watch that begins with it: what was known stays.
    binding.close();
    const later: string[] = [];
    const again = bus.kvWatch(
      'agent_groups',
      ['PC-A', 'PC-B'],
      snapshotThenChanges({
        change: ({ key }) => later.push(key),
        whole: (present) => later.push(`has ${[...present].join(',')}`),
      }),
    );
    onTestFinished(() => again.close());
    await eventually(() => expect(later).toEqual(['has PC-A']));
    await putKey(nc, 'agent_groups', 'PC-B', 'theirs');
    await eventually(() => expect(later).toContain('PC-B'));
    expect(told).toEqual(['ours', 'has PC-A']);
  });

  test('is no command, and does not come again', async () => {
    const { nc, bus } = await world();
    const consumer = recordConsumer(bus);
    await eventually(async () => expect(await info(nc, 'CONSUMER.INFO.EXEC.agent_replay_PC-A')).toBeDefined());
    await answer(nc, 'commands.pc.PC-A');
    await nc.request('commands.all', 'a command');
    await eventually(() => expect(consumer.messages).toContain('commands.all a command'));
    await eventually(async () => {
      const state = (await info(nc, 'CONSUMER.INFO.EXEC.agent_replay_PC-A')) as unknown as Record<string, number>;
      expect([state.num_ack_pending, state.num_pending]).toEqual([0, 0]);
    });
    // A status is stored as nothing at all, and nothing is no command.
    const nothing = 'commands.pc.PC-A ';
    expect(consumer.messages.filter((message) => message !== nothing)).toEqual(['commands.all a command']);
  });
});

/** Which no stream takes. */
test('the heartbeat of a push is no message of a subscription', () =>
  isNoMessage((nc, to) =>
    api(nc, 'CONSUMER.CREATE.RESULTS', {
      stream_name: 'RESULTS',
      config: { ack_policy: 'none', deliver_policy: 'new', deliver_subject: to, idle_heartbeat: 100_000_000 },
    }),
  ));

test('a value of before, led onto its own key, is none', async () => {
  const { nc, bus } = await world();
  nc.publish(`${DIRECT}.j`, '', { reply: '$KV.jobs.j' });
  await eventually(async () => {
    const read = await bus.kvGet('jobs', kvKeyOf('j'), 5_000);
    expect(read).toEqual({ kind: 'failed', why: expect.stringContaining('nobody has put j there') });
  });
});

test('an empty answer, as to an acknowledgement, is no value', async () => {
  const { nc, bus } = await world();
  nc.publish('$KV.jobs.j', '');
  await nc.flush();
  expect(await bus.kvGet('jobs', kvKeyOf('j'), 5_000)).toMatchObject({ kind: 'failed' });
});

test.each([
  ['NATS/1.0\r\nKanade-Sig: x\r\n\r\n', false],
  ['NATS/1.0\r\nNats-Rollup: sub\r\nNats-Msg-Id: Nats-Stream\r\n\r\n', false],
  ['', false],
  ['NATS/1.0\r\nX: a\nb\r\nNats-Stream: KV_jobs\r\n\r\n', true],
  ['NATS/1.0\r\nNats-Subject: x\r\n\r\n', true],
  ['NATS/1.0 404 Message Not Found\r\n\r\n', true],
])('stored headers %j: of an answer is %s', (text, expected) => {
  expect(areReflectedHeaders(Buffer.from(text))).toBe(expected);
});

test.each(['{"id":"job","stream":"x"}', '{"type":"io"}', '', 'REVOKED', '{"errors":[]}', '{"error":"of ours"}'])(
  'a message %j is one',
  (text) => {
    expect(whyReflected({ data: Buffer.from(text) })).toBeNull();
  },
);
