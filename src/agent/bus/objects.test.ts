import { createHash } from 'node:crypto';
import { Objm } from '@nats-io/obj';
import type { NatsConnection } from '@nats-io/transport-node';
import { expect, test } from 'vitest';
import { connectedBus } from '../../../test/support/bus.ts';
import { api, operator, provision } from '../../../test/support/fleet.ts';
import { startNatsServer } from '../../../test/support/nats-server.ts';

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

async function put(nc: NatsConnection, name: string, body: Uint8Array): Promise<void> {
  const store = await new Objm(nc).open(STORE);
  await store.putBlob({ name, options: { max_chunk_size: 1_000 } }, body);
}

/** The description of an object, as somebody else might write it. */
async function describe(nc: NatsConnection, name: string, changes: object): Promise<void> {
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
  const look = await bus.objectLook(STORE, 'package', signal);
  if (look.kind !== 'value') throw new Error(look.kind);
  const pieces: Uint8Array[] = [];
  const places = [look.start];
  for (;;) {
    const piece = await bus.objectPiece(STORE, places.at(-1) ?? look.start, signal);
    if (piece.kind !== 'value') {
      expect(piece).toEqual({ kind: 'absent' });
      break;
    }
    pieces.push(piece.body);
    places.push(piece.next);
  }
  expect(pieces.map(({ length }) => length)).toEqual([1_000, 1_000, 500]);
  expect(Buffer.concat(pieces)).toEqual(body);
  const [, second = look.start] = places;
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
  await describe(nc, name, {});
  expect((await read(name)).kind).toBe('value');
  await describe(nc, name, changes);
  const got = await read(name);
  expect(got.kind === 'failed' ? got.why : got.kind).toMatch(why);
});

test('a reading that is given up ends', async () => {
  const { nc, bus } = await world();
  await put(nc, 'x', Buffer.from('x'));
  const got = await bus.objectGet(STORE, 'x', 1_000, AbortSignal.abort(new Error('enough')));
  expect(got).toEqual({ kind: 'failed', why: 'enough', mayPass: true });
});
