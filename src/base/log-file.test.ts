import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough, Writable } from 'node:stream';
import { pathToFileURL } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { eventually } from '../../test/support/eventually.ts';
import { tempDir } from '../../test/support/temp.ts';
import { type LogOptions, openLog } from './log-file.ts';
import { logLevelOf } from './log-level.ts';

const NOON = Date.parse('2026-11-24T12:00:00Z');
const DAY_MS = 86_400_000;

async function open(directory: string, more: Partial<LogOptions> = {}) {
  const pathTemplate = join(directory, 'logs', 'agent.log');
  const log = await openLog({
    pathTemplate,
    level: 'info',
    keepDays: 3,
    format: 'text',
    stdout: null,
    nowMs: () => NOON,
    ...more,
  });
  onTestFinished(() => log.close());
  return log;
}

function today(directory: string): string {
  return join(directory, 'logs', 'agent.2026-11-24.log');
}

test('lines go to the file of the UTC day, in the format of the original', async () => {
  const directory = tempDir();
  const log = await open(directory);
  log.logger.child('bus').info('connected', { server: 'a:4222' });
  expect(log.currentFile()).toBe(join(directory, 'logs', 'agent.2026-11-24.log'));
  log.close();
  expect(readFileSync(join(directory, 'logs', 'agent.2026-11-24.log'), 'utf8')).toMatch(
    /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z {2}INFO kanade_tray::bus: connected server=a:4222\n$/,
  );
});

test('a restart on the same day goes on in the same file', async () => {
  const directory = tempDir();
  for (const text of ['first', 'second']) {
    const log = await open(directory);
    log.logger.info(text);
    log.close();
  }
  expect(readFileSync(join(directory, 'logs', 'agent.2026-11-24.log'), 'utf8')).toMatch(/first\n.*second\n$/);
});

test('a new day gets a new file, and only so many days stay', async () => {
  const directory = tempDir();
  let nowMs = NOON;
  const log = await open(directory, { nowMs: () => nowMs, keepDays: 2 });
  for (let day = 0; day < 4; day += 1) {
    nowMs = NOON + day * DAY_MS;
    log.logger.info(`day ${day}`);
    const date = new Date(nowMs).toISOString().slice(0, 10);
    await eventually(() =>
      expect(readFileSync(join(directory, 'logs', `agent.${date}.log`), 'utf8')).toContain(`day ${day}`),
    );
  }
  expect(readdirSync(join(directory, 'logs')).sort()).toEqual(['agent.2026-11-26.log', 'agent.2026-11-27.log']);
});

test('old days are pruned at start; files that are not ours stay', async () => {
  const directory = tempDir();
  mkdirSync(join(directory, 'logs'));
  const names = ['agent.2026-11-20.log', 'agent.2026-11-21.log', 'agent.2026-11-22.log', 'agent.2026-11-23.log'];
  for (const name of [...names, 'agent.old.log', 'agent.log', 'other.2020-01-01.log', 'agent.2020-01-01.txt']) {
    writeFileSync(join(directory, 'logs', name), '');
  }
  await open(directory, { keepDays: 3 });
  expect(readdirSync(join(directory, 'logs')).sort()).toEqual(
    ['agent.2026-11-22.log', 'agent.2026-11-23.log', 'agent.2026-11-24.log', 'agent.old.log', 'agent.log']
      .concat(['other.2020-01-01.log', 'agent.2020-01-01.txt'])
      .sort(),
  );
});

test('the same lines are on standard output, and with keep_days 0 only there', async () => {
  const directory = tempDir();
  const stdout = new PassThrough();
  const log = await open(directory, { keepDays: 0, stdout });
  log.logger.warn('hello');
  expect(String(stdout.read())).toMatch(/ WARN kanade_tray: hello\n$/);
  expect(log.currentFile()).toBeNull();
  expect(existsSync(join(directory, 'logs'))).toBe(false);
});

test('the level holds, can be changed while running, and RUST_LOG wins over the file', async () => {
  const stdout = new PassThrough();
  const log = await open(tempDir(), { keepDays: 0, stdout, level: 'error', rustLog: 'kanade_agent=warn' });
  log.logger.info('one');
  log.logger.warn('two');
  log.setLevel('debug');
  log.logger.debug('three');
  const lines = String(stdout.read()).trimEnd().split('\n');
  expect(lines.map((line) => line.split(': ')[1])).toEqual(['two', 'three']);
});

test.each([
  ['debug', 'debug'],
  ['TRACE', 'debug'],
  [' warn ', 'warn'],
  ['off', 'error'],
  ['kanade_agent=debug', 'debug'],
  ['info,kanade_agent=debug', 'debug'],
  ['kanade_agent=debug,async_nats=error', 'debug'],
  ['async_nats=error,warn', 'warn'],
  ['async_nats=error', 'error'],
  ['loud', undefined],
  ['', undefined],
  [undefined, undefined],
])('the level in %j is %s', (text, level) => {
  expect(logLevelOf(text)).toBe(level);
});

