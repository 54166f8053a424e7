/** Bad values of the fleet's buckets: what counts instead, and what is said about it. */
import { describe, expect, test } from 'vitest';
import { sleep } from '../../src/base/sleep.ts';
import { runIdOf } from '../../test/support/ids.ts';
import { commandText } from './command-text.ts';
import { PC } from './pipeline.ts';
import { withPipeline } from './with-pipeline.ts';

const cases = withPipeline();
const { freshId, ends } = cases;

let jobs = 0;
/** A job whose keys nobody has read yet. */
const freshJob = () => `kv-job-${++jobs}`;
const MEGA = 'x'.repeat(1024 * 1024);
const bytes = (...all: number[]) => Buffer.from(all);

function putRead(bucket: string, key: string, value: string | Uint8Array): void {
  cases.agent.bus.kv.set(`${bucket}/${key}`, { kind: 'value', value: Buffer.from(value), revision: 1 });
}

describe('script_current: any value but the very version is another version', () => {
  const table: readonly (readonly [string, string | Uint8Array, string])[] = [
    ['the version in quotes', '"1.0.0"', '"1.0.0"'],
    ['a line break behind it', '1.0.0\n', '1.0.0\n'],
    ['a byte order mark before it', '\ufeff1.0.0', '\ufeff1.0.0'],
    ['nothing', '', ''],
    ['null', 'null', 'null'],
    ['invalid UTF-8', bytes(0x31, 0xff), '1\ufffd'],
    ['a NUL', '1.0.0\0', '1.0.0\0'],
  ];
  test.each(table)('%s', async (_name, value, shown) => {
    const job = freshJob();
    putRead('script_current', job, value);
    const { rows, results } = await ends(commandText(freshId(), { id: JSON.stringify(job) }));
    expect(rows).toMatchObject([{ reason: 'VERSION_PIN', exitCode: 124 }]);
    const stderr = `skipped: version-pin mismatch — script_current[${job}] = ${shown}, command brought 1.0.0`;
    expect(results).toMatchObject([{ exit_code: 124, stderr, skipped: true }]);
  });

  test('1 MB of version is told in a result that fits a message', async () => {
    const job = freshJob();
    putRead('script_current', job, MEGA);
    const { results } = await ends(commandText(freshId(), { id: JSON.stringify(job) }));
    expect(results).toMatchObject([{ exit_code: 124, skipped: true }]);
    expect(results[0]?.stderr).toMatch(
      /^skipped: version-pin mismatch — .*bytes of output left out.*command brought 1\.0\.0$/s,
    );
    expect(Buffer.byteLength(JSON.stringify(results[0]))).toBeLessThan(1024 * 1024);
  });
});

describe('script_status: only the very word withdraws', () => {
  const table: readonly (readonly [string, string | Uint8Array])[] = [
    ['lower case', 'revoked'],
    ['in quotes', '"REVOKED"'],
    ['a blank before it', ' REVOKED'],
    ['a line break behind it', 'REVOKED\n'],
    ['a byte order mark before it', '\ufeffREVOKED'],
    ['a NUL behind it', 'REVOKED\0'],
    ['nothing', ''],
    ['null', 'null'],
    ['invalid UTF-8', bytes(0xc3, 0x28)],
    ['1 MB', MEGA],
  ];
  test.each(table)('%s: it runs', async (_name, value) => {
    const job = freshJob();
    putRead('script_status', job, value);
    const { rows } = await ends(commandText(freshId(), { id: JSON.stringify(job) }));
    expect(rows).toMatchObject([{ reason: 'DONE', exitCode: 0 }]);
  });

  test.each(['failed', 'no_bucket'] as const)('a bucket that is then %s keeps what was withdrawn', async (kind) => {
    const job = freshJob();
    const send = () => ends(commandText(freshId(), { id: JSON.stringify(job) }));
    putRead('script_status', job, 'REVOKED');
    expect((await send()).rows).toMatchObject([{ reason: 'REVOKED', exitCode: 126 }]);
    const { kv } = cases.agent.bus;
    kv.set(`script_status/${job}`, kind === 'failed' ? { kind, why: 'no answer' } : { kind });
    // One read is shared for 50 ms.
    await sleep(60);
    expect((await send()).rows).toMatchObject([{ reason: 'REVOKED', exitCode: 126 }]);
  });

  test.each(['a b', '*', '>', '../x', 'a..b', '.a', '', '日本'])(
    'the id %j is no key, so nothing is asked for it',
    async (id) => {
      const reads = cases.agent.bus.kvReads;
      const { rows } = await cases.agent.send(commandText(freshId(), { id: JSON.stringify(id) }));
      expect(rows).toMatchObject([{ reason: 'DONE' }]);
      expect(cases.agent.bus.kvReads).toBe(reads);
    },
  );
});

