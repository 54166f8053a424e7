import { existsSync, linkSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { tempDir } from '../../test/support/temp.ts';
import { openSetupLog, whyNoLog } from './log.ts';

function logged(path: string, isNamed: boolean): string[] {
  const printed: string[] = [];
  const log = openSetupLog({ path, isNamed }, (line) => printed.push(line));
  for (const line of ['one', 'two']) log.say(line);
  return printed;
}

it('says each line twice: on standard output, and with its time in the file', () => {
  const file = join(tempDir(), 'logs', 'setup.log');
  expect(logged(file, false)).toEqual(['one', 'two']);
  expect(readFileSync(file, 'utf8')).toMatch(/^\S+Z the log of .*\r\n\S+Z one\r\n\S+Z two\r\n$/);
});

it('adds to the file that IT has named where a set-up has made it, and never to one of its own naming', () => {
  const file = join(tempDir(), 'setup.log');
  logged(file, true);
  expect(logged(file, true)).toEqual(['one', 'two']);
  expect(readFileSync(file, 'utf8')).toMatch(/^(\S+Z the log of .*)(\r\n\S+Z one\r\n\S+Z two){2}\r\n$/);
  expect(logged(file, false)).toEqual(['one', expect.stringContaining('can not be written'), 'two']);
});

it('is no other file, whatever /LOG names', () => {
  const directory = tempDir();
  const at = (name: string) => join(directory, name);
  const keys = 'ssh-ed25519 AAAA it\n';
  for (const name of ['administrators_authorized_keys', 'hosts.txt', 'other.log']) {
    writeFileSync(at(name), keys);
    expect(whyNoLog(at(name)), name).not.toBeNull();
    logged(at(name), true);
    expect(readFileSync(at(name), 'utf8')).toBe(keys);
  }
  mkdirSync(at('directory.log'));
  // What is not there yet could be run, or obeyed, once it is.
  for (const name of ['start.bat', 'keys', 'profile.ps1', 'x.bat:a.log', 'x.log.cmd', 'directory.log'])
    expect(whyNoLog(at(name)), name).not.toBeNull();
  for (const name of ['setup.log', 'SETUP.LOG', 'setup.txt']) expect(whyNoLog(at(name)), name).toBeNull();
});

it('each line is one, and acts on nothing that shows it', () => {
  const file = join(tempDir(), 'setup.log');
  const printed: string[] = [];
  openSetupLog({ path: file, isNamed: false }, (line) => printed.push(line)).say(
    'zz\nssh-ed25519 AAAA\r\u001b[2J\u202e',
  );
  expect(printed).toEqual(['zz ssh-ed25519 AAAA \\u001b[2J\\u202e']);
  expect(
    readFileSync(file, 'utf8')
      .trimEnd()
      .split(/\r?\n|\r/),
  ).toHaveLength(2);
});

it.runIf(process.platform !== 'win32')('writes through no link, and into no file that has another name', () => {
  const directory = tempDir();
  const precious = join(directory, 'precious');
  writeFileSync(precious, 'mine');
  const [link, second, dangling] = ['link.log', 'second.log', 'dangling.log'].map((name) => join(directory, name)) as [
    string,
    string,
    string,
  ];
  symlinkSync(precious, link);
  linkSync(precious, second);
  symlinkSync(join(directory, 'none'), dangling);
  for (const file of [link, second, dangling])
    for (const isNamed of [true, false]) expect(logged(file, isNamed)[1]).toContain('can not be written');
  expect(readFileSync(precious, 'utf8')).toBe('mine');
  expect(existsSync(join(directory, 'none'))).toBe(false);
});

it('makes no file before there is something to say', () => {
  const directory = tempDir();
  openSetupLog({ path: join(directory, 'setup.log'), isNamed: false }, () => {});
  expect(readdirSync(directory)).toEqual([]);
});
