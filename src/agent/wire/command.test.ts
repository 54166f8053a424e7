import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fixtureMessages, fixtureNames } from '../../../test/fixtures/read.ts';
import { requestIdOf } from '../../../test/support/ids.ts';
import type { SentExecId, SentRequestId } from '../../shared/ids.ts';
import { type Command, decodeCommand, encodeCommand, RUN_AS, SHELLS } from './command.ts';

const BASE = {
  id: 'j1',
  version: '1.0.0',
  request_id: 'r1',
  shell: 'cmd',
  script: 'echo',
  timeout_secs: 30,
};

const DECODED: Command = {
  id: 'j1',
  version: '1.0.0',
  requestId: requestIdOf('r1'),
  execId: null,
  shell: 'cmd',
  script: 'echo',
  timeoutSecs: 30,
  jitterSecs: null,
  runAs: 'system',
  cwd: null,
  deadlineAtNs: null,
  staleness: { mode: 'cached' },
  scriptObject: null,
  retry: null,
  bypassLocalLimit: false,
};

const decode = (body: string | object) =>
  decodeCommand(Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)));
/** The base with a raw value put in, so that it can hold what JSON.stringify does not write. */
const withRaw = (name: string, raw: string) => decode(`${JSON.stringify(BASE).slice(0, -1)},"${name}":${raw}}`);
const replaced = (name: keyof typeof BASE, raw: string) =>
  decode(
    `{${Object.entries(BASE)
      .map(([key, value]) => `"${key}":${key === name ? raw : JSON.stringify(value)}`)
      .join()}}`,
  );
const withField = (name: string, raw: string) =>
  name in BASE ? replaced(name as keyof typeof BASE, raw) : withRaw(name, raw);

const commandFixtures = fixtureNames.filter((name) => name.startsWith('command_'));

test.each(commandFixtures)('%s is decoded, and encoded again byte for byte', (name) => {
  for (const { payload } of fixtureMessages(name)) {
    const decoded = decode(payload);
    expect(decoded).toMatchObject({ ok: true });
    if (decoded.ok) expect(Buffer.from(encodeCommand(decoded.command)).toString()).toBe(payload);
  }
});

test('the fullest captured command is read field by field', () => {
  expect(decode(fixtureMessages('command_exec_full')[0]?.payload ?? '')).toEqual({
    ok: true,
    command: {
      ...DECODED,
      id: 'full-job',
      version: '2.1.0',
      requestId: '26713316-934b-4456-bb20-dc036ac5b529',
      execId: 'b6f02773-505f-44d0-8482-468f7d028811',
      shell: 'powershell',
      script: 'echo full',
      timeoutSecs: 300,
      runAs: 'system_gui',
      cwd: '/',
      staleness: { mode: 'strict', maxCacheAge: '5m' },
    },
  });
});

test('what is absent has its default', () => {
  expect(decode(BASE)).toEqual({ ok: true, command: DECODED });
});

describe('fields as they may be', () => {
  test.each<[string, string, Partial<Command>]>([
    ['exec_id', 'null', { execId: null }],
    ['exec_id', '""', { execId: '' as SentExecId }],
    ['job_id', '"x"', { execId: 'x' as SentExecId }],
    ['job_id', 'null', { execId: null }],
    ['shell', '"sh"', { shell: 'sh' }],
    ['shell', '"pwsh"', { shell: 'pwsh' }],
    ['timeout_secs', '0', { timeoutSecs: 0 }],
    ['timeout_secs', '18446744073709551615', { timeoutSecs: 2n ** 64n - 1n }],
    ['jitter_secs', '9007199254740993', { jitterSecs: 9007199254740993n }],
    ['jitter_secs', 'null', { jitterSecs: null }],
    ['cwd', '""', { cwd: null }],
    ['cwd', 'null', { cwd: null }],
    ['deadline_at', 'null', { deadlineAtNs: null }],
    ['deadline_at', '"1970-01-01 09:00:00.000000001+0900"', { deadlineAtNs: 1n }],
    ['run_as', '"user"', { runAs: 'user' }],
    ['staleness', '{"mode":"unchecked","more":1}', { staleness: { mode: 'unchecked' } }],
    [
      'staleness',
      '{"mode":"strict","max_cache_age":"nonsense"}',
      { staleness: { mode: 'strict', maxCacheAge: 'nonsense' } },
    ],
    ['script_object', '"a/1"', { scriptObject: { key: 'a/1', sha256: null } }],
    ['script_object', 'null', { scriptObject: null }],
    ['bypass_local_limit', 'true', { bypassLocalLimit: true }],
    ['command_kind', '"shell"', {}],
    ['retry', '{"max":3,"backoff_secs":30}', { retry: { max: 3, backoffSecs: 30 } }],
    ['retry', 'null', {}],
    ['retry', '{"max":3,"backoff_secs":1.5}', {}],
    ['__proto__', '{"script":"evil"}', {}],
  ])('%s: %s', (name, raw, expected) => {
    expect(withField(name, raw)).toEqual({ ok: true, command: { ...DECODED, ...expected } });
  });
});