describe('agent_config: the last good value stays where one can not be read', () => {
  const table: readonly (readonly [string, string | Uint8Array, string])[] = [
    ['nothing', '', 'invalid JSON at byte 0: expected a value, found the end'],
    ['a list', '[]', 'expected an object, found a list'],
    ['null', 'null', 'expected an object, found null'],
    ['the raw version of old fleets', '0.30.0', 'invalid JSON at byte 4: expected the end'],
    ['a byte order mark', '\ufeff{}', 'invalid JSON at byte 0: expected a value'],
    ['invalid UTF-8', bytes(0x7b, 0xff, 0x7d), 'invalid UTF-8 at byte 1'],
    ['an interval that is a number', '{"heartbeat_interval":5}', 'heartbeat_interval: expected a string, found 5'],
    ['a version that is a number', '{"target_version":1}', 'target_version: expected a string, found 1'],
    [
      'a key twice',
      '{"heartbeat_interval":"9s","heartbeat_interval":"8s"}',
      'duplicate key "heartbeat_interval" at byte 27',
    ],
    ['half a surrogate pair', '{"target_version":"\\ud83d"}', 'half a surrogate pair in the string at byte 18'],
    ['1,000 levels', '['.repeat(1_000), 'invalid JSON at byte 127: expected at most 127 levels'],
  ];
  test.each(table)('%s', async (_name, value, error) => {
    const { agent } = cases;
    agent.put('agent_config', 'global', '{"heartbeat_interval":"17s"}');
    const logged = agent.log.length;
    agent.put('agent_config', 'global', value);
    expect(agent.fleet.effective.value.heartbeatIntervalMs).toBe(17_000);
    expect(agent.log.slice(logged)).toMatchObject([
      {
        level: 'warn',
        message: 'a configuration key can not be read; its last good value stays',
        fields: { key: 'global', error },
      },
    ]);
  });

  const durations: readonly (readonly [string, number, string])[] = [
    ['0s', 1_000, 'out of range; 1 s is used'],
    ['1ns', 1_000, 'out of range; 1 s is used'],
    ['61s', 60_000, 'out of range; 60 s is used'],
    ['500000000000years', 60_000, 'out of range; 60 s is used'],
    [
      '999999999999years',
      30_000,
      'number is too large or cannot be represented without a lack of precision (values below 1ns are not supported); 30 s is used',
    ],
    ['', 30_000, 'value was empty; 30 s is used'],
    ['30', 30_000, 'time unit needed, for example 30sec or 30ms; 30 s is used'],
    ['-5s', 30_000, 'expected number at 0; 30 s is used'],
    [
      '5S',
      30_000,
      'unknown time unit "S", supported units: ns, us/µs, ms, sec, min, hours, days, weeks, months, years (and few variations); 30 s is used',
    ],
  ];
  test.each(durations)('an interval of %j counts as %i ms', (text, ms, why) => {
    const { agent } = cases;
    agent.put('agent_config', 'global', '{}');
    const logged = agent.log.length;
    agent.put('agent_config', 'global', JSON.stringify({ heartbeat_interval: text }));
    expect(agent.fleet.effective.value.heartbeatIntervalMs).toBe(ms);
    const warning = `agent_config global: heartbeat_interval ${JSON.stringify(text)}: ${why}`;
    expect(
      agent.log
        .slice(logged)
        .filter(({ level }) => level === 'warn')
        .map(({ message }) => message),
    ).toEqual([warning]);
  });

  test.each(['0', '-1', '4.0', '"4"', '9007199254740992', 'true'])(
    'a max_local_concurrent of %s is left out, the rest of the key counts',
    (value) => {
      const { agent } = cases;
      agent.put('agent_config', 'global', '{}');
      agent.put('agent_config', 'global', `{"max_local_concurrent":${value},"target_version":"../../x"}`);
      expect(agent.fleet.effective.value).toMatchObject({ maxLocalConcurrent: null, targetVersion: '../../x' });
      const warning = agent.log.findLast(({ level }) => level === 'warn')?.message;
      expect(warning).toMatch(
        /^agent_config global: ignored: max_local_concurrent: expected a whole number from 1 to 4294967295, found /,
      );
    },
  );
});

