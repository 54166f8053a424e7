import { describe, expect, test, vi } from 'vitest';
import { commandJson } from '../../../test/support/commands.ts';
import { eventually } from '../../../test/support/eventually.ts';
import { verifierOf } from '../../../test/support/signing.ts';
import { testStore } from '../../../test/support/store.ts';
import { tempDir } from '../../../test/support/temp.ts';
import { systemClock } from '../../base/clock.ts';
import { silentLogger } from '../../base/logger.ts';
import { loopTurn } from '../../base/loop-turn.ts';
import { WatchedCell } from '../../base/watched.ts';
import { Intake } from './intake.ts';

function setUp(groups: string[] | null = ['mine'], { begun = true } = {}) {
  const store = testStore(tempDir());
  const cell = new WatchedCell<ReadonlySet<string> | null>(groups === null ? null : new Set(groups));
  const events: string[] = [];
  const seen: (string | null)[] = [];
  const intake = new Intake({
    pcId: 'PC-1',
    store,
    verifier: verifierOf(),
    groups: cell,
    maxPayloadBytes: () => 1_048_576,
    serverNowMs: () => null,
    clock: systemClock,
    log: silentLogger,
    onSeen: ({ execId }) => seen.push(execId),
    onArrival: ({ requestId }) => events.push(`arrival ${requestId}`),
    onAdmitted: () => events.push('admitted'),
    onQueued: () => events.push('queued'),
  });
  if (begun) intake.begin();
  const acks: number[] = [];
  const ack = () => acks.push(store.history.count({}));
  const receive = (body: string | Buffer, subject = 'commands.pc.PC-1') =>
    intake.receive('replay', { subject, data: Buffer.from(body), ack });
  return { store, cell, events, seen, intake, acks, ack, receive };
}

const results = (store: ReturnType<typeof setUp>['store']) =>
  store.outbox
    .waiting(true, 100)
    .map(({ body }) => JSON.parse(Buffer.from(body).toString()) as Record<string, unknown>);

/** Whatever of the messages until now is to be taken has been: recorded by a write before this one, and acknowledged. */
async function taken(store: ReturnType<typeof setUp>['store']): Promise<void> {
  await loopTurn();
  await store.lastContact.note(0);
  await loopTurn();
}

test('a command is recorded, then acknowledged, then run (invariant 1)', async () => {
  const { acks, events, receive } = setUp();
  receive(commandJson('r1'));
  expect(acks).toEqual([]);
  await eventually(() => expect(acks).toEqual([1]));
  expect(events).toEqual(['arrival r1', 'admitted']);
});

test('the same message, live and replayed, is admitted once and acknowledged each time', async () => {
  const { store, acks, intake, receive } = setUp();
  const body = commandJson('r1');
  intake.receive('live', { subject: 'commands.pc.PC-1', data: Buffer.from(body) });
  receive(body);
  receive(body);
  await eventually(() => expect(acks).toHaveLength(2));
  receive(body);
  await eventually(() => expect(acks).toEqual([1, 1, 1]));
  expect(store.counters.all().duplicates).toBe(3);
});

test('what the store has no room for is asked for again soon, not when the broker loses its patience', async () => {
  const { store, intake } = setUp();
  const naks: number[] = [];
  const incoming = {
    subject: 'commands.pc.PC-1',
    data: Buffer.from(commandJson('r1')),
    ack: () => naks.push(0),
    nak: (delayMs: number) => naks.push(delayMs),
  };
  Object.defineProperty(store, 'admits', { value: false, configurable: true });
  intake.receive('replay', incoming);
  expect(naks).toHaveLength(1);
  expect(naks[0]).toBeLessThanOrEqual(3_000);
  Object.defineProperty(store, 'admits', { value: true });
  intake.receive('replay', incoming);
  await eventually(() => expect(naks[1]).toBe(0));
});

test('what waits for the queue is asked for again less often', () => {
  const { store, intake } = setUp();
  const naks: number[] = [];
  Object.defineProperty(store, 'admits', { value: false });
  Object.defineProperty(store, 'state', { value: new WatchedCell('queue_full') });
  const data = Buffer.from(commandJson('r1'));
  intake.receive('replay', { subject: 'commands.pc.PC-1', data, nak: (delayMs) => naks.push(delayMs) });
  expect(naks).toHaveLength(1);
  expect(naks[0]).toBeGreaterThan(20_000);
  expect(naks[0]).toBeLessThan(40_000);
});

