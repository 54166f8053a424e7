import { createHash } from 'node:crypto';
import { Objm } from '@nats-io/obj';
import type { NatsConnection } from '@nats-io/transport-node';
import { describe, expect, test } from 'vitest';
import { connectedBus } from '../../../test/support/bus.ts';
import { eventually } from '../../../test/support/eventually.ts';
import { api, operator, provision } from '../../../test/support/fleet.ts';
import { kvKeyOf } from '../../../test/support/ids.ts';
import { startNatsServer } from '../../../test/support/nats-server.ts';
import { slowLink } from '../../../test/support/slow-link.ts';

const STORE = 'agent_releases';

async function world() {
  const server = await startNatsServer();
  const nc = await operator(server);
  await provision(nc, [`OBJ_${STORE}`]);
  const bus = await connectedBus(server.url);
  const read = (name: string, maxBytes = 1_000_000) => {
    return bus.objectGet(STORE, name, maxBytes, AbortSignal.timeout(20_000));
  };
  return { server, nc, bus, read };
}

async function put(nc: NatsConnection, name: string, body: Uint8Array, chunkBytes = 1_000): Promise<void> {
  const store = await new Objm(nc).open(STORE);
  await store.putBlob({ name, options: { max_chunk_size: chunkBytes } }, body);
}

/** The description of an object, as somebody else might write it. */
async function describeAs(nc: NatsConnection, name: string, changes: object): Promise<void> {
  // As the broker's own language and Rust do it, and the client of this test does not: of the bytes in UTF-8.
  const key = Buffer.from(name).toString('base64').replaceAll('+', '-').replaceAll('/', '_');
  const digest = `SHA-256=${createHash('sha256').update('abc').digest('base64url')}=`;
  const body = { name, bucket: STORE, nuid: key, size: 3, chunks: 1, digest, ...changes };
  await nc.request(`$O.${STORE}.M.${key}`, JSON.stringify(body), { timeout: 10_000 });
}

test('an object of many chunks is read whole, beside others and over an older one of its name', async () => {
  const { nc, bus, read } = await world();
  const body = Buffer.from(Array.from({ length: 10_001 }, (_, n) => n % 251));
  await put(nc, 'scripts/a file?.ps1', Buffer.from('older'));
  await Promise.all([put(nc, 'other', Buffer.alloc(5_000)), put(nc, 'scripts/a file?.ps1', body)]);
  await put(nc, 'empty', Buffer.alloc(0));
  const got = await read('scripts/a file?.ps1');
  expect(got).toEqual({ kind: 'value', body });
  expect(await read('empty')).toEqual({ kind: 'value', body: Buffer.alloc(0) });
  const names = ['scripts/a file?.ps1', 'other', 'none'];
  expect(await bus.objectsPresent(STORE, names)).toEqual(new Set(names.slice(0, 2)));
});

test('piece by piece, from any place on; after it was replaced the place leads nowhere', async () => {
  const { nc, bus } = await world();
  const body = Buffer.from(Array.from({ length: 2_500 }, (_, n) => n % 251));
  await put(nc, 'package', body);
  const signal = AbortSignal.timeout(20_000);
  const stat = await bus.objectStat(STORE, 'package', signal);
  if (stat.kind !== 'value') throw new Error(stat.kind);
  const pieces: Uint8Array[] = [];
  const places = [stat.start];
  for (;;) {
    const piece = await bus.objectPiece(STORE, places.at(-1) ?? stat.start, signal);
    if (piece.kind !== 'value') {
      expect(piece).toEqual({ kind: 'absent' });
      break;
    }
    pieces.push(piece.body);
    places.push(piece.next);
  }
  expect(pieces.map(({ length }) => length)).toEqual([1_000, 1_000, 500]);
  expect(Buffer.concat(pieces)).toEqual(body);
  const [, second = stat.start] = places;
  expect(await bus.objectPiece(STORE, second, signal)).toMatchObject({ body: pieces[1] });
  await put(nc, 'package', body);
  expect(await bus.objectPiece(STORE, second, signal)).toEqual({ kind: 'absent' });
});

test('one that is not there, was deleted, or lies in a store that is not there, is absent', async () => {
  const { server, nc, bus, read } = await world();
  await put(nc, 'gone', Buffer.from('x'));
  await (await new Objm(nc).open(STORE)).delete('gone');
  expect(await read('gone')).toEqual({ kind: 'absent' });
  expect(await read('none')).toEqual({ kind: 'absent' });
  expect(await bus.objectsPresent(STORE, ['gone'])).toEqual(new Set());
  await api(nc, `STREAM.DELETE.OBJ_${STORE}`);
  expect(await read('none')).toEqual({ kind: 'absent' });
  expect(server.log).not.toContain('Violation');
});

test('where no answer can be heard nothing is known of an object, and where it may not be read that is final', async () => {
  const users = { heard: `subscribe: { deny: "_INBOX.>" }`, read: `publish: { deny: "$JS.API.>" }` };
  const entries = Object.entries(users).map(
    ([name, rights]) => `{ user: ${name}, password: p, permissions: { ${rights} } }`,
  );
  const server = await startNatsServer({ config: `authorization { users: [ ${entries.join('\n')} ] }` });
  const reads = Object.keys(users).map(async (user) => {
    const bus = await connectedBus(server.url, { credentials: () => [{ kind: 'user', user, password: 'p' }] });
    const from = () => bus.objectGet(STORE, 'one', 100, AbortSignal.timeout(20_000));
    // The refusal may come after the question.
    await from();
    return from();
  });
  expect(await Promise.all(reads)).toMatchObject([
    { kind: 'failed', mayPass: true, why: expect.stringContaining('_INBOX') },
    { kind: 'failed', mayPass: false },
  ]);
});

