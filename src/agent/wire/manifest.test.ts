import { expect, test } from 'vitest';
import { fixtureMessages } from '../../../test/fixtures/read.ts';
import { decodeManifest } from './manifest.ts';

test('a captured job is read', () => {
  const read = fixtureMessages('kv_jobs').map(({ payload }) => decodeManifest(Buffer.from(payload)));
  const manifest = { id: 'echo-test', version: '1.0.0', description: null, inventory: false };
  expect(read).toEqual([{ ok: true, manifest }]);
});

test('what later fleets write into a job does not keep it from being read (D30)', () => {
  const wire = {
    id: 'a',
    version: '2',
    description: 'One\nTwo',
    inventory: { display: [] },
    tags: null,
    emit: {},
    execute: 7,
  };
  const manifest = { id: 'a', version: '2', description: 'One\nTwo', inventory: true };
  expect(decodeManifest(Buffer.from(JSON.stringify(wire)))).toEqual({ ok: true, manifest });
});

test.each(['', '[]', '{"id":"a"}', '{"id":"a","version":1}', '{"id":"a","version":"1","description":2}'])(
  '%j is refused with a reason',
  (body) => {
    expect(decodeManifest(Buffer.from(body))).toMatchObject({ ok: false, error: expect.stringContaining('expected') });
  },
);