test('nothing is acknowledged that could not be recorded: it is asked for again, and taken when it comes', async () => {
  const { store, acks, ack, intake, receive } = setUp();
  const admit = store.runs.admit.bind(store.runs);
  store.runs.admit = () => Promise.reject(new Error('disk full'));
  const nak = vi.fn();
  intake.receive('replay', { subject: 'commands.pc.PC-1', data: Buffer.from(commandJson('r1')), ack, nak });
  await eventually(() => expect(nak).toHaveBeenCalledOnce());
  expect(acks).toEqual([]);
  store.runs.admit = admit;
  receive(commandJson('r1'));
  await eventually(() => expect(acks).toEqual([1]));
});

test('a wave of messages goes in turns that hold up nobody for long, in order, and none is left', async () => {
  const { store, intake } = setUp();
  const admit = vi.spyOn(store.runs, 'admit');
  let turns = 0;
  const turning = setInterval(() => (turns += 1), 1);
  const count = 3_000;
  for (let i = 0; i < count; i++) {
    intake.receive('live', { subject: 'commands.pc.PC-1', data: Buffer.from(commandJson(`r${i}`)) });
  }
  // They came in one piece, and most of it waits.
  expect(admit.mock.calls.length).toBeLessThan(count / 2);
  await eventually(() => expect(store.history.count({})).toBe(count));
  clearInterval(turning);
  expect(turns).toBeGreaterThan(3);
  const ids = store.history.list({}, Number.POSITIVE_INFINITY, count).map(({ requestId }) => requestId);
  expect(ids).toEqual(Array.from({ length: count }, (_, index) => `r${count - 1 - index}`));
});

describe('who it is for', () => {
  test.each([
    ['commands.all', 1],
    ['commands.pc.PC-1', 1],
    ['commands.group.mine', 1],
    ['commands.group.other', 0],
    ['commands.pc.PC-2', 0],
    ['commands.pc.PC-1.x', 0],
    ['commands.elsewhere', 0],
  ])('%s: recorded %i', async (subject, recorded) => {
    const { store, acks, receive } = setUp();
    receive(commandJson('r1'), subject);
    await eventually(() => expect(acks).toHaveLength(1));
    expect(store.history.count({})).toBe(recorded);
    expect(store.counters.all().foreign).toBe(1 - recorded);
  });

  test('a group message waits un-acknowledged until the groups are known', async () => {
    const { cell, acks, receive } = setUp(null);
    receive(commandJson('r1'), 'commands.group.mine');
    // One that comes after it, and is taken.
    receive(commandJson('r2'));
    await eventually(() => expect(acks).toEqual([1]));
    cell.set(new Set(['mine']));
    receive(commandJson('r1'), 'commands.group.mine');
    await eventually(() => expect(acks).toEqual([1, 2]));
  });
});

