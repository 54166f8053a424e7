import { existsSync, linkSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { tempDir } from '../../test/support/temp.ts';
import { openSetupLog } from './log.ts';

function logged(path: string, isNamed: boolean): string[] {
  const printed: string[] = [];
  const log = openSetupLog({ path, isNamed }, (line) => printed.push(line));
  for (const line of ['one', 'two']) log.say(line);
  return printed;
}

it('says each line twice: on standard output, and with its time in the file', () => {
  const file = join(tempDir(), 'logs', 'setup.log');
  expect(logged(file, false)).toEqual(['one', 'two']);
  expect(readFileSync(file, 'utf8')).toMatch(/^\S+Z one\r\n\S+Z two\r\n$/);
});

it('adds to the file that IT has named, and never to one that was there under a name of its own', () => {
  const file = join(tempDir(), 'setup.log');
  writeFileSync(file, 'before\r\n');
  logged(file, true);
  expect(readFileSync(file, 'utf8')).toMatch(/^before\r\n\S+Z one/);
  expect(logged(file, false)).toEqual(['one', expect.stringContaining('can not be written'), 'two']);
});

it.runIf(process.platform !== 'win32')('writes through no link, and into no file that has another name', () => {
  const directory = tempDir();
  const precious = join(directory, 'precious');
  writeFileSync(precious, 'mine');
  const [link, second, dangling] = ['link', 'second', 'dangling'].map((name) => join(directory, name)) as [
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
