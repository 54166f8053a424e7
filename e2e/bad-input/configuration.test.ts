/** Bad settings and variables: every problem is said with file, line, key and what was expected; nothing is guessed. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { TestMachine, toml } from '../../test/support/config-machine.ts';

let here: TestMachine;
beforeEach(() => {
  here = new TestMachine();
});
afterEach(() => here.remove());

/** The message of a file that can't be used, without the path before each line. */
function problemsIn(content: string | Uint8Array, env: Record<string, string> = {}): string {
  const file = here.file('agent.toml', content);
  const loaded = here.load({ configPath: file, env });
  return loaded.ok ? 'usable' : loaded.message.replaceAll(file, '');
}

const withId = (id: string) => toml().replace('"PC-1"', id);
const withServers = (servers: string) => toml().replace('"nats://broker:4222"', servers);
const MEGA = 'x'.repeat(1024 * 1024);

describe('agent.toml that can not be read at all', () => {
  const table: readonly (readonly [string, string | Uint8Array, string | RegExp])[] = [
    ['invalid UTF-8', Buffer.concat([Buffer.from(toml()), Buffer.from([0xff])]), ': file: expected text in UTF-8'],
    ['UTF-16', Buffer.from(`\ufeff${toml()}`, 'utf16le'), ': file: expected text in UTF-8'],
    ['more than 1 MB', toml(`# ${MEGA}`), ': file: expected a file of at most 1048576 bytes'],
    ['no TOML', 'id: PC-1\n', /^:1: TOML: expected valid TOML \(.+\)$/],
    ['a key twice', toml('[run]\ngrace = "1s"\ngrace = "2s"\n'), /^:9: TOML: expected valid TOML \(.+\)$/],
    ['a table twice', toml('[agent]\n'), /^:\d+: TOML: expected valid TOML \(.+\)$/],
    ['a NUL', toml('[brand]\nname = "a\0b"\n'), /^:8: TOML: expected valid TOML \(.+\)$/],
    ['half a surrogate pair', toml('[brand]\nname = "\\ud800"\n'), /^:8: TOML: expected valid TOML \(.+\)$/],
    ['an unclosed text', toml('[brand]\nname = "x\n'), /^:\d+: TOML: expected valid TOML \(.+\)$/],
    [
      'an integer of 2^64',
      toml('[run]\nmax_parallel = 18446744073709551616\n'),
      /^:8: (TOML|run\.max_parallel): expected /,
    ],
    [
      '1,000 levels',
      toml(`[x]\ny = ${'['.repeat(1_000)}${']'.repeat(1_000)}\n`),
      /^:8: TOML: expected valid TOML \(.+\)$/,
    ],
    ['an unclosed template', toml('[brand]\nname = "{{ system.host"\n'), /^:8: .+: expected /],
    ['an unknown template function', toml('[brand]\nname = "{{ exec(cmd=1) }}"\n'), /^:8: .+: expected /],
  ];
  test.each(table)('%s', (_name, content, message) => {
    if (typeof message === 'string') expect(problemsIn(content)).toBe(message);
    else expect(problemsIn(content)).toMatch(message);
  });
});

