/** Commands that are strange but can be read: they run, are refused by a gate, or are somebody else's. */
import { describe, expect, test } from 'vitest';
import { rowOf } from '../../src/agent/status/views.ts';
import { runRowSchema } from '../../src/shared/run-view.ts';
import { eventually } from '../../test/support/eventually.ts';
import { runIdOf } from '../../test/support/ids.ts';
import { commandText, type Fields, nested } from './command-text.ts';
import { withPipeline } from './with-pipeline.ts';

const cases = withPipeline();
const { freshId, ends } = cases;

const MEGA = JSON.stringify('x'.repeat(1024 * 1024));

describe('strange but usable: it runs', () => {
  const table: readonly (readonly [string, Fields])[] = [
    ['a timeout of 0', { timeout_secs: '0' }],
    ['a timeout of 2^53', { timeout_secs: '9007199254740992' }],
    ['a timeout of 2^63', { timeout_secs: '9223372036854775808' }],
    ['a timeout of 2^64 - 1', { timeout_secs: '18446744073709551615' }],
    ['a deadline in the year 9999', { deadline_at: '"9999-12-31T23:59:59.999999999Z"' }],
    ['an empty script', { script: '""' }],
    ['an empty cwd', { cwd: '""' }],
    ['no run_as and no staleness', { run_as: null, staleness: null }],
    ['an exec_id that can not be a subject', { exec_id: '"a b > *"' }],
    ['an empty exec_id', { exec_id: '""' }],
    ['an id with wildcards, blanks and a NUL', { id: '"* > \\u0000"' }],
    ['an id that is a way up the directories', { id: '"../../x"' }],
    ['an empty id and version', { id: '""', version: '""' }],
    ['the keys of every object', { ['__proto__']: '1', constructor: 'null', toString: '{}' }],
    ['127 levels in a field nobody knows', { unknown: nested(126) }],
    ['an age that is no duration, while connected', { staleness: '{"mode":"strict","max_cache_age":"soon"}' }],
    ['an unknown field in staleness', { staleness: '{"mode":"unchecked","max_cache_age":7}' }],
    ['1 MB of id', { id: MEGA }],
    ['1 MB of version', { version: MEGA }],
    ['1 MB of exec_id', { exec_id: MEGA }],
    ['1 MB of script', { script: MEGA }],
    ['1 MB of a field nobody knows', { unknown: MEGA }],
  ];
  test.each(table)('%s', async (_name, fields) => {
    const requestId = freshId();
    const { rows, results } = await ends(commandText(requestId, fields));
    expect(rows).toMatchObject([{ reason: 'DONE', exitCode: 0, requestId }]);
    expect(results).toMatchObject([{ request_id: requestId, exit_code: 0, skipped: false }]);
    expect(Buffer.byteLength(JSON.stringify(results[0]))).toBeLessThan(1024 * 1024);
  });

  test.each(['../r', '/etc/passwd', '日本語.😀', 'x'.repeat(200), '$KV', '__proto__'])(
    'the request_id %j',
    async (id) => {
      const usable = id !== '../r';
      const { rows, results } = await ends(commandText(id));
      expect(rows).toMatchObject([{ reason: usable ? 'DONE' : 'BAD_MESSAGE' }]);
      expect(results.map(({ request_id }) => request_id)).toEqual(usable ? [id] : []);
    },
  );
});

describe('refused by the gates', () => {
  test.each([
    ['the year 0', '0000-01-01T00:00:00Z', '0000-01-01 00:00:00 UTC'],
    ['1970', '1970-01-01t00:00:00+0000', '1970-01-01 00:00:00 UTC'],
    ['a leap second', '2016-12-31 23:59:60z', '2017-01-01 00:00:00 UTC'],
    ['30 digits of a fraction', `2020-01-01T00:00:00.${'9'.repeat(30)}Z`, '2020-01-01 00:00:00.999999999 UTC'],
  ])('a deadline in %s is over', async (_name, deadline, shown) => {
    const { rows, results } = await ends(commandText(freshId(), { deadline_at: JSON.stringify(deadline) }));
    expect(rows).toMatchObject([{ reason: 'DEADLINE', exitCode: 125 }]);
    expect(results[0]?.stderr).toMatch(/^skipped: starting deadline expired \d+years? /);
    expect(results[0]?.stderr).toContain(`(deadline ${shown}, received 20`);
  });

  test('an age that is no duration counts as 0 once the link is in doubt', async () => {
    const { agent } = cases;
    const staleness = '{"mode":"strict","max_cache_age":"forever"}';
    agent.bus.ageMs = 1_500;
    const { rows, results } = await agent.send(commandText(freshId(), { staleness }));
    agent.bus.ageMs = 0;
    expect(rows).toMatchObject([{ reason: 'STALE_VIEW', exitCode: 127 }]);
    expect(results[0]?.stderr).toMatch(/disconnected for 1s 500ms, max allowed 0s$/);
  });
});

test('a jitter of 2^64 - 1 s waits, is shown, and can be stopped', async () => {
  const { agent } = cases;
  const requestId = freshId();
  await agent.deliver(commandText(requestId, { jitter_secs: '18446744073709551615', exec_id: '"e-jitter"' }));
  const run = runIdOf(agent.lastRun());
  await eventually(() => expect(agent.store.history.get(run)?.state).toBe('waiting_jitter'));
  const waiting = agent.store.history.get(run);
  expect(waiting && runRowSchema.safeParse(rowOf(waiting, { asYou: false, nameless: false })).success).toBe(true);
  agent.bus.deliver('kill.e-jitter');
  await eventually(() => expect(agent.store.history.get(run)?.state).toBe('finished'));
  expect(agent.store.history.get(run)).toMatchObject({ reason: 'KILLED_WAITING', exitCode: -1 });
});

describe('addressed elsewhere', () => {
  test.each([
    'commands.pc.PC-2',
    'commands.pc.PC-1.x',
    'commands.group.other',
    'commands.group.',
    'commands.',
    'commands',
  ])('%j is counted and acknowledged, not recorded', async (subject) => {
    const { rows, results } = await ends(commandText(freshId()), subject);
    expect({ rows, results }).toEqual({ rows: [], results: [] });
  });
});

describe('sent again', () => {
  test('the same bytes are a duplicate, other bytes under the same id a conflict that is shown and not answered', async () => {
    const requestId = freshId();
    await ends(commandText(requestId));
    expect(await ends(commandText(requestId))).toMatchObject({ rows: [], results: [] });
    const { rows, results } = await ends(commandText(requestId, { script: '"false"' }));
    expect(rows).toMatchObject([{ reason: 'CONFLICT', exitCode: null }]);
    expect(results).toEqual([]);
  });

  test('a bad message that comes again is not answered again', async () => {
    const text = commandText(freshId(), { shell: '"zsh"' });
    expect((await ends(text)).results).toHaveLength(1);
    expect(await ends(text)).toMatchObject({ rows: [], results: [] });
  });
});