test('a file that can not be written is named on standard output, and the lines wait until it can be', async () => {
  const directory = tempDir();
  writeFileSync(join(directory, 'logs'), 'in the way');
  const stdout = new PassThrough();
  const log = await open(directory, { stdout });
  expect(log.currentFile()).toBeNull();
  expect(log.failure.value).toEqual({ path: today(directory), why: expect.stringContaining('EEXIST') });
  expect(String(stdout.read())).toContain('the log file can not be written');
  log.logger.info('waits');
  rmSync(join(directory, 'logs'));
  await eventually(() => expect([log.currentFile(), log.failure.value]).toEqual([today(directory), null]));
  log.logger.info('written');
  log.close();
  expect(readFileSync(today(directory), 'utf8')).toMatch(/waits\n.*written\n$/);
});

test('thousands of lines that say the same are counted, in the file and on standard output', async () => {
  const directory = tempDir();
  const stdout = new PassThrough();
  const log = await open(directory, { stdout });
  for (let i = 0; i < 8_000; i += 1) log.logger.warn('a command can not be read', { request_id: `r-${i}` });
  log.logger.warn('another');
  log.close();
  const text = readFileSync(today(directory), 'utf8');
  expect(String(stdout.read())).toBe(text);
  expect(text.length).toBeLessThan(10_000);
  expect(text).toContain('request_id=r-0');
  expect(text).toMatch(/another\n.*a command can not be read … repeated 7,950 times\n$/);
});

test('a day has its size, also over a restart: then only errors are written, as far as their own room goes', async () => {
  const directory = tempDir();
  const flood = async () => {
    const log = await open(directory, { dayMaxBytes: 20_000 });
    for (let i = 0; i < 200; i += 1) log.logger.info(`${i} `.padEnd(1_000, 'x'));
    log.logger.error('still said');
    log.close();
    return readFileSync(today(directory), 'utf8');
  };
  const text = await flood();
  expect(text.match(/the log of today is full/g)).toHaveLength(1);
  expect(text).toMatch(/still said\n$/);
  expect(text.length).toBeLessThan(21_000);
  expect((await flood()).length).toBeLessThan(21_000);
});

test('more lines than can wait are left out, and the gap is named', async () => {
  const directory = tempDir();
  const log = await open(directory);
  for (let i = 0; i < 1_200; i += 1) log.logger.info(`${i} `.padEnd(1_000, 'x'));
  log.close();
  const lines = readFileSync(join(directory, 'logs', 'agent.2026-11-24.log'), 'utf8').split('\n');
  expect(lines[0]).toMatch(/ WARN kanade_tray: \d+ lines or more are missing here$/);
  expect(lines.length).toBeLessThan(1_100);
});

test('with format json each line is one object, in the file and on standard output', async () => {
  const directory = tempDir();
  const stdout = new PassThrough();
  const log = await open(directory, { format: 'json', stdout });
  const error = new Error('no answer', { cause: new Error('timeout') });
  const fields = { server: 'a:4222', tries: 2, bytes: 2n ** 60n, error, list: [error], message: 'not this one' };
  log.logger.child('bus').warn('two\nlines', fields);
  log.close();
  const text = readFileSync(join(directory, 'logs', 'agent.2026-11-24.log'), 'utf8');
  expect(String(stdout.read())).toBe(text);
  const [line, ...more] = text.split('\n');
  expect(more).toEqual(['']);
  expect(Object.entries(JSON.parse(line ?? ''))).toEqual([
    ['time', expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)],
    ['level', 'warn'],
    ['target', 'kanade_tray::bus'],
    ['message', 'two\nlines'],
    ['server', 'a:4222'],
    ['tries', 2],
    ['bytes', '1152921504606846976'],
    ['error', 'no answer: timeout'],
    ['list', ['no answer: timeout']],
  ]);
});

test('with format json the gap of lines left out is an object too', async () => {
  const directory = tempDir();
  const log = await open(directory, { format: 'json' });
  for (let i = 0; i < 1_200; i += 1) log.logger.info(`${i} `.padEnd(1_000, 'x'));
  log.close();
  const lines = readFileSync(join(directory, 'logs', 'agent.2026-11-24.log'), 'utf8')
    .trimEnd()
    .split('\n');
  const [gap] = lines.map((line): unknown => JSON.parse(line));
  expect(gap).toMatchObject({ level: 'warn', message: expect.stringMatching(/^\d+ lines or more are missing here$/) });
});

test('a reader of standard output that has gone away ends nothing', async () => {
  const stdout = new Writable({ write: (_chunk, _encoding, done) => done(new Error('EPIPE')) });
  const log = await open(tempDir(), { stdout });
  log.logger.info('one');
  await eventually(() => expect(stdout.errored).not.toBeNull());
  log.logger.info('two');
});

test('what was logged right before the end of the process is in the file', async () => {
  const directory = tempDir();
  const program = `
    import { openLog } from ${JSON.stringify(pathToFileURL(join(import.meta.dirname, 'log-file.ts')))};
    const log = await openLog({ pathTemplate: ${JSON.stringify(join(directory, 'agent.log'))}, level: 'info', keepDays: 1, format: 'text',
      stdout: null });
    log.logger.error('last words');
    process.exit(3);`;
  const { status } = spawnSync(process.execPath, ['--input-type=module', '-e', program]);
  expect(status).toBe(3);
  const [name] = readdirSync(directory);
  expect(readFileSync(join(directory, String(name)), 'utf8')).toMatch(/last words\n$/);
});
