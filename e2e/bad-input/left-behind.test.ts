/** Bad files in the data directory of the original agent: what is good is taken over, the rest stays and is said. */
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { takeOver } from '../../src/agent/results/takeover.ts';
import { openStore } from '../../src/agent/store/open.ts';
import { type LogFields, type Logger, silentLogger } from '../../src/base/logger.ts';
import { fixtureValue } from '../../test/fixtures/read.ts';
import { testStore } from '../../test/support/store.ts';
import { tempDir } from '../../test/support/temp.ts';

const { content } = fixtureValue('local_outbox') as { content: string };

/** A data directory to put files in, and what taking it over gives. */
function original() {
  const data = tempDir();
  const own = join(data, 'kanade-tray');
  const store = testStore(own);
  const said: LogFields[] = [];
  const note = (_message: string, fields: LogFields = {}) => void said.push(fields);
  const log: Logger = { ...silentLogger, error: note, warn: note };
  return {
    data,
    store,
    said,
    run: () => takeOver(data, store, 1_000, () => null, log),
    query: async (sql: string) => {
      await store.close();
      const opened = openStore(own);
      if (opened.kind !== 'open') throw new Error(opened.kind);
      const rows = opened.db.prepare(sql).pluck().all();
      opened.db.close();
      return rows;
    },
  };
}

describe('outbox', () => {
  const withRequestId = (id: string) => content.replace(/"request_id":"[^"]*"/, `"request_id":"${id}"`);
  const parked: readonly (readonly [string, string | Uint8Array, string])[] = [
    ['nothing', '', 'invalid JSON at byte 0: expected a value, found the end'],
    ['a cut result', content.slice(0, -2), 'found the end'],
    ['a byte order mark', `\ufeff${content}`, 'expected a value'],
    ['invalid UTF-8', Buffer.from([0x7b, 0xc0, 0xaf, 0x7d]), 'invalid UTF-8 at byte 1'],
    ['a list', '[]', 'expected an object, found a list'],
    ['an exit code of 2^31', content.replace('127', '2147483648'), 'exit_code: expected a whole number'],
    ['an exit code of 5.0', content.replace('127', '5.0'), 'exit_code: expected a whole number'],
    ['no request_id', content.replace('request_id', 'x'), 'request_id: expected a string, found nothing'],
    ['a request_id that is a path', withRequestId('../../x'), 'its request_id can not be a subject'],
    ['a request_id with a wildcard', withRequestId('a.>'), 'its request_id can not be a subject'],
    ['a line break in the result_id', content.replace('d2f535cf', 'a\\r\\nb'), 'its result_id can not be sent'],
    ['1 MB of result_id', content.replace('d2f535cf', 'x'.repeat(1024 * 1024)), 'its result_id can not be sent'],
    ['half a surrogate pair in its output', content.replace('"stdout":""', '"stdout":"\\ud800"'), 'half a surrogate'],
    ['a key twice', content.replace('{', '{"stdout":"",'), 'duplicate key "stdout"'],
  ];
  test.each(parked)('%s is kept, parked and visible; the next one is queued', async (_name, bad, why) => {
    const { data, store, run, query } = original();
    mkdirSync(join(data, 'outbox'));
    writeFileSync(join(data, 'outbox', 'a.json'), bad);
    writeFileSync(join(data, 'outbox', 'b.json'), content);
    expect(await run()).toEqual({ results: 1, parked: 1, completions: 0 });
    expect(store.outbox.counts()).toMatchObject({ waiting: 1, parked: 1 });
    expect(readFileSync(join(data, 'outbox', 'a.json.imported')).equals(Buffer.from(bad))).toBe(true);
    expect(await query('SELECT parked_why FROM outbox WHERE parked_at IS NOT NULL')).toEqual([
      expect.stringContaining(why),
    ]);
  });

  test('two that name neither a usable request nor a result are both kept', async () => {
    const { data, store, run } = original();
    mkdirSync(join(data, 'outbox'));
    for (const name of ['a', 'b']) {
      const text = withRequestId(`${name} b`).replace(/"result_id":"[^"]*"/, '"result_id":""');
      writeFileSync(join(data, 'outbox', `${name}.json`), text);
    }
    expect(await run()).toEqual({ results: 0, parked: 2, completions: 0 });
    expect(store.outbox.counts()).toMatchObject({ waiting: 0, parked: 2 });
  });

  test('what can not be read as a file stays where it is, and the rest is taken', async () => {
    const { data, said, run } = original();
    mkdirSync(join(data, 'outbox', 'directory.json'), { recursive: true });
    symlinkSync('/nowhere', join(data, 'outbox', 'link.json'));
    writeFileSync(join(data, 'outbox', 'half.json.tmp'), content);
    writeFileSync(join(data, 'outbox', 'good.json'), content);
    expect(await run()).toEqual({ results: 1, parked: 0, completions: 0 });
    expect(readdirSync(join(data, 'outbox')).sort()).toEqual([
      'directory.json',
      'good.json.imported',
      'half.json.tmp',
      'link.json',
    ]);
    expect(said).toHaveLength(2);
  });

  test('a file in place of the directory is said and passed over', async () => {
    const { data, said, run } = original();
    writeFileSync(join(data, 'outbox'), '');
    expect(await run()).toEqual({ results: 0, parked: 0, completions: 0 });
    expect(said).toMatchObject([{ error: expect.stringContaining('ENOTDIR') }]);
  });
});

describe('local_completions.json', () => {
  const at = '"2026-11-24T19:34:06Z"';

  test.each([
    ['nothing', ''],
    ['a byte order mark', `\ufeff{"a::b":${at}}`],
    ['null', 'null'],
    ['a list', `[${at}]`],
    ['a text', at],
    ['a cut object', `{"a::b":${at}`],
  ])('%s stays where it is and is said', async (_name, text) => {
    const { data, said, run } = original();
    const path = join(data, 'local_completions.json');
    writeFileSync(path, text);
    expect(await run()).toEqual({ results: 0, parked: 0, completions: 0 });
    expect(said).toMatchObject([{ path }]);
    expect(readFileSync(path, 'utf8')).toBe(text);
  });

  test.each([
    ['a key without its job', `"a":${at}`],
    ['a time that is a number', '"a::b":1764012846'],
    ['a time that is none', '"a::b":"yesterday"'],
    ['a time that is null', '"a::b":null'],
  ])('%s is left out and said, the rest is taken', async (_name, bad) => {
    const { data, said, run, query } = original();
    writeFileSync(join(data, 'local_completions.json'), `{${bad},"__proto__::x":${at},"ok::job":${at}}`);
    expect(await run()).toEqual({ results: 0, parked: 0, completions: 2 });
    expect(said).toHaveLength(1);
    expect(await query('SELECT schedule_id FROM completions ORDER BY 1')).toEqual(['__proto__', 'ok']);
  });
});
