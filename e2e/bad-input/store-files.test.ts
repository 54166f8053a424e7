/** Bad files in the data directory: kept, said, and the agent works on. */
import { mkdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { recover } from '../../src/agent/run/recovery.ts';
import { LATEST_VERSION } from '../../src/agent/store/migrations.ts';
import { type OpenResult, openStore, settleOldCopy } from '../../src/agent/store/open.ts';
import { systemClock } from '../../src/base/clock.ts';
import { silentLogger } from '../../src/base/logger.ts';
import { arrival, testStore } from '../../test/support/store.ts';
import { tempDir } from '../../test/support/temp.ts';
import { commandText } from './command-text.ts';
import { Pipeline, type SentResult } from './pipeline.ts';

/** A directory with the store of an agent that has admitted one command and was ended in order. */
async function leftStore(body = commandText('left')): Promise<string> {
  const directory = tempDir();
  const store = testStore(directory);
  await store.runs.admit(arrival('left', body, { manifestId: 'job-1' }));
  await store.close();
  return directory;
}

/** Opens and closes again; what was found is what counts. */
function opened(directory: string): OpenResult {
  const result = openStore(directory);
  if (result.kind === 'open') result.db.close();
  return result;
}

function change(directory: string, sql: string): void {
  const result = openStore(directory);
  if (result.kind !== 'open') throw new Error(result.kind);
  result.db.exec(sql);
  result.db.close();
}

describe('store.db', () => {
  const moved: readonly (readonly [string, (file: string) => void])[] = [
    ['text', (file) => writeFileSync(file, 'not a database '.repeat(1_000))],
    [
      'a header with nothing right behind it',
      (file) => writeFileSync(file, `SQLite format 3\0${'\xff'.repeat(8_000)}`),
    ],
    ['cut in the middle', (file) => truncateSync(file, 8_192)],
    ['zeros from its second page on', (file) => writeFileSync(file, zeroed(readFileSync(file)))],
  ];
  test.each(moved)('%s: it is kept under another name, and a new one is begun', async (_name, spoil) => {
    const directory = await leftStore();
    const file = join(directory, 'store.db');
    spoil(file);
    const { size } = statSync(file);
    const result = opened(directory);
    // What could still be read of it is not run.
    expect(result).toMatchObject({ kind: 'open', notes: { oldCopy: true } });
    const aside = result.kind === 'open' ? result.notes.quarantined : null;
    expect(statSync(aside ?? '').size).toBe(size);
    expect(testStore(directory).history.count({})).toBe(0);
  });

  const schemas: readonly (readonly [string, string])[] = [
    ['of something else', 'PRAGMA user_version = 0'],
    ['without one of our tables', 'DROP TABLE outbox'],
    ['of a version below zero', 'PRAGMA user_version = -1'],
  ];
  test.each(schemas)('a database %s is kept under another name, and a new one is begun', async (_name, sql) => {
    const directory = await leftStore();
    change(directory, sql);
    expect(opened(directory)).toMatchObject({
      kind: 'open',
      notes: { quarantined: expect.stringContaining('damaged') },
    });
    // The one command in it still gets its answer.
    expect(testStore(directory).inbox.open(9)).toMatchObject([{ requestId: 'left' }]);
  });

  test.each(['x', '-1', '', '1e9', '99999999999999999999'])(
    'one of a future release that names %j as its oldest reader is not touched',
    async (reader) => {
      const directory = await leftStore();
      const have = LATEST_VERSION + 1;
      change(directory, `UPDATE meta SET value = '${reader}' WHERE key = 'min_reader'; PRAGMA user_version = ${have}`);
      const before = readFileSync(join(directory, 'store.db'));
      expect(opened(directory)).toEqual({ kind: 'future', have, supported: LATEST_VERSION });
      expect(readFileSync(join(directory, 'store.db')).equals(before)).toBe(true);
    },
  );

  test('an empty file is a new store', () => {
    const directory = tempDir();
    writeFileSync(join(directory, 'store.db'), '');
    expect(opened(directory)).toMatchObject({ kind: 'open', notes: { quarantined: null, oldCopy: false } });
  });

  test('a directory in its place is a store that can not be written', () => {
    const directory = tempDir();
    mkdirSync(join(directory, 'store.db'));
    expect(opened(directory)).toMatchObject({ kind: 'read_only' });
  });

  test('a write-ahead log of garbage is passed over', async () => {
    const directory = await leftStore();
    writeFileSync(join(directory, 'store.db-wal'), Buffer.alloc(40_000, 0x5a));
    expect(opened(directory)).toMatchObject({ kind: 'open', notes: { quarantined: null } });
    expect(testStore(directory).history.count({})).toBe(1);
  });
});

describe('boot-counter', () => {
  const table: readonly (readonly [string, string | Uint8Array, boolean])[] = [
    ['nothing in it', '', false],
    ['text', 'one', false],
    ['a negative number', '-5\n', false],
    ['2^63', '9223372036854775808\n', false],
    ['400 digits', '9'.repeat(400), false],
    ['a fraction', '7.5', false],
    ['bytes', Buffer.from([0xff, 0x00, 0x31]), false],
    ['a number ahead of the store: an old copy was put back', '12\n', true],
  ];
  test.each(table)('%s', async (_name, content, oldCopy) => {
    const directory = await leftStore();
    writeFileSync(join(directory, 'boot-counter'), content);
    expect(opened(directory)).toMatchObject({ kind: 'open', notes: { oldCopy } });
    // And the next start finds store and file in step, once it was acted upon.
    const next = openStore(directory);
    expect(next).toMatchObject({ kind: 'open', notes: { oldCopy } });
    if (next.kind !== 'open') return;
    settleOldCopy(next.db, directory, Number.MAX_SAFE_INTEGER);
    next.db.close();
    expect(opened(directory)).toMatchObject({ kind: 'open', notes: { oldCopy: false } });
  });

  test('a directory in its place is a store that can not be written', async () => {
    const directory = await leftStore();
    const path = join(directory, 'boot-counter');
    rmSync(path);
    mkdirSync(path);
    expect(opened(directory)).toMatchObject({ kind: 'read_only' });
  });
});

describe('rows that no agent wrote so', () => {
  /** Starts an agent on a store with one open command that was tampered with; what it sends. */
  async function restart(sql: string, body?: string): Promise<{ agent: Pipeline; results: SentResult[] }> {
    const directory = await leftStore(body);
    change(directory, sql);
    const agent = new Pipeline(directory);
    onTestFinished(() => agent.close());
    const { store, scripts, dispatcher } = agent;
    const recovery = { store, scripts, dispatcher, clock: systemClock, log: silentLogger };
    await recover(recovery, new AbortController().signal);
    dispatcher.nudge();
    await agent.settled();
    const results = agent.results().filter(({ request_id }) => request_id === 'left');
    expect((await agent.send(commandText('next'))).rows).toMatchObject([{ reason: 'DONE' }]);
    return { agent, results };
  }

  const failed = 'command failed before it produced an outcome';
  const table: readonly (readonly [string, string, object])[] = [
    [
      'a command of garbage',
      "UPDATE commands SET body = x'00ff'",
      { exit_code: -1, stderr: `${failed}: the stored command can not be read: invalid UTF-8 at byte 1` },
    ],
    [
      'an empty command',
      "UPDATE commands SET body = x''",
      {
        exit_code: -1,
        stderr: `${failed}: the stored command can not be read: invalid JSON at byte 0: expected a value, found the end`,
      },
    ],
    ['no command', 'DELETE FROM commands', { exit_code: -1, stderr: `${failed}: run 1 has no command` }],
    ['an unknown state', "UPDATE runs SET state = 'asleep'", { exit_code: 0 }],
    ['a start before the epoch', 'UPDATE runs SET not_before = -9223372036854775808', { exit_code: 0 }],
    ['running, by a process of -1', "UPDATE runs SET state = 'running', pid = -1, pid_start = ''", { exit_code: 121 }],
    [
      'killed before it began',
      'UPDATE runs SET kill_at = 0',
      { exit_code: -1, stderr: 'killed by remote signal (kill.)' },
    ],
  ];
  test.each(table)('%s: it ends in its one result', async (_name, sql, result) => {
    const { results } = await restart(sql);
    expect(results).toHaveLength(1);
    expect(results).toMatchObject([result]);
  });

  test.each([
    ['a remembered configuration', 'agent_config', 'global'],
    ['remembered groups', 'agent_groups', 'PC-1'],
    ['a remembered pin', 'script_current', 'x'],
  ])('%s of garbage is passed over', async (_name, bucket, key) => {
    const sql = `INSERT OR REPLACE INTO kv_mirror (bucket, key, value, revision, read_at) VALUES ('${bucket}', '${key}', x'ff00', -1, -1)`;
    const { agent, results } = await restart(sql);
    expect(results).toMatchObject([{ exit_code: 0 }]);
    expect(agent.fleet.effective.value.heartbeatIntervalMs).toBe(30_000);
  });
});

function zeroed(bytes: Buffer): Buffer {
  return Buffer.concat([bytes.subarray(0, 4_096), Buffer.alloc(bytes.length - 4_096)]);
}
