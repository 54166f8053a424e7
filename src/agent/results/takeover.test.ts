import { chownSync, mkdirSync, readdirSync, readFileSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { recordLog } from '../../../test/support/bus.ts';
import { OTHER_UID } from '../../../test/support/other-user.ts';
import { testStore } from '../../../test/support/store.ts';
import { tempDir } from '../../../test/support/temp.ts';
import { silentLogger } from '../../base/logger.ts';
import { distrustPath } from '../../platform/trusted-path.ts';
import { takeOver } from './takeover.ts';

const FIXTURES = join(import.meta.dirname, '../../../test/fixtures');
const captured = (name: string) => JSON.parse(readFileSync(join(FIXTURES, name), 'utf8')) as { value: never };

/** A data directory as the original leaves it. */
function originalDirectory() {
  const directory = tempDir();
  const outbox = join(directory, 'outbox');
  mkdirSync(outbox);
  const { file, content } = captured('local_outbox.json').value as { file: string; content: string };
  const put = (name: string, text: string, atSecs: number) => {
    writeFileSync(join(outbox, name), text);
    utimesSync(join(outbox, name), atSecs, atSecs);
  };
  return { directory, outbox, file, content, put };
}

const trusted = () => null;

const none = { results: 0, parked: 0, completions: 0 };

test('a file that can not be renamed is taken over once, also when its result has left the store meanwhile', async () => {
  const { directory, outbox, file, content, put } = originalDirectory();
  put(file, content, 1_000);
  // Somebody holds the name that it would get.
  mkdirSync(join(outbox, `${file}.imported`, 'held'), { recursive: true });
  const store = testStore(tempDir());
  expect(await takeOver(directory, store, 5, trusted, silentLogger)).toEqual({ ...none, results: 1 });
  for (const row of store.outbox.waiting(true, 10)) await store.outbox.delivered(row, 6);
  expect(await takeOver(directory, store, 7, trusted, silentLogger)).toEqual(none);
  expect(store.outbox.counts()).toMatchObject({ waiting: 0, parked: 0 });
});

test('unsent results become ours in their order, byte for byte and with their ids', async () => {
  const { directory, outbox, file, content, put } = originalDirectory();
  const earlier = content.replaceAll('d2f535cf', 'a2f535cf').replaceAll('08fec20f', '18fec20f');
  put(file, content, 2_000);
  put('earlier.json', earlier, 1_000);
  const store = testStore(tempDir());
  expect(await takeOver(directory, store, 5, trusted, silentLogger)).toEqual({ ...none, results: 2 });
  const rows = store.outbox.waiting(true, 10);
  expect(rows.map(({ body }) => Buffer.from(body).toString())).toEqual([earlier, content]);
  expect(rows.map(({ id, subject }) => [id, subject])).toEqual([
    ['a2f535cf-e057-4f0d-a6d2-a3ad74900bfa', 'results.18fec20f-bf25-4f4b-84cf-b1ae2a1890d0'],
    ['d2f535cf-e057-4f0d-a6d2-a3ad74900bfa', 'results.08fec20f-bf25-4f4b-84cf-b1ae2a1890d0'],
  ]);
  expect(readdirSync(outbox).sort()).toEqual([`${file}.imported`, 'earlier.json.imported'].sort());
});

test('a file that was taken over before a crash is not queued twice', async () => {
  const { directory, file, content, put } = originalDirectory();
  const store = testStore(tempDir());
  put(file, content, 1_000);
  await takeOver(directory, store, 5, trusted, silentLogger);
  put(file, content, 1_000);
  await takeOver(directory, store, 5, trusted, silentLogger);
  expect(store.outbox.counts()).toMatchObject({ waiting: 1, parked: 0 });
});

test('a result without an id gets the one that the backend would give it', async () => {
  const { directory, file, content, put } = originalDirectory();
  put(file, content.replace(/"result_id":"[^"]*",/, ''), 1_000);
  const store = testStore(tempDir());
  await takeOver(directory, store, 5, trusted, silentLogger);
  expect(store.outbox.waiting(true, 1)[0]?.id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-/);
});

test.each([
  ['empty after a power loss', ''],
  ['not JSON', '{bad'],
  ['without exit code', '{"request_id":"r"}'],
])('a file that is %s is kept, parked and visible', async (_name, text) => {
  const { directory, outbox, put } = originalDirectory();
  put('r.json', text, 1_000);
  const store = testStore(tempDir());
  expect(await takeOver(directory, store, 5, trusted, silentLogger)).toEqual({ ...none, parked: 1 });
  expect(store.outbox.counts()).toMatchObject({ waiting: 0, parked: 1 });
  expect(readdirSync(outbox)).toEqual(['r.json.imported']);
});

test('completions are taken over with their times, so that nothing fires again', async () => {
  const { directory } = originalDirectory();
  writeFileSync(join(directory, 'local_completions.json'), captured('local_completions.json').value as string);
  const store = testStore(tempDir());
  expect(await takeOver(directory, store, 5, trusted, silentLogger)).toEqual({ ...none, completions: 1 });
  expect(store.completions.lastMs('local-2s', 'echo-test')).toBe(Date.parse('2026-11-24T19:34:06.200Z'));
  expect(readdirSync(directory)).toContain('local_completions.json.imported');
});

test('completions that can not be read stay where they are, and the rest goes on', async () => {
  const { directory, file, content, put } = originalDirectory();
  writeFileSync(join(directory, 'local_completions.json'), '{"a::b": 5, "c": "x"');
  put(file, content, 1_000);
  const store = testStore(tempDir());
  expect(await takeOver(directory, store, 5, trusted, silentLogger)).toEqual({ ...none, results: 1 });
  expect(readdirSync(directory)).toContain('local_completions.json');
});

test('a directory without anything of the original is left alone', async () => {
  const directory = tempDir();
  expect(await takeOver(directory, testStore(tempDir()), 5, trusted, silentLogger)).toEqual(none);
  expect(readdirSync(directory)).toEqual([]);
});

test('what somebody else could have written is not taken over, nor what is no file or larger than any result', async () => {
  const { directory, outbox, content, put } = originalDirectory();
  for (const name of ['a.json', 'theirs.json', 'large.json']) put(name, content, 1_000);
  truncateSync(join(outbox, 'large.json'), 2 ** 31);
  mkdirSync(join(outbox, 'directory.json'));
  writeFileSync(join(directory, 'local_completions.json'), '{"s::j":"2026-01-01T00:00:00Z"}');
  const distrust = (path: string) =>
    /theirs|completions/.test(path) ? 'belongs to S-1-5-21-1, who could change it' : null;
  const { logger: log, lines: said } = recordLog();
  expect(await takeOver(directory, testStore(tempDir()), 5, distrust, log)).toEqual({ ...none, results: 1 });
  expect(said.filter((line) => line.includes('could not be taken over')).length).toBe(4);
  expect(readdirSync(outbox).sort()).toEqual(['a.json.imported', 'directory.json', 'large.json', 'theirs.json']);
});

test('on this system: a file of another account is not taken over', async ({ skip }) => {
  if (process.getuid?.() !== 0) skip('only root can give a file away');
  const { directory, outbox, content, put } = originalDirectory();
  for (const name of ['ours.json', 'theirs.json']) put(name, content.replaceAll('d2f535cf', name), 1_000);
  chownSync(join(outbox, 'theirs.json'), OTHER_UID, OTHER_UID);
  expect(await takeOver(directory, testStore(tempDir()), 5, distrustPath, silentLogger)).toEqual({
    ...none,
    results: 1,
  });
  expect(readdirSync(outbox).sort()).toEqual(['ours.json.imported', 'theirs.json']);
});