const BAD: readonly [name: string, changes: object, why: RegExp][] = [
  ['digest', { digest: `SHA-256=${createHash('sha256').update('xyz').digest('base64url')}=` }, /digest differs/],
  ['hash', { digest: 'MD5=abc' }, /no SHA-256/],
  ['short', { size: 4 }, /a part of it is missing/],
  ['long', { size: 2 }, /larger than it says/],
  ['size', { size: -1 }, /unreadable/],
  ['huge', { size: 2_000_000 }, /larger than 1000000 bytes/],
  ['größe', { nuid: null }, /unreadable/],
];

test.for(BAD)('an object whose description does not hold is refused: %s', async ([name, changes, why]) => {
  const { nc, read } = await world();
  const chunk = Buffer.from(name).toString('base64');
  await nc.request(`$O.${STORE}.C.${chunk}`, 'abc', { timeout: 10_000 });
  await describeAs(nc, name, {});
  expect((await read(name)).kind).toBe('value');
  await describeAs(nc, name, changes);
  const got = await read(name);
  expect(got.kind === 'failed' ? got.why : got.kind).toMatch(why);
});

test('a reading that is given up ends', async () => {
  const { nc, bus } = await world();
  await put(nc, 'x', Buffer.from('x'));
  const got = await bus.objectGet(STORE, 'x', 1_000, AbortSignal.abort(new Error('enough')));
  expect(got).toEqual({ kind: 'failed', why: 'enough', mayPass: true });
});

describe('on a slow link', () => {
  const body = Buffer.from(Array.from({ length: 30_000 }, (_, n) => n % 251));
  const patient = () => new AbortController().signal;

  test('an object comes whole, however much longer than all limits a part of it takes', async () => {
    const { server, nc } = await world();
    await provision(nc, ['KV_script_current']);
    await put(nc, 'x', body, 10_000);
    const link = await slowLink(server, 10_000, 'down');
    // Two missed pings would have ended it twenty times for each part.
    const bus = await connectedBus(link.url, { pingIntervalMs: 50 });
    const servers: (string | null)[] = [];
    bus.link.watch(({ server: name }) => void servers.push(name));
    const reading = bus.objectGet(STORE, 'x', 1_000_000, patient());
    const before = link.sentBytes;
    await eventually(() => expect(link.sentBytes - before).toBeGreaterThan(2_000));
    // What is on its way before it does not count into the time-out of a request.
    expect(await bus.kvGet('script_current', kvKeyOf('job'), 100)).toEqual({ kind: 'absent', revision: 0 });
    expect(await reading).toEqual({ kind: 'value', body });
    expect(servers).toEqual([]);
  });

  test('one that is dead is given up: what is on its way excuses a while, not for ever', async () => {
    const { server, nc } = await world();
    await put(nc, 'x', body, 10_000);
    const link = await slowLink(server, 10_000, 'down');
    const bus = await connectedBus(link.url, { pingIntervalMs: 50 });
    const reading = bus.objectGet(STORE, 'x', 1_000_000, patient());
    const before = link.sentBytes;
    await eventually(() => expect(link.sentBytes - before).toBeGreaterThan(2_000));
    link.cut();
    expect(await reading).toMatchObject({ kind: 'failed', why: 'it stopped answering', mayPass: true });
  });

  test('what has come of it before the link was lost does not come again', async () => {
    const { server, nc } = await world();
    await put(nc, 'x', body);
    const slow = await slowLink(server, 20_000, 'down');
    const first = await connectedBus(slow.url);
    const reading = first.objectGet(STORE, 'x', 1_000_000, patient());
    const before = slow.sentBytes;
    await eventually(() => expect(slow.sentBytes - before).toBeGreaterThan(25_000));
    await first.close();
    const got = await reading;
    if (got.kind !== 'failed' || got.part === undefined) throw new Error(got.kind);
    expect(got).toMatchObject({ mayPass: true, part: { sizeBytes: 30_000 } });
    // Not connected, it loses nothing either.
    const again = await first.objectGet(STORE, 'x', 1_000_000, patient(), got.part);
    expect(again).toMatchObject({ kind: 'failed', mayPass: true, part: got.part });

    const counted = await slowLink(server, 50_000_000, 'down');
    const second = await connectedBus(counted.url);
    const atFirst = counted.sentBytes;
    expect(await second.objectGet(STORE, 'x', 1_000_000, patient(), got.part)).toEqual({ kind: 'value', body });
    // Whole, it is 40,000 as text alone.
    expect(counted.sentBytes - atFirst).toBeLessThan(35_000);
  });

  test('what has come of another object under its name is of no use', async () => {
    const { server, nc, bus } = await world();
    await put(nc, 'x', body);
    const slow = await slowLink(server, 20_000, 'down');
    const first = await connectedBus(slow.url);
    const enough = new AbortController();
    const reading = first.objectGet(STORE, 'x', 1_000_000, enough.signal);
    const before = slow.sentBytes;
    await eventually(() => expect(slow.sentBytes - before).toBeGreaterThan(10_000));
    enough.abort(new Error('enough'));
    const got = await reading;
    if (got.kind !== 'failed' || got.part === undefined) throw new Error(got.kind);
    const other = Buffer.from(body).reverse();
    await put(nc, 'x', other);
    expect(await bus.objectGet(STORE, 'x', 1_000_000, patient(), got.part)).toEqual({ kind: 'value', body: other });
  });
});
