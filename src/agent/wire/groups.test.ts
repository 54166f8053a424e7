import { expect, test } from 'vitest';
import { fixtureMessages } from '../../../test/fixtures/read.ts';
import { groupsOf } from '../../../test/support/ids.ts';
import { decodeGroups, unionGroups } from './groups.ts';

test('captured memberships are read', () => {
  const read = fixtureMessages('kv_agent_groups').map(({ payload }) => decodeGroups(Buffer.from(payload)));
  expect(read).toEqual([['canary'], ['canary', 'wave1'], ['canary']].map((groups) => ({ ok: true, groups })));
});

test('each group is there once, in byte order, and what would match every group is not', () => {
  const body = JSON.stringify({ groups: ['b', 'a', 'b', 'B', '*', '>', '', 'a b', 'x..y', '日本'], more: 1 });
  expect(decodeGroups(Buffer.from(body))).toEqual({ ok: true, groups: ['B', 'a', 'b'] });
});

test.each(['', '{}', '["a"]', '{"groups":"a"}', '{"groups":null}', '{"groups":["a",1]}'])(
  '%j is refused with a reason',
  (body) => {
    expect(decodeGroups(Buffer.from(body))).toMatchObject({ ok: false, error: expect.stringContaining('expected') });
  },
);

test('membership is the union of its sources', () => {
  expect(unionGroups([...groupsOf('b', 'a')], [], [...groupsOf('c', 'a')])).toEqual(['a', 'b', 'c']);
});