describe('a setting of no use', () => {
  const name = 'agent.id: expected a name that the fleet can use';
  const table: readonly (readonly [string, string, string])[] = [
    ['an empty id', withId('""'), ':2: agent.id: expected a text that is not empty, found ""'],
    [
      'an id with a wildcard',
      withId('"*"'),
      `:2: ${name} (It contains "*"; only letters A–Z and a–z, digits, "-", "_" and "." are possible.), found "*"`,
    ],
    [
      'an id with a blank',
      withId('"PC 1"'),
      `:2: ${name} (It contains " "; only letters A–Z and a–z, digits, "-", "_" and "." are possible.), found "PC 1"`,
    ],
    [
      'an id that is a path',
      withId('"../x"'),
      `:2: ${name} (It contains "/"; only letters A–Z and a–z, digits, "-", "_" and "." are possible.), found "../x"`,
    ],
    [
      'an id with an empty part',
      withId('"a..b"'),
      `:2: ${name} (It begins or ends with a dot, or has two dots in a row.), found "a..b"`,
    ],
    [
      'an id of five parts',
      withId('"a.b.c.d.e"'),
      `:2: ${name} (It has 5 parts between dots; at most 4 are possible.), found "a.b.c.d.e"`,
    ],
    [
      'an id of 1 MB less the rest',
      withId(`"${'x'.repeat(1_000_000)}"`),
      `:2: ${name} (It has 1000000 characters; at most 64 are possible.), found "${'x'.repeat(59)}…"`,
    ],
    [
      'an id with a line break',
      withId('"a\\nb"'),
      ':2: agent.id: expected a text without control characters, found "a\\nb"',
    ],
    ['an id that is a number', withId('1'), ':2: agent.id: expected a text in quotes, found the number 1'],
    ['no id', toml().replace('id = "PC-1"', ''), ':1: agent.id: expected a value; it is required'],
    [
      'a server without a host',
      withServers('"nats://"'),
      ':3: agent.nats_url: expected a host name or an address (IPv6 in brackets), found "nats://"',
    ],
    [
      'a server of http',
      withServers('"http://a"'),
      ':3: agent.nats_url: expected one of nats://, tls://, ws:// and wss://, found "http://a"',
    ],
    [
      'a port of 65536',
      withServers('"nats://a:65536"'),
      ':3: agent.nats_url: expected a port from 1 to 65535, found "nats://a:65536"',
    ],
    [
      'a comma too many',
      withServers('"nats://a,"'),
      ':3: agent.nats_url: expected servers such as nats://host:4222, tls://host:4222 or wss://host, separated by commas, found ""',
    ],
    [
      'a password that can not be read, and is not shown',
      withServers('"nats://u:%zz@a:x"'),
      ':3: agent.nats_url: expected a port from 1 to 65535, found "nats://***@a:x"',
    ],
    ['a list of servers', withServers('["nats://a"]'), ':3: agent.nats_url: expected a text in quotes, found a list'],
    [
      'max_parallel of 0',
      toml('[run]\nmax_parallel = 0\n'),
      ':8: run.max_parallel: expected a whole number from 1 to 256, found the number 0',
    ],
    [
      'max_parallel of 5.0',
      toml('[run]\nmax_parallel = 5.0\n'),
      ':8: run.max_parallel: expected a whole number from 1 to 256, found the number 5',
    ],
    [
      'max_parallel of 2^53',
      toml('[run]\nmax_parallel = 9007199254740993\n'),
      ':8: run.max_parallel: expected a whole number from 1 to 256, found the number 9007199254740993',
    ],
    [
      'max_parallel that is no number',
      toml('[run]\nmax_parallel = nan\n'),
      ':8: run.max_parallel: expected a whole number from 1 to 256, found the number NaN',
    ],
    [
      'a grace without its unit',
      toml('[run]\ngrace = "20"\n'),
      ':8: run.grace: expected a duration such as "20s", at most 600s (time unit needed, for example 20sec or 20ms), found "20"',
    ],
    [
      'a grace of a year',
      toml('[run]\ngrace = "1year"\n'),
      ':8: run.grace: expected a duration such as "20s", at most 600s, found "1year"',
    ],
    [
      'a grace below zero',
      toml('[run]\ngrace = "-1s"\n'),
      ':8: run.grace: expected a duration such as "20s", at most 600s (expected number at 0), found "-1s"',
    ],
    [
      'a flag in quotes',
      toml('[inventory]\nenabled = "false"\n'),
      ':8: inventory.enabled: expected true or false, found "false"',
    ],
    [
      'a level nobody knows',
      toml().replace('"info"', '"loud"'),
      ':6: log.level: expected a level: error, warn, info, debug or trace, found "loud"',
    ],
    [
      'a host in capitals',
      toml('').replace('[log]', 'host = "Service"\n[log]'),
      ':4: agent.host: expected one of "tray", "service", found "Service"',
    ],
    ['a table that is a value', `run = 1\n${toml()}`, ':1: run: expected a table [run], found the number 1'],
    ['a table that is a list', toml('[[run]]\n'), ':7: run: expected a table [run], found a list'],
    [
      'an include',
      toml('[teravars]\ninclude = ["/etc/passwd"]\n'),
      ':8: teravars.include: expected no include (merging files is not supported)',
    ],
    [
      'a user without a password',
      toml('[auth]\nuser = "u"\n'),
      ':8: auth.password_file: expected a value, as auth.user is set',
    ],
    [
      'a hash that is none, and is not shown',
      toml('[helpdesk]\ncode_hash = "hunter2"\n'),
      ':8: helpdesk.code_hash: expected what --hash-code prints',
    ],
  ];
  test.each(table)('%s', (_name, content, message) => {
    expect(problemsIn(content)).toBe(message);
  });

  test('all problems of a file are said together, in the order of the file', () => {
    const content = `${withId('"a b"')}[run]\nmax_parallel = -1\ngrace = 5\n`;
    expect(
      problemsIn(content)
        .split('\n')
        .map((line) => line.split(': ', 2).join(':')),
    ).toEqual([':2:agent.id', ':8:run.max_parallel', ':9:run.grace']);
  });
});

