/** Commands that can't be carried out as they are: each ends as the table of architecture §3 says, and the next good one runs. */
import { describe, expect, test } from 'vitest';
import { commandText, type Fields, nested } from './command-text.ts';
import { withPipeline } from './with-pipeline.ts';

const { freshId, ends } = withPipeline();

describe('what can not be read is answered with the field and what was expected', () => {
  const u64 = 'a whole number from 0 to 18446744073709551615';
  const time = 'a time such as 2026-11-24T03:00:00Z';
  const shells = 'one of "powershell", "cmd", "sh", "pwsh"';
  const table: readonly (readonly [string, Fields, string])[] = [
    ['no id', { id: null }, 'id: expected a string, found nothing'],
    ['an id that is a number', { id: '7' }, 'id: expected a string, found 7'],
    ['an id that is null', { id: 'null' }, 'id: expected a string, found null'],
    [
      'a version that is a fraction',
      { version: '1.0' },
      'version: expected a string, found 1 (not written as a whole number)',
    ],
    ['no script', { script: null }, 'script: expected a string, found nothing'],
    ['a script in a list', { script: '["true"]' }, 'script: expected a string, found a list'],
    ['an exec_id in an object', { exec_id: '{}' }, 'exec_id: expected a string, found an object'],
    ['no shell', { shell: null }, `shell: expected ${shells}, found nothing`],
    ['a shell in capitals', { shell: '"SH"' }, `shell: expected ${shells}, found "SH"`],
    ['a shell with a blank behind', { shell: '"sh "' }, `shell: expected ${shells}, found "sh "`],
    ['a shell that is a path', { shell: '"/bin/sh"' }, `shell: expected ${shells}, found "/bin/sh"`],
    [
      'the name of a property every object has',
      { shell: '"constructor"' },
      `shell: expected ${shells}, found "constructor"`,
    ],
    ['no timeout', { timeout_secs: null }, `timeout_secs: expected ${u64}, found nothing`],
    ['a timeout that is null', { timeout_secs: 'null' }, `timeout_secs: expected ${u64}, found null`],
    [
      'a timeout of 5.0',
      { timeout_secs: '5.0' },
      `timeout_secs: expected ${u64}, found 5 (not written as a whole number)`,
    ],
    [
      'a timeout of 1e3',
      { timeout_secs: '1e3' },
      `timeout_secs: expected ${u64}, found 1000 (not written as a whole number)`,
    ],
    ['a timeout of -1', { timeout_secs: '-1' }, `timeout_secs: expected ${u64}, found -1`],
    [
      'a timeout of -0',
      { timeout_secs: '-0' },
      `timeout_secs: expected ${u64}, found 0 (not written as a whole number)`,
    ],
    ['a timeout in quotes', { timeout_secs: '"30"' }, `timeout_secs: expected ${u64}, found "30"`],
    ['a timeout that is true', { timeout_secs: 'true' }, `timeout_secs: expected ${u64}, found true`],
    [
      'a timeout of 2^64',
      { timeout_secs: '18446744073709551616' },
      `timeout_secs: expected ${u64}, found 18446744073709551616`,
    ],
    [
      'a timeout of 300 digits',
      { timeout_secs: '9'.repeat(300) },
      `timeout_secs: expected ${u64}, found a long number`,
    ],
    ['a jitter of -1', { jitter_secs: '-1' }, `jitter_secs: expected ${u64}, found -1`],
    [
      'a jitter of 2^64',
      { jitter_secs: '18446744073709551616' },
      `jitter_secs: expected ${u64}, found 18446744073709551616`,
    ],
    ['a jitter that is a duration', { jitter_secs: '"30s"' }, `jitter_secs: expected ${u64}, found "30s"`],
    ['a run_as that is null', { run_as: 'null' }, 'run_as: expected one of "system", "user", "system_gui", found null'],
    ['an unknown run_as', { run_as: '"root"' }, 'run_as: expected one of "system", "user", "system_gui", found "root"'],
    ['a cwd that is a number', { cwd: '0' }, 'cwd: expected a string, found 0'],
    ['a deadline that is a number', { deadline_at: '1764000000' }, `deadline_at: expected ${time}, found 1764000000`],
    [
      'a deadline without a zone',
      { deadline_at: '"2026-11-24T03:00:00"' },
      `deadline_at: expected ${time}, found "2026-11-24T03:00:00"`,
    ],
    [
      'a deadline on 30 February',
      { deadline_at: '"2026-02-30T03:00:00Z"' },
      `deadline_at: expected ${time}, found "2026-02-30T03:00:00Z"`,
    ],
    [
      'a deadline in the year 10000',
      { deadline_at: '"10000-01-01T00:00:00Z"' },
      `deadline_at: expected ${time}, found "10000-01-01T00:00:00Z"`,
    ],
    ['a staleness that is a text', { staleness: '"cached"' }, 'staleness: expected an object, found "cached"'],
    ['a staleness that is null', { staleness: 'null' }, 'staleness: expected an object, found null'],
    [
      'an unknown staleness',
      { staleness: '{"mode":"lenient"}' },
      'staleness.mode: expected one of "cached", "unchecked", "strict", found "lenient"',
    ],
    [
      'a strict staleness without its age',
      { staleness: '{"mode":"strict"}' },
      'staleness.max_cache_age: expected a string, found nothing',
    ],
    [
      'a staleness in capitals',
      { staleness: '{"mode":"CACHED"}' },
      'staleness.mode: expected one of "cached", "unchecked", "strict", found "CACHED"',
    ],
    ['a script_object that is a list', { script_object: '[]' }, 'script_object: expected a string, found a list'],
    ['a bypass that is a number', { bypass_local_limit: '1' }, 'bypass_local_limit: expected true or false, found 1'],
    [
      'exec_id under both of its names',
      { job_id: '"e"' },
      'exec_id: expected once, found it also under its other name job_id',
    ],
  ];
  test.each(table)('%s', async (_name, fields, error) => {
    const requestId = freshId();
    const { rows, results } = await ends(commandText(requestId, fields));
    expect(rows).toMatchObject([{ reason: 'BAD_MESSAGE', exitCode: -1, requestId, detail: error }]);
    expect(results).toMatchObject([
      { request_id: requestId, exit_code: -1, stderr: `refused: cannot read command: ${error}`, skipped: false },
    ]);
  });
});

