import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { tempDir } from '../../../test/support/temp.ts';
import { download, type Piece, type Place } from './download.ts';

const MIB = 1024 * 1024;
const PIECE = 100_000;
const BODY = Buffer.from(Array.from({ length: 3 * MIB + 17 }, (_, n) => (n * 7) % 251));

interface World {
  readonly directory?: string;
  readonly body?: Buffer;
  /** The broker fails before this piece. */
  readonly failsAt?: number;
  readonly room?: () => number;
  readonly nuid?: string;
  readonly signal?: AbortSignal;
}

function fetching({ directory = tempDir(), body = BODY, failsAt = Number.POSITIVE_INFINITY, ...more }: World = {}) {
  const asked: number[] = [];
  const progress: number[] = [];
  const nuid = more.nuid ?? 'first';
  const piece = async (place: Place): Promise<Piece> => {
    if (place.nuid !== nuid) return { kind: 'absent' };
    if (place.sequence >= failsAt) return { kind: 'failed', why: 'the link is down', mayPass: true };
    asked.push(place.sequence);
    const at = place.sequence * PIECE;
    const next = { nuid, sequence: place.sequence + 1 };
    return at >= body.length ? { kind: 'absent' } : { kind: 'value', body: body.subarray(at, at + PIECE), next };
  };
  const outcome = download({
    release: { size: BODY.length, sha256: createHash('sha256').update(BODY).digest('hex') },
    directory,
    start: { nuid, sequence: 0 },
    piece,
    room: more.room ?? (() => Number.POSITIVE_INFINITY),
    onProgress: (bytes) => progress.push(bytes),
    signal: more.signal ?? new AbortController().signal,
  });
  return { outcome, directory, asked, progress };
}

test('all pieces, then its length and digest; asked again nothing is fetched twice', async () => {
  const first = fetching();
  const done = await first.outcome;
  if (done.kind !== 'done') throw new Error(done.kind);
  expect(readFileSync(done.file)).toEqual(BODY);
  expect(first.asked).toHaveLength(Math.ceil(BODY.length / PIECE));
  expect(first.progress.at(-1)).toBe(BODY.length);
  const again = fetching({ directory: first.directory });
  expect(await again.outcome).toEqual(done);
  expect(again.asked).toEqual([]);
});

test('where the link breaks off it goes on from there, another time', async () => {
  const first = fetching({ failsAt: 20 });
  expect(await first.outcome).toEqual({ kind: 'broken_off', why: 'the link is down' });
  const second = fetching({ directory: first.directory });
  expect(await second.outcome).toMatchObject({ kind: 'done' });
  expect(second.asked[0]).toBe(20);
  expect(second.progress[0]).toBe(20 * PIECE);
});

test('after a crash it goes on behind what is sure to be on the disk', async () => {
  const first = fetching({ failsAt: 25 });
  await first.outcome;
  const [part = ''] = readdirSync(first.directory).filter((name) => name.endsWith('.part'));
  // Bytes behind the note that never reached the disk, as zeroes.
  writeFileSync(join(first.directory, part), Buffer.alloc(PIECE), { flag: 'a' });
  const second = fetching({ directory: first.directory, failsAt: 27 });
  await second.outcome;
  expect(second.asked[0]).toBe(25);
  // A file that lost its end begins again.
  truncateSync(join(first.directory, part), PIECE);
  const third = fetching({ directory: first.directory });
  expect(await third.outcome).toMatchObject({ kind: 'done' });
  expect(third.asked[0]).toBe(0);
});

test('the same package, put there anew, begins from the start', async () => {
  const first = fetching({ failsAt: 20 });
  await first.outcome;
  const replaced = fetching({ directory: first.directory, nuid: 'second' });
  expect(await replaced.outcome).toMatchObject({ kind: 'broken_off' });
  const again = fetching({ directory: first.directory, nuid: 'second' });
  expect(await again.outcome).toMatchObject({ kind: 'done' });
  expect(again.asked[0]).toBe(0);
});

test('it stops where the disk has no room for the rest, and goes on when there is', async () => {
  let free = BODY.length;
  const first = fetching({ room: () => (free -= 2 * PIECE) });
  expect(await first.outcome).toEqual({ kind: 'no_room' });
  const had = first.asked.length;
  expect(had).toBeLessThan(Math.ceil(BODY.length / PIECE));
  const second = fetching({ directory: first.directory });
  expect(await second.outcome).toMatchObject({ kind: 'done' });
  expect(second.asked[0]).toBe(had);
});

test.each([
  ['other bytes', Buffer.alloc(BODY.length, 1)],
  ['more bytes', Buffer.concat([BODY, Buffer.alloc(PIECE)])],
])('%s than were signed are not kept', async (_what, body) => {
  const { outcome, directory } = fetching({ body });
  expect(await outcome).toEqual({ kind: 'not_signed' });
  expect(readdirSync(directory)).toEqual([]);
});

test('a stop ends it, and what was fetched stays', async () => {
  const ending = new AbortController();
  const directory = tempDir();
  const room = () => {
    ending.abort(new Error('stopping'));
    return Number.POSITIVE_INFINITY;
  };
  await expect(fetching({ directory, room, signal: ending.signal }).outcome).rejects.toThrow('stopping');
  expect(await fetching({ directory }).outcome).toMatchObject({ kind: 'done' });
});