describe('what becomes of what arrives (architecture §3)', () => {
  test('a known id with other content is refused, shown once and answered not at all', async () => {
    const { store, acks, receive } = setUp();
    receive(commandJson('r1'));
    receive(commandJson('r1', { script: 'echo other' }));
    await eventually(() => expect(acks).toHaveLength(2));
    receive(commandJson('r1', { script: 'echo other' }));
    await eventually(() => expect(acks).toHaveLength(3));
    expect(store.history.countByReason({})).toEqual({ CONFLICT: 1 });
    expect(results(store)).toEqual([]);
    expect(store.counters.all()).toMatchObject({ conflicts: 1, duplicates: 1 });
  });

  test('an unreadable command whose request_id can be read is answered with -1 and what is wrong', async () => {
    const { store, acks, events, receive } = setUp();
    receive(commandJson('r1', { timeout_secs: '30' }));
    await eventually(() => expect(acks).toEqual([1]));
    expect(results(store)).toMatchObject([
      {
        request_id: 'r1',
        exit_code: -1,
        skipped: false,
        stderr: expect.stringMatching(/^refused: cannot read command: timeout_secs: /),
      },
    ]);
    expect(store.history.list({}, Number.POSITIVE_INFINITY, 1)).toMatchObject([
      { reason: 'BAD_MESSAGE', exitCode: -1 },
    ]);
    expect(events).toEqual(['queued']);
  });

  test.each([
    ['no JSON', '{bad'],
    ['no request_id', '{"id":"x"}'],
    ['invalid UTF-8', Buffer.from([0x7b, 0xff, 0x7d])],
    ['an empty message', ''],
  ])('%s: shown, answered not at all, acknowledged', async (_name, body) => {
    const { store, acks, receive } = setUp();
    receive(body);
    await eventually(() => expect(acks).toEqual([1]));
    receive(body);
    await eventually(() => expect(acks).toEqual([1, 1]));
    expect(results(store)).toEqual([]);
    expect(store.history.countByReason({})).toEqual({ BAD_MESSAGE: 1 });
  });

  test.each(['a b', 'x.*', '>', '', '.x', 'x.', 'a..b', 'x'.repeat(201), 'nul\u0000'])(
    'a request_id that can not be a subject (%j) is not run and not answered',
    async (requestId) => {
      const { store, acks, events, receive } = setUp();
      receive(commandJson(requestId));
      await eventually(() => expect(acks).toEqual([1]));
      expect(results(store)).toEqual([]);
      expect(store.inbox.open(1)).toEqual([]);
      expect(store.history.countByReason({})).toEqual({ BAD_MESSAGE: 1 });
      expect(events).not.toContain('admitted');
    },
  );

  test.each([
    { command_kind: 'operation' },
    { operation: null },
    { payload_version: 2 },
    { deploy_authorization: null },
  ])('a typed command (%o) is answered 122 and not run', async (more) => {
    const { store, acks, receive } = setUp();
    receive(commandJson('r1', more));
    await eventually(() => expect(acks).toEqual([1]));
    expect(results(store)).toMatchObject([
      { exit_code: 122, skipped: true, stderr: expect.stringMatching(/^skipped: /) },
    ]);
    expect(store.history.countByReason({})).toEqual({ UNSUPPORTED: 1 });
  });
});

test('what can not be recorded yet is seen all the same: its kill may come before it comes again', async () => {
  const { store, seen, events, receive } = setUp();
  vi.spyOn(store, 'admits', 'get').mockReturnValue(false);
  receive(commandJson('r1', { exec_id: 'a.b' }));
  expect([seen, events]).toEqual([['a.b'], []]);
});

test('what comes before it begins waits, in order', async () => {
  const { store, acks, receive, intake } = setUp(['mine'], { begun: false });
  for (const id of ['r1', 'r2', 'r3']) receive(commandJson(id));
  await taken(store);
  expect([store.history.count({}), acks]).toEqual([0, []]);
  intake.begin();
  await eventually(() => expect(acks).toHaveLength(3));
  expect(store.inbox.open(9).map(({ requestId }) => requestId)).toEqual(['r1', 'r2', 'r3']);
});

test('after it is closed nothing is taken', async () => {
  const { store, intake, acks, receive } = setUp();
  intake.close();
  receive(commandJson('r1'));
  await taken(store);
  expect([acks, store.history.count({})]).toEqual([[], 0]);
});

test('what waits at its close, and what comes after, is asked for again soon: the next agent is to have it', async () => {
  const { store, intake } = setUp(['mine'], { begun: false });
  const naks: number[] = [];
  const message = (id: string) => ({
    subject: 'commands.pc.PC-1',
    data: Buffer.from(commandJson(id)),
    nak: (delayMs: number) => naks.push(delayMs),
  });
  intake.receive('replay', {
    ...message('r0'),
    nak: () => {
      throw new Error('the connection that brought it is gone');
    },
  });
  intake.receive('replay', message('r1'));
  intake.close();
  intake.receive('replay', message('r2'));
  expect(naks).toHaveLength(2);
  expect(Math.max(...naks)).toBeLessThanOrEqual(3_000);
  expect(store.history.count({})).toBe(0);
});