describe('a message that is almost JSON is answered where it says whom to answer', () => {
  const flaws: readonly (readonly [string, Fields, RegExp])[] = [
    ['half a surrogate pair', { script: '"\\ud800"' }, /^half a surrogate pair in the string at byte \d+$/],
    ['half a surrogate pair in a key', { '\ud800': 'null' }, /^half a surrogate pair in the string at byte \d+$/],
  ];
  test.each(flaws)('%s', async (_name, fields, error) => {
    const requestId = freshId();
    const { rows, results } = await ends(commandText(requestId, fields));
    expect(rows).toMatchObject([{ reason: 'BAD_MESSAGE', exitCode: -1, requestId }]);
    expect(rows[0]?.detail).toMatch(error);
    expect(results).toMatchObject([
      { request_id: requestId, stderr: `refused: cannot read command: ${rows[0]?.detail}` },
    ]);
  });

  test.each(['script', 'timeout_secs', 'staleness', 'unknown'])('%s twice', async (field) => {
    const requestId = freshId();
    const text = commandText(requestId, { unknown: '1' }).replace(/}$/, `,"${field}":1}`);
    const { rows, results } = await ends(text);
    expect(rows[0]?.detail).toMatch(`duplicate key "${field}" at byte`);
    expect(results).toMatchObject([{ request_id: requestId, exit_code: -1 }]);
  });
});

