import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { runIdOf } from '../../../test/support/ids.ts';
import { arrival, testStore } from '../../../test/support/store.ts';
import { tempDir } from '../../../test/support/temp.ts';
import { giveBack } from './give-back.ts';

const NOW_MS = Date.UTC(2026, 10, 25, 12);
const RESULT = {
  kind: 'result',
  id: '5d8a5d64-2df5-4b21-9c3c-0f6d7a1f0c11',
  subject: 'results.r-1',
  body: Buffer.from('{"a":1}'),
} as const;

it('writes results where the original looks, byte for byte, and lets go of them; parked ones stay', async () => {
  const data = tempDir();
  const store = testStore(join(data, 'kanade-tray'));
  await store.outbox.put(RESULT, NOW_MS);
  await store.outbox.putParked({ ...RESULT, id: 'parked' }, NOW_MS, 'unreadable');
  expect(await giveBack(data, store, 'PC-1', NOW_MS)).toEqual({ results: 1, completions: 0 });
  expect(readdirSync(join(data, 'outbox'))).toEqual([`${RESULT.id}.json`]);
  expect(readFileSync(join(data, 'outbox', `${RESULT.id}.json`), 'utf8')).toBe('{"a":1}');
  expect(store.outbox.counts()).toMatchObject({ waiting: 0, parked: 1 });
});

it('answers what was taken in and never ran, once', async () => {
  const data = tempDir();
  const store = testStore(join(data, 'kanade-tray'));
  await store.runs.admit(arrival('r-2'));
  expect(await giveBack(data, store, 'PC-1', NOW_MS)).toEqual({ results: 1, completions: 0 });
  const [name = ''] = readdirSync(join(data, 'outbox'));
  expect(JSON.parse(readFileSync(join(data, 'outbox', name), 'utf8'))).toMatchObject({
    request_id: 'r-2',
    pc_id: 'PC-1',
    exit_code: -1,
    stderr: 'stopped: never started, the PC was given back to the original agent',
  });
  expect(await giveBack(data, store, 'PC-1', NOW_MS)).toEqual({ results: 0, completions: 0 });
});

it('a row without a result that could be told ends all the same, and keeps no other from its end', async () => {
  const data = tempDir();
  const store = testStore(join(data, 'kanade-tray'));
  await store.runs.admit(arrival(null, 'damaged'));
  await store.runs.admit(arrival('r-3'));
  const said: string[] = [];
  const given = await giveBack(data, store, 'PC-1', NOW_MS, (text) => said.push(text));
  expect(given).toEqual({ results: 1, completions: 0 });
  expect(said).toEqual([expect.stringMatching(/^run 1 has no result that can be told: /)]);
  expect([1, 2].map((run) => store.history.get(runIdOf(run))?.state)).toEqual(['finished', 'finished']);
});

it('what may have run is not answered as never started: found running, or of an older copy', async () => {
  const data = tempDir();
  const store = testStore(join(data, 'kanade-tray'));
  for (const id of ['older', 'running', 'waiting']) await store.runs.admit(arrival(id));
  await store.markOlderCopy(1);
  await store.runs.start(runIdOf(2), { startedAtMs: NOW_MS - 5_000, runAsUser: null, facts: null, event: null });
  await giveBack(data, store, 'PC-1', NOW_MS);
  const files = readdirSync(join(data, 'outbox')).map((name) => readFileSync(join(data, 'outbox', name), 'utf8'));
  const codes = files.map((text) => JSON.parse(text)).map(({ request_id, exit_code }) => [request_id, exit_code]);
  expect(Object.fromEntries(codes)).toEqual({ older: 121, running: 121, waiting: -1 });
});

it('a result whose id is no name of a file goes under another one, and keeps no other back', async () => {
  const data = tempDir();
  const store = testStore(join(data, 'kanade-tray'));
  await store.outbox.put({ ...RESULT, id: '/elsewhere/x' }, NOW_MS);
  await store.outbox.put(RESULT, NOW_MS);
  expect((await giveBack(data, store, 'PC-1', NOW_MS)).results).toBe(2);
  const names = readdirSync(join(data, 'outbox')).filter((name) => name !== `${RESULT.id}.json`);
  expect(names).toEqual([expect.stringMatching(/^[\da-f]{64}\.json$/)]);
});

it('adds completions to those that the original had, whatever is wrong with its file', async () => {
  const data = tempDir();
  const store = testStore(join(data, 'kanade-tray'));
  await store.completions.record('s', 'j', NOW_MS);
  const file = join(data, 'local_completions.json');
  writeFileSync(`${file}.imported`, '{"old::job":"2026-01-01T00:00:00Z"}');
  expect((await giveBack(data, store, 'PC-1', NOW_MS)).completions).toBe(1);
  expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({
    'old::job': '2026-01-01T00:00:00Z',
    's::j': '2026-11-25T12:00:00Z',
  });
  writeFileSync(file, 'broken');
  writeFileSync(`${file}.imported`, '[]');
  await giveBack(data, store, 'PC-1', NOW_MS);
  expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({ 's::j': '2026-11-25T12:00:00Z' });
});

it('a crash in between gives back the same file again', async () => {
  const data = tempDir();
  const store = testStore(join(data, 'kanade-tray'));
  mkdirSync(join(data, 'outbox'));
  writeFileSync(join(data, 'outbox', `${RESULT.id}.json`), 'half');
  await store.outbox.put(RESULT, NOW_MS);
  await giveBack(data, store, 'PC-1', NOW_MS);
  expect(readFileSync(join(data, 'outbox', `${RESULT.id}.json`), 'utf8')).toBe('{"a":1}');
});