describe('fields as they may not be: refused by name, with the ids', () => {
  test.each([
    ['id', 'null', 'id: expected a string, found null'],
    ['version', '1', 'version: expected a string, found 1'],
    ['request_id', '[]', 'request_id: expected a string, found a list'],
    ['exec_id', '7', 'exec_id: expected a string, found 7'],
    ['shell', '"ps"', 'shell: expected one of "powershell", "cmd", "sh", "pwsh", found "ps"'],
    ['shell', '"CMD"', 'shell: expected one of "powershell", "cmd", "sh", "pwsh", found "CMD"'],
    ['shell', 'null', 'shell: expected one of "powershell", "cmd", "sh", "pwsh", found null'],
    ['script', '{}', 'script: expected a string, found an object'],
    [
      'timeout_secs',
      '5.0',
      'timeout_secs: expected a whole number from 0 to 18446744073709551615, found 5 (not written as a whole number)',
    ],
    ['timeout_secs', '"5"', 'timeout_secs: expected a whole number from 0 to 18446744073709551615, found "5"'],
    ['timeout_secs', '-1', 'timeout_secs: expected a whole number from 0 to 18446744073709551615, found -1'],
    ['timeout_secs', 'null', 'timeout_secs: expected a whole number from 0 to 18446744073709551615, found null'],
    [
      'timeout_secs',
      '18446744073709551616',
      'timeout_secs: expected a whole number from 0 to 18446744073709551615, found 18446744073709551616',
    ],
    [
      'jitter_secs',
      '1e3',
      'jitter_secs: expected a whole number from 0 to 18446744073709551615, found 1000 (not written as a whole number)',
    ],
    [
      'jitter_secs',
      '-0',
      'jitter_secs: expected a whole number from 0 to 18446744073709551615, found 0 (not written as a whole number)',
    ],
    ['run_as', 'null', 'run_as: expected one of "system", "user", "system_gui", found null'],
    ['run_as', '"root"', 'run_as: expected one of "system", "user", "system_gui", found "root"'],
    ['cwd', '1', 'cwd: expected a string, found 1'],
    ['deadline_at', '"tomorrow"', 'deadline_at: expected a time such as 2026-11-24T03:00:00Z, found "tomorrow"'],
    ['deadline_at', '0', 'deadline_at: expected a time such as 2026-11-24T03:00:00Z, found 0'],
    ['staleness', 'null', 'staleness: expected an object, found null'],
    ['staleness', '"cached"', 'staleness: expected an object, found "cached"'],
    ['staleness', '{}', 'staleness.mode: expected one of "cached", "unchecked", "strict", found nothing'],
    ['staleness', '{"mode":"lax"}', 'staleness.mode: expected one of "cached", "unchecked", "strict", found "lax"'],
    ['staleness', '{"mode":"strict"}', 'staleness.max_cache_age: expected a string, found nothing'],
    ['script_object', '{}', 'script_object: expected a string, found an object'],
    ['script_object_sha256', '5', 'script_object_sha256: expected a string, found 5'],
    ['bypass_local_limit', '1', 'bypass_local_limit: expected true or false, found 1'],
  ])('%s: %s', (name, raw, error) => {
    const ids = { requestId: 'r1', execId: null, id: 'j1', version: '1.0.0' };
    const unread = { id: 'id', version: 'version', request_id: 'requestId' }[name];
    const expected = unread === undefined ? ids : { ...ids, [unread]: null };
    expect(withField(name, raw)).toEqual({ ok: false, kind: 'undecodable', ...expected, error });
  });

  test('a long value is not repeated in the sentence', () => {
    const refused = replaced('shell', JSON.stringify('x'.repeat(1_000_000)));
    expect(refused).toMatchObject({ ok: false, error: expect.stringMatching(/found a long string$/) });
  });

  test('exec_id under both of its names', () => {
    expect(decode({ ...BASE, exec_id: null, job_id: null })).toMatchObject({
      ok: false,
      kind: 'undecodable',
      requestId: 'r1',
      error: 'exec_id: expected once, found it also under its other name job_id',
    });
  });
});

