import { afterAll, describe, expect, test } from 'vitest';
import { TestMachine, toml } from '../../../test/support/config-machine.ts';

const machine = new TestMachine();
afterAll(() => machine.remove());

let files = 0;

function load(content: string | Uint8Array) {
  files += 1;
  return machine.load({ configPath: machine.file(`${files}.toml`, content) });
}

/** Each problem as `line key: expected`. */
function problemsOf(content: string | Uint8Array): string[] {
  const loaded = load(content);
  if (loaded.ok) return ['no problem'];
  return loaded.problems.map((problem) => `${problem.line ?? '-'} ${problem.key}: ${problem.expected}`);
}

function warningsOf(content: string): string[] {
  const loaded = load(content);
  return loaded.warnings.map((warning) => `${warning.line ?? '-'} ${warning.key}: ${warning.message}`);
}

const HEAD = '[log]\npath = "/l.log"\nlevel = "info"\n[agent]\n';

const bad: [name: string, content: string | Uint8Array, problems: string[]][] = [
  [
    'an empty file lacks the four required values',
    '',
    [
      '- agent.id: a value; it is required',
      '- agent.nats_url: a value; it is required',
      '- log.path: a value; it is required',
      '- log.level: a value; it is required',
    ],
  ],
  [
    'a missing key names the line of its table',
    `${HEAD}nats_url = "nats://a"\n`,
    ['4 agent.id: a value; it is required'],
  ],
  [
    'several problems come together, in the order of the file',
    '[agent]\nid = 7\nnats_url = ""\n[log]\nlevel = "loud"\n',
    [
      '2 agent.id: a text in quotes, found the number 7',
      '3 agent.nats_url: a text that is not empty, found ""',
      '4 log.path: a value; it is required',
      '5 log.level: a level: error, warn, info, debug or trace, found "loud"',
    ],
  ],
  ['bytes that are not UTF-8', new Uint8Array([0x61, 0xff, 0xfe]), ['- file: text in UTF-8']],
  ['a file of more than 1 MiB', `#${'x'.repeat(1024 * 1024)}`, ['- file: a file of at most 1048576 bytes']],
  [
    'a broken string',
    `${toml()}[run]\ngrace = "5s\n`,
    ['8 TOML: valid TOML (control characters are not allowed in strings)'],
  ],
  [
    'a key that stands twice',
    toml('keep_days = 1\nkeep_days = 2\n'),
    ['8 TOML: valid TOML (trying to redefine an already defined table or value)'],
  ],
  [
    'a table that stands twice',
    toml('[run]\n[run]\n'),
    ['8 TOML: valid TOML (trying to redefine an already defined table or value)'],
  ],
  [
    'a NUL in the file',
    toml('[run]\ngrace = "\0"\n'),
    ['8 TOML: valid TOML (control characters are not allowed in strings)'],
  ],
  [
    'an escape that is half a character',
    toml('[brand]\nname = "\\ud800"\n'),
    ['8 TOML: valid TOML (invalid unicode escape)'],
  ],
  [
    'nesting beyond any use',
    toml(`x = ${'['.repeat(5000)}`),
    ['7 TOML: valid TOML (document contains excessively nested structures. aborting.)'],
  ],
  ['a table of ours that is a value', `run = 5\n${toml()}`, ['1 run: a table [run], found the number 5']],
  [
    'a table of ours that is a list of tables',
    toml('[[auth]]\nuser = "x"\n'),
    ['7 auth: a table [auth], found a list'],
  ],
  [
    'a pc id with a blank',
    `${HEAD}id = "PC 1"\nnats_url = "nats://a"\n`,
    [expect.stringMatching(/^5 agent\.id: a name that the fleet can use \(.+\), found "PC 1"$/)] as string[],
  ],
  [
    'a pc id that would subscribe to everybody',
    `${HEAD}id = "*"\nnats_url = "nats://a"\n`,
    [expect.stringMatching(/^5 agent\.id: a name that the fleet can use \(.+\), found "\*"$/)] as string[],
  ],
  [
    'a NUL by escape in a name',
    `${HEAD}id = "a\\u0000b"\nnats_url = "nats://a"\n`,
    ['5 agent.id: a text without control characters, found "a\\u0000b"'],
  ],
  [
    'a server with an unknown scheme',
    `${HEAD}id = "a"\nnats_url = "nats://ok, http://b"\n`,
    ['6 agent.nats_url: one of nats://, tls://, ws:// and wss://, found "http://b"'],
  ],
  [
    'a server list that repeats no password',
    `${HEAD}id = "a"\nnats_url = "nats://u:geheim@b:99999"\n`,
    ['6 agent.nats_url: a port from 1 to 65535, found "nats://***@b:99999"'],
  ],
  [
    'a list instead of a text',
    `${HEAD}id = "a"\nnats_url = ["nats://b"]\n`,
    ['6 agent.nats_url: a text in quotes, found a list'],
  ],
  [
    'keep_days below zero',
    toml('keep_days = -1\n'),
    ['7 log.keep_days: a whole number from 0 to 3650, found the number -1'],
  ],
  ['keep_days as a text', toml('keep_days = "14"\n'), ['7 log.keep_days: a whole number from 0 to 3650, found "14"']],
  [
    'keep_days as a float',
    toml('keep_days = 1.5\n'),
    ['7 log.keep_days: a whole number from 0 to 3650, found the number 1.5'],
  ],
  [
    'keep_days beyond 64 bits',
    toml('keep_days = 9223372036854775808\n'),
    ['7 log.keep_days: a whole number from 0 to 3650, found the number 9223372036854775808'],
  ],
  [
    'keep_days that is no number',
    toml('keep_days = nan\n'),
    ['7 log.keep_days: a whole number from 0 to 3650, found the number NaN'],
  ],
  [
    'keep_days as a date',
    toml('keep_days = 2026-01-01\n'),
    ['7 log.keep_days: a whole number from 0 to 3650, found a date'],
  ],
  ['an unknown log format', toml('format = "xml"\n'), ['7 log.format: one of "text", "json", found "xml"']],
  [
    'an unknown host mode',
    toml('[agent.x]\n').replace('id =', 'host = "Tray"\nid ='),
    ['2 agent.host: one of "tray", "service", found "Tray"'],
  ],
  [
    'a grace without a unit',
    toml('[run]\ngrace = "30"\n'),
    [
      expect.stringMatching(
        /^8 run\.grace: a duration such as "20s", at most 600s \(time unit needed.*\), found "30"$/,
      ),
    ] as string[],
  ],
  [
    'a grace that is a number',
    toml('[run]\ngrace = 30\n'),
    ['8 run.grace: a duration such as "20s", at most 600s, found the number 30'],
  ],
  [
    'a grace of an hour',
    toml('[run]\ngrace = "1h"\n'),
    ['8 run.grace: a duration such as "20s", at most 600s, found "1h"'],
  ],
  [
    'no script at once',
    toml('[run]\nmax_parallel = 0\n'),
    ['8 run.max_parallel: a whole number from 1 to 256, found the number 0'],
  ],
  [
    'a boolean in quotes',
    toml('[commands]\nenabled = "false"\n'),
    ['8 commands.enabled: true or false, found "false"'],
  ],
  [
    'a boolean as a number',
    toml('[inventory]\nenabled = 1\n'),
    ['8 inventory.enabled: true or false, found the number 1'],
  ],
  [
    'an unknown priority',
    toml('[run]\npriority = "high"\n'),
    ['8 run.priority: one of "idle", "below_normal", "normal", found "high"'],
  ],
  [
    'unknown signatures',
    toml('[commands]\nsignatures = "on"\n'),
    ['8 commands.signatures: one of "off", "report", "require", found "on"'],
  ],
  [
    'too short a history',
    toml('[history]\ndays = 7\n'),
    ['8 history.days: a whole number from 8 to 3650, found the number 7'],
  ],
  [
    'a helpdesk code instead of its hash is not repeated',
    toml('[helpdesk]\ncode_hash = "geheim123"\n'),
    ['8 helpdesk.code_hash: what --hash-code prints'],
  ],
  [
    'a user without a password file',
    toml('[auth]\nuser = "kanade"\n'),
    ['8 auth.password_file: a value, as auth.user is set'],
  ],
  [
    'a password file without a user',
    toml('[auth]\npassword_file = "p"\n'),
    ['8 auth.user: a value, as auth.password_file is set'],
  ],
  [
    'two ways to sign in',
    toml('[auth]\ntoken_file = "t"\nnkey_file = "n"\n'),
    ['9 auth.nkey_file: one way to sign in, auth.token_file is set too'],
  ],
  ['a certificate without its key', toml('[tls]\ncert = "c.pem"\n'), ['8 tls.key: a value, as tls.cert is set']],
  [
    'an include at the top',
    `include = ["x.toml"]\n${toml()}`,
    ['1 include: no include (merging files is not supported)'],
  ],
  [
    'an include of [teravars]',
    toml('[teravars]\ninclude = []\n'),
    ['8 teravars.include: no include (merging files is not supported)'],
  ],
  [
    'an unknown template',
    toml('# {{ ps(cmd="x") }}\n'),
    [expect.stringMatching(/^7 \{\{ ps\(cmd="x"\) \}\}: one of system\.host/)] as string[],
  ],
  [
    'a problem below a branch that was left out names its line in the file',
    `{% if is_windows() %}\n# a\n# b\n{% endif %}\n${toml('keep_days = -1\n')}`,
    ['11 log.keep_days: a whole number from 0 to 3650, found the number -1'],
  ],
  [
    'a TOML problem below a branch that was left out names its line in the file',
    `{% if is_mac() %}\n# a\n{% endif %}\n${toml('x = \n')}`,
    [expect.stringMatching(/^10 TOML: valid TOML \(/)] as string[],
  ],
  [
    'a problem after a text of several lines',
    toml('x = """\n[run]\ngrace = 1 \\""" "\n"""\nkeep_days = -1\n'),
    ['11 log.keep_days: a whole number from 0 to 3650, found the number -1'],
  ],
  [
    'a problem in a dotted key',
    `log.keep_days = -1\nagent.id = "a"\nagent.nats_url = "nats://a"\nlog.path = "/l"\nlog.level = "info"\n`,
    ['1 log.keep_days: a whole number from 0 to 3650, found the number -1'],
  ],
  [
    'a problem in an inline table',
    `agent = { id = "a", nats_url = "nats://a" }\nlog = { path = "/l", level = "info", keep_days = -1 }\n`,
    ['2 log.keep_days: a whole number from 0 to 3650, found the number -1'],
  ],
];

describe('a file with problems', () => {
  test.each(bad)('%s', (_, content, problems) => {
    expect(problemsOf(content)).toEqual(problems);
  });

  test('a name that the fleet can not use is "not set up", anything else "invalid"', () => {
    const nameless = load(`${HEAD}id = "PC 1"\nnats_url = "nats://a"\n`);
    const both = load(`${HEAD}id = "PC 1"\nnats_url = "http://a"\n`);
    expect([nameless, both].map((loaded) => !loaded.ok && loaded.state)).toEqual(['not_set_up', 'config_invalid']);
  });

  test('the message has one line for each problem: file, line, key and what was expected', () => {
    const path = machine.file('wrong.toml', toml('keep_days = -1\nformat = "xml"\n'));
    const loaded = machine.load({ configPath: path });
    expect(loaded).toMatchObject({
      ok: false,
      files: [path],
      message:
        `${path}:7: log.keep_days: expected a whole number from 0 to 3650, found the number -1\n` +
        `${path}:8: log.format: expected one of "text", "json", found "xml"`,
    });
  });
});

const good: [name: string, content: string, config: object][] = [
  [
    'the smallest file',
    toml(),
    {
      agent: { id: 'PC-1', natsUrl: { urls: ['nats://broker:4222'], credentials: null }, host: 'tray' },
      log: { path: '/var/log/kanade/agent.log', level: 'info', keepDays: 14, format: 'text' },
      run: { graceMs: 20_000, systemAsUser: true, priority: 'below_normal' },
      output: { maxBytes: 8 * 1024 * 1024 },
      history: { days: 90, maxBytes: 1024 * 1024 * 1024 },
      commands: { enabled: true, signatures: 'off', uncheckedHonoursRevoke: false },
    },
  ],
  [
    'a byte order mark and Windows line ends',
    `\uFEFF${toml('keep_days = 3\n').replaceAll('\n', '\r\n')}`,
    { log: { keepDays: 3 } },
  ],
  ['keep_days = 0', toml('keep_days = 0\n'), { log: { keepDays: 0 } }],
  ['a level in capitals', toml().replace('"info"', '"DEBUG"'), { log: { level: 'debug' } }],
  [
    'a filter as the original takes it',
    toml().replace('"info"', '"warn,async_nats=trace"'),
    { log: { level: 'warn' } },
  ],
  ['a filter that names the agent only', toml().replace('"info"', '"kanade_agent=debug"'), { log: { level: 'debug' } }],
  [
    'a relative log path begins at the start directory',
    toml().replace('/var/log/kanade/', 'logs/'),
    {
      log: { path: '/start/logs/agent.log' },
    },
  ],
  [
    'other relative paths begin beside the file',
    toml('[tls]\nca = "ca.pem"\n'),
    { tls: { ca: `${machine.root}/ca.pem` } },
  ],
  ['durations of several parts', toml('[run]\ngrace = "500ms"\n'), { run: { graceMs: 500 } }],
  ['numbers in other bases', toml('[results]\ndrain_per_second = 0x10\n'), { results: { drainPerSecond: 16 } }],
  [
    'all of [commands]',
    toml('[commands]\nenabled = false\nsignatures = "off"\nunchecked_honours_revoke = true\n'),
    {
      commands: { enabled: false, signatures: 'off', uncheckedHonoursRevoke: true },
    },
  ],
  [
    'Japanese in what people see',
    toml('[brand]\nname = "端末管理"\n[support]\ntext = "内線 1234"\n'),
    {
      brand: { name: '端末管理' },
      support: { text: '内線 1234' },
    },
  ],
  [
    'tables that are not ours, whatever they hold',
    toml('[obs]\nx = [1, { y = 2 }]\n[agents]\nid = 7\n'),
    { agent: { id: 'PC-1' } },
  ],
];

describe('a good file', () => {
  test.each(good)('%s', (_, content, config) => {
    const loaded = load(content);
    expect(loaded).toMatchObject({ ok: true, config, warnings: [] });
  });

  const doubtful: [name: string, content: string, warnings: string[]][] = [
    [
      '[agent] groups is deprecated',
      toml().replace('id =', 'groups = ["a"]\nid ='),
      ['2 agent.groups: deprecated and ignored, the groups of this PC come from the fleet'],
    ],
    [
      'an unknown key in a table of ours is named',
      toml('[run]\nmax_paralel = 2\n'),
      ['8 run.max_paralel: not a setting that this version knows, ignored'],
    ],
    [
      'a table inside a table of ours is named',
      toml('[ui.window]\nx = 1\n'),
      ['7 ui.window: not a setting that this version knows, ignored'],
    ],
    [
      'a broken link is left out',
      toml('[support]\nurl = "http://desk"\nmail = "desk"\n'),
      [
        '8 support.url: left out, expected an address that begins with https://, found "http://desk"',
        '9 support.mail: left out, expected a mail address, found "desk"',
      ],
    ],
    [
      'only a policy lets people stop the agent',
      toml('[ui]\nallow_stop_agent = true\n'),
      ['8 ui.allow_stop_agent: ignored, only the policy AllowStopAgent sets it'],
    ],
    [
      'credentials in the server list are warned of',
      toml().replace('broker', 'u:p@broker'),
      [
        '3 agent.nats_url: holds credentials, which everybody who reads the file can see; [auth] takes them from a file',
      ],
    ],
  ];
  test.each(doubtful)('is used with a warning: %s', (_, content, warnings) => {
    expect(load(content).ok).toBe(true);
    expect(warningsOf(content)).toEqual(warnings);
  });
});
