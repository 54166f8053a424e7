import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { tempDir } from '../../test/support/temp.ts';
import { openAppLog } from './log.ts';

const AT = Date.UTC(2026, 4, 3, 12);

test('a line has its time and level, and an error what happened', () => {
  const file = join(tempDir(), 'logs', 'shell.log');
  const log = openAppLog(file, () => AT);
  log.info('two\nlines');
  log.error('copying', new Error('no clipboard'));
  log.error('thrown', 'a text');
  const text = readFileSync(file, 'utf8');
  expect(text).toContain('2026-05-03T12:00:00.000Z INFO two\n  lines\n');
  expect(text).toContain('ERROR copying: Error: no clipboard\n');
  expect(text).toContain('ERROR thrown: a text\n');
});

test('there are two files at most, of a megabyte each', () => {
  const directory = tempDir();
  const file = join(directory, 'shell.log');
  const log = openAppLog(file);
  for (let round = 0; round < 3; round++) {
    writeFileSync(file, 'x'.repeat(1024 * 1024 + 1));
    log.info(`round ${round}`);
  }
  expect(readdirSync(directory).sort()).toEqual(['shell.log', 'shell.log.1']);
  expect(statSync(file).size).toBeLessThan(100);
  expect(readFileSync(file, 'utf8')).toContain('round 2');
});

test('where nothing can be written nothing is thrown', () => {
  const file = join(tempDir(), 'shell.log');
  writeFileSync(file, '');
  expect(() => openAppLog(join(file, 'below-a-file', 'shell.log')).info('x')).not.toThrow();
});