describe('agent_groups', () => {
  const unreadable: readonly (readonly [string, string | Uint8Array])[] = [
    ['nothing', ''],
    ['a bare list', '["mine"]'],
    ['groups that are a text', '{"groups":"mine"}'],
    ['groups that are null', '{"groups":null}'],
    ['a group that is a number', '{"groups":["mine",1]}'],
    ['the key twice', '{"groups":[],"groups":[]}'],
    ['invalid UTF-8', bytes(0xff)],
  ];
  test.each(unreadable)('%s: the last good groups stay', async (_name, value) => {
    const { agent } = cases;
    agent.put('agent_groups', PC, '{"groups":["mine"]}');
    agent.put('agent_groups', PC, value);
    expect(agent.fleet.groups.value).toEqual(new Set(['mine']));
    expect((await ends(commandText(freshId()), 'commands.group.mine')).rows).toMatchObject([{ reason: 'DONE' }]);
  });

  test('names that would be wildcards, paths or no part of a subject are left out', async () => {
    const { agent } = cases;
    const groups = ['mine', 'mine', '*', '>', 'a b', '', '.', '../x', 'a..b', '日本', 'a\0', 'x'.repeat(201), 'a.b'];
    agent.put('agent_groups', PC, JSON.stringify({ groups }));
    expect(agent.fleet.groups.value).toEqual(new Set(['a.b', 'mine']));
    expect(agent.bus.subjects.filter((subject) => subject.startsWith('commands.group.')).sort()).toEqual([
      'commands.group.a.b',
      'commands.group.mine',
    ]);
    const { rows } = await ends(commandText(freshId()), 'commands.group.other');
    expect(rows).toEqual([]);
  });

  test('a key that is gone means no groups', () => {
    const { agent } = cases;
    agent.put('agent_groups', PC, null);
    expect(agent.fleet.groups.value).toEqual(new Set());
  });
});

describe('jobs: the name under which a run is shown', () => {
  const manifest = (description: string) => JSON.stringify({ id: 'j', version: '1', description, tags: ['new'] });
  const table: readonly (readonly [string, string | Uint8Array, string | null])[] = [
    ['1 MB in one line', manifest(MEGA), `${'x'.repeat(999)}…`],
    ['blank lines and controls before it', manifest('\r\n \n\u0007A\u202etitle\nmore'), 'A title'],
    ['an emoji across the cut', manifest(`${'x'.repeat(998)}😀😀`), `${'x'.repeat(998)}…`],
    ['blanks alone', manifest(' \n\t'), null],
    ['a description that is a number', '{"id":"j","version":"1","description":1}', null],
    ['a manifest without its id', '{"version":"1","description":"x"}', null],
    ['half a surrogate pair', '{"id":"j","version":"1","description":"\\udfff"}', null],
    ['a list', '[]', null],
    ['nothing', '', null],
  ];
  test.each(table)('%s', async (_name, value, title) => {
    const job = freshJob();
    putRead('jobs', job, value);
    const { rows } = await ends(commandText(freshId(), { id: JSON.stringify(job) }));
    expect(rows).toMatchObject([{ reason: 'DONE' }]);
    expect(cases.agent.store.history.get(runIdOf(rows[0]?.run ?? 0))?.title).toBe(title);
  });
});