describe('what is worth a warning only', () => {
  const table: readonly (readonly [string, string, string])[] = [
    ['a key nobody knows', '[run]\nparallel = 1\n', 'run.parallel: not a setting that this version knows, ignored'],
    [
      'a key of every object',
      '[run]\nconstructor = 1\n',
      'run.constructor: not a setting that this version knows, ignored',
    ],
    [
      'a prototype',
      '[run]\n__proto__ = { max_parallel = 1 }\n',
      'run.__proto__: not a setting that this version knows, ignored',
    ],
    [
      'a mail address with a header in it',
      '[support]\nmail = "a@b?bcc=c@d"\n',
      'support.mail: left out, expected a mail address, found "a@b?bcc=c@d"',
    ],
    [
      'a page that is a script',
      '[support]\nurl = "javascript:alert(1)"\n',
      'support.url: left out, expected an address that begins with https://, found "javascript:alert(1)"',
    ],
    [
      'a name of 61 characters',
      `[brand]\nname = "${'x'.repeat(61)}"\n`,
      `brand.name: left out, expected a text of at most 60 characters, found "${'x'.repeat(59)}…"`,
    ],
  ];
  test.each(table)('%s', (_name, more, warning) => {
    const loaded = here.load({ configPath: here.file('agent.toml', toml(more)) });
    expect(loaded.ok).toBe(true);
    expect(loaded.warnings.map(({ line, key, message }) => `${line}: ${key}: ${message}`)).toEqual([`8: ${warning}`]);
  });

  test('a byte order mark before the file is passed over', () => {
    expect(problemsIn(`\ufeff${toml()}`)).toBe('usable');
  });
});

describe('environment', () => {
  test.each([
    [
      'a filter nobody can read',
      '%%%',
      'RUST_LOG: log.level: ignored, expected a level: error, warn, info, debug or trace, found "%%%"',
    ],
    [
      'a NUL',
      'info\0',
      'RUST_LOG: log.level: ignored, expected a text without control characters, found "info\\u0000"',
    ],
    [
      '1 MB',
      MEGA,
      `RUST_LOG: log.level: ignored, expected a level: error, warn, info, debug or trace, found "${'x'.repeat(59)}…"`,
    ],
    ['blanks', '   ', 'RUST_LOG: log.level: ignored, expected a text that is not empty, found "   "'],
  ])('RUST_LOG with %s is a warning, and the level of the file counts', (_name, filter, warning) => {
    const loaded = here.load({ configPath: here.file('agent.toml', toml()), env: { RUST_LOG: filter } });
    expect(loaded.ok && loaded.config.log.level).toBe('info');
    expect(loaded.warnings.map(({ file, key, message }) => `${file}: ${key}: ${message}`)).toEqual([warning]);
  });

  test.each([
    ['is not there', 'nowhere/agent.toml', /agent\.toml: expected a file that can be read \(ENOENT\)$/],
    ['has a NUL', 'a\0b', /file: expected a file that can be read \(ERR_INVALID_ARG_VALUE\)$/],
    ['is far too long', 'x'.repeat(5_000), /file: expected a file that can be read \(ENAMETOOLONG\)$/],
  ])('KANADE_AGENT_CONFIG that %s is a problem', (_name, path, message) => {
    const loaded = here.load({ env: { KANADE_AGENT_CONFIG: path } });
    expect(loaded.ok ? 'usable' : loaded.message).toMatch(message);
  });
});
