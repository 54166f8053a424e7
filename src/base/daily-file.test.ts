import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { expect, onTestFinished, test } from 'vitest';
import { eventually } from '../../test/support/eventually.ts';
import { tempDir } from '../../test/support/temp.ts';
import { type LogOptions, type OpenLog, openLog } from './log-file.ts';

async function open(directory: string, more: Partial<LogOptions> = {}): Promise<OpenLog> {
  const pathTemplate = join(directory, 'logs', 'agent.log');
  const nowMs = () => Date.parse('2026-11-24T12:00:00Z');
  const log = await openLog({ pathTemplate, level: 'info', keepDays: 3, format: 'text', stdout: null, nowMs, ...more });
  onTestFinished(() => log.close());
  return log;
}

function today(directory: string): string {
  return join(directory, 'logs', 'agent.2026-11-24.log');
}

test.skipIf(process.platform === 'win32')(
  'one that does not answer keeps nobody waiting, and is gone on with later',
  async () => {
    const directory = tempDir();
    mkdirSync(join(directory, 'logs'));
    // To open a pipe for writing waits for a reader, as a dead network share does.
    execFileSync('mkfifo', [today(directory)]);
    const stdout = new PassThrough();
    const log = await open(directory, { stdout, answerWithinMs: 50 });
    log.logger.info('here');
    expect(log.failure.value).toEqual({ path: today(directory), why: 'it does not answer' });
    expect(String(stdout.read())).toMatch(/the log file can not be written .*it does not answer[\s\S]*here\n$/);
    const reader = spawn('cat', [today(directory)], { stdio: ['ignore', 'pipe', 'ignore'] });
    onTestFinished(() => void reader.kill('SIGKILL'));
    let read = '';
    reader.stdout.on('data', (text) => {
      read += String(text);
    });
    await eventually(() => expect(read).toMatch(/here\n/));
    expect(log.failure.value).toBeNull();
  },
);

test.each(['the file', 'its directory'])(
  '%s that somebody removes while the agent runs is made again',
  async (what) => {
    const directory = tempDir();
    const log = await open(directory);
    rmSync(what === 'the file' ? today(directory) : join(directory, 'logs'), { recursive: true });
    let line = 0;
    await eventually(() => {
      line += 1;
      log.logger.info(`still there ${line}`);
      expect(readFileSync(today(directory), 'utf8')).toContain('still there');
    });
  },
);

test('a file that was moved away gets no more lines', async () => {
  const directory = tempDir();
  const log = await open(directory);
  renameSync(today(directory), join(directory, 'kept'));
  let line = 0;
  await eventually(() => {
    line += 1;
    log.logger.info(`more ${line}`);
    expect(readFileSync(today(directory), 'utf8')).toContain('more');
  });
});

test('files of days to come do not push out that of today', async () => {
  const directory = tempDir();
  mkdirSync(join(directory, 'logs'));
  const names = ['agent.2026-11-22.log', 'agent.2026-11-23.log', 'agent.2031-01-01.log', 'agent.2031-01-02.log'];
  for (const name of names) writeFileSync(join(directory, 'logs', name), '');
  await open(directory, { keepDays: 2 });
  expect(readdirSync(join(directory, 'logs')).sort()).toEqual([
    'agent.2026-11-23.log',
    'agent.2026-11-24.log',
    'agent.2031-01-01.log',
    'agent.2031-01-02.log',
  ]);
});

test.skipIf(process.platform === 'win32')('the file and its directory are private, also without a umask', async () => {
  const directory = tempDir();
  const umask = process.umask(0);
  onTestFinished(() => void process.umask(umask));
  await open(directory);
  const modes = [join(directory, 'logs'), today(directory)].map((path) => statSync(path).mode & 0o777);
  expect(modes).toEqual([0o750, 0o640]);
});