describe('without a usable request_id it is shown here and answered nowhere', () => {
  const unusable = 'request_id: expected 1 to 200 characters that can be part of a subject';
  const idText = (text: string) => commandText('', { request_id: JSON.stringify(text) });
  const table: readonly (readonly [string, string | Uint8Array, string | RegExp])[] = [
    ['an empty message', '', 'invalid JSON at byte 0: expected a value, found the end'],
    ['a byte order mark', `\ufeff${commandText('bom')}`, 'invalid JSON at byte 0: expected a value'],
    ['invalid UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0xfe]), 'invalid UTF-8 at byte 2'],
    ['UTF-16', Buffer.from(commandText('utf16'), 'utf16le'), 'invalid JSON at byte 1: expected a key in quotes'],
    ['a list', '[]', 'expected an object, found a list'],
    ['null', 'null', 'expected an object, found null'],
    ['a number', '5', 'expected an object, found 5'],
    [
      'a cut message',
      commandText('cut').slice(0, -1),
      /^invalid JSON at byte \d+: expected "," or "}", found the end$/,
    ],
    ['two messages in one', commandText('one') + commandText('two'), /^invalid JSON at byte \d+: expected the end$/],
    ['a comma too many', '{"request_id":"x",}', 'invalid JSON at byte 18: expected a key in quotes'],
    ['quotes of another language', "{'id':'x'}", 'invalid JSON at byte 1: expected a key in quotes'],
    ['NaN', commandText('nan', { timeout_secs: 'NaN' }), /expected a value$/],
    ['a number out of range', commandText('inf', { timeout_secs: '1e999' }), /expected a number in range$/],
    ['a leading zero', commandText('zero', { timeout_secs: '030' }), /expected a number$/],
    ['128 levels', commandText('deep', { unknown: nested(127) }), /expected at most 127 levels$/],
    ['100,000 levels', nested(100_000), /expected at most 127 levels$/],
    ['a raw control character', '{"request_id":"a\u0001"}', 'invalid JSON at byte 16: expected the closing quote'],
    ['no request_id', commandText('', { request_id: null }), 'request_id: expected a string, found nothing'],
    ['a request_id that is a number', commandText('', { request_id: '12' }), 'request_id: expected a string, found 12'],
    ['a request_id twice', commandText('').replace(/}$/, ',"request_id":"b"}'), /^duplicate key "request_id"/],
    ['half a surrogate pair in the request_id', commandText('', { request_id: '"\\udc00"' }), /^half a surrogate pair/],
    ['an empty request_id', idText(''), unusable],
    ['a blank in it', idText('a b'), unusable],
    ['a wildcard in it', idText('a.*'), unusable],
    ['the other wildcard', idText('>'), unusable],
    ['a NUL in it', idText('a\0b'), unusable],
    ['a line break in it', idText('a\r\nb'), unusable],
    ['a way up the directories', idText('../../etc/passwd'), unusable],
    ['a dot at its end', idText('a.'), unusable],
    ['201 characters', idText('x'.repeat(201)), unusable],
    ['1 MB of request_id', idText('x'.repeat(1024 * 1024)), unusable],
    ['a no-break space in it', idText('a\u00a0b'), unusable],
  ];
  test.each(table)('%s', async (_name, data, error) => {
    const { rows, results } = await ends(data);
    expect(rows).toMatchObject([{ reason: 'BAD_MESSAGE', exitCode: null, requestId: null }]);
    expect(rows[0]?.detail).toMatch(typeof error === 'string' ? new RegExp(`^${RegExp.escape(error)}$`) : error);
    expect(results).toEqual([]);
  });
});

describe('what is no script is skipped as unsupported', () => {
  const table: readonly (readonly [string, Fields, string])[] = [
    ['another command_kind', { command_kind: '"winget"' }, 'command_kind: expected "shell", found "winget"'],
    ['a command_kind that is null', { command_kind: 'null' }, 'command_kind: expected "shell", found null'],
    ['an operation, even null', { operation: 'null' }, 'operation: expected a script to run, found a typed command'],
    ['a payload_version', { payload_version: '2' }, 'payload_version: expected a script to run, found a typed command'],
  ];
  test.each(table)('%s', async (_name, fields, error) => {
    const requestId = freshId();
    const { rows, results } = await ends(commandText(requestId, fields));
    expect(rows).toMatchObject([{ reason: 'UNSUPPORTED', exitCode: 122, requestId, detail: error }]);
    const stderr = `skipped: this kind of command is not supported by this agent (${error})`;
    expect(results).toMatchObject([{ request_id: requestId, exit_code: 122, stderr, skipped: true }]);
  });

  test('an envelope of a kind that nobody knows is shown and not answered: whose it is, nobody has vouched for', async () => {
    const { rows, results } = await ends(commandText(freshId(), { kind: '"kanade.command.v3"' }));
    const detail = 'kind: expected "kanade.command.v2", found "kanade.command.v3"';
    expect(rows).toMatchObject([{ reason: 'UNSUPPORTED', exitCode: null, requestId: null, detail }]);
    expect(results).toEqual([]);
  });

  test('an envelope that nobody has signed is refused and not answered', async () => {
    const { rows, results } = await ends(commandText(freshId(), { kind: '"kanade.command.v2"' }));
    expect(rows).toMatchObject([{ reason: 'SIGNATURE', exitCode: null, signature: 'absent', signedBy: null }]);
    expect(results).toEqual([]);
  });

  const objects: readonly (readonly [string, Fields, string])[] = [
    ['a script object without a digest', { script_object: '"a/1"' }, 'a/1 can not be used: no SHA-256 is given for it'],
    [
      'a script object that is not there',
      { script_object: '"../x"', script_object_sha256: '"00"' },
      '../x can not be used: it does not exist',
    ],
  ];
  test.each(objects)('%s', async (_name, fields, error) => {
    const { rows, results } = await ends(commandText(freshId(), { ...fields, script: '""' }));
    expect(rows).toMatchObject([{ reason: 'UNSUPPORTED', exitCode: 122 }]);
    expect(results).toMatchObject([{ exit_code: 122, stderr: `skipped: script object ${error}`, skipped: true }]);
  });
});