test.each(Object.keys(BASE))('without %s it is refused', (name) => {
  const { [name as 'id']: _, ...rest } = BASE;
  expect(decode(rest)).toMatchObject({
    ok: false,
    kind: 'undecodable',
    error: expect.stringMatching(`^${name}: expected`),
  });
});

describe('what is no script', () => {
  test.each([
    ['command_kind', '"collect"', 'command_kind: expected "shell", found "collect"'],
    ['command_kind', 'null', 'command_kind: expected "shell", found null'],
    ['payload_version', 'null', 'payload_version: expected a script to run, found a typed command'],
    ['operation', '{"kind":"x"}', 'operation: expected a script to run, found a typed command'],
    ['deploy_authorization', 'null', 'deploy_authorization: expected a script to run, found a typed command'],
  ])('%s: %s is unsupported, even if the rest is a script', (name, raw, error) => {
    expect(withRaw(name, raw)).toEqual({
      ok: false,
      kind: 'unsupported',
      requestId: 'r1',
      execId: null,
      id: 'j1',
      version: '1.0.0',
      error,
    });
  });

  test('an envelope is unsupported, with the ids of the command inside', () => {
    const envelope = {
      kind: 'kanade.command.v2',
      target_pc_id: 'PC-A',
      expires_at: 'x',
      command: { ...BASE, exec_id: 'e1' },
    };
    expect(decode(envelope)).toEqual({
      ok: false,
      kind: 'unsupported',
      requestId: 'r1',
      execId: 'e1',
      id: 'j1',
      version: '1.0.0',
      error: 'kind: expected a plain command, found an envelope of kind "kanade.command.v2"',
    });
  });
});

describe('what is no command at all', () => {
  test.each(['', 'null', '[]', '"x"', '7', '{', '{}}', 'echo hi'])('%j', (body) => {
    expect(decode(body)).toMatchObject({ ok: false, kind: 'undecodable', requestId: null });
  });

  test('a duplicate key leaves the other ids readable, so that the sender can be told', () => {
    const duplicate = decode('{"request_id":"r1","id":"a","id":"b","version":"1"}');
    expect(duplicate).toMatchObject({ ok: false, kind: 'undecodable', requestId: 'r1', id: null, version: '1' });
    expect(decode('{"request_id":"r1","request_id":"r1"}')).toMatchObject({ ok: false, requestId: null });
  });

  test('half a surrogate pair in the script leaves the ids readable, in an id that id is not', () => {
    expect(replaced('script', '"\\ud800"')).toMatchObject({ ok: false, kind: 'undecodable', requestId: 'r1' });
    expect(replaced('request_id', '"r\\ud800"')).toMatchObject({ ok: false, requestId: null, id: 'j1' });
  });
});

test('every command that is encoded decodes to itself', () => {
  const u64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map((n) => (n < 2n ** 53n ? Number(n) : n));
  const command = fc.record<Command>({
    id: fc.string(),
    version: fc.string(),
    requestId: fc.string().map((id) => id as SentRequestId),
    execId: fc.option(fc.string().map((id) => id as SentExecId)),
    shell: fc.constantFrom(...SHELLS),
    script: fc.string({ unit: 'grapheme' }),
    timeoutSecs: u64,
    jitterSecs: fc.option(u64),
    runAs: fc.constantFrom(...RUN_AS),
    cwd: fc.option(fc.string({ minLength: 1 })),
    deadlineAtNs: fc.option(fc.bigInt({ min: 0n, max: 10n ** 19n })),
    staleness: fc.oneof(
      fc.constantFrom({ mode: 'cached' as const }, { mode: 'unchecked' as const }),
      fc.record({ mode: fc.constant('strict' as const), maxCacheAge: fc.string() }),
    ),
    scriptObject: fc.option(fc.record({ key: fc.string(), sha256: fc.option(fc.string()) })),
    bypassLocalLimit: fc.boolean(),
    retry: fc.option(fc.record({ max: fc.nat(), backoffSecs: fc.nat() })),
  });
  fc.assert(
    fc.property(command, (each) => {
      expect(decodeCommand(encodeCommand(each))).toEqual({ ok: true, command: each });
    }),
  );
});
