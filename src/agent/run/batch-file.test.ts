import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { noMountsHere, readOnly } from '../../../test/support/mounts.ts';
import { tempDir } from '../../../test/support/temp.ts';
import { ownSid } from '../../platform/windows/sids.ts';
import { BatchFiles } from './batch-file.ts';

const noMounts = noMountsHere();
const isWindows = process.platform === 'win32';

function leftOver(directory: string, name: string): string {
  mkdirSync(join(directory, name), { recursive: true });
  writeFileSync(join(directory, name, 'script.cmd'), 'echo');
  return join(directory, name);
}

/** Elsewhere than on Windows nothing is written; what is done before that is. */
function write(files: BatchFiles): void {
  if (isWindows) files.write('echo', ownSid()).remove();
  else expect(() => files.write('echo', 'BA')).toThrow();
}

test('what an agent that died has left goes with the next one', () => {
  const directory = join(tempDir(), 'batch');
  leftOver(directory, 'a');
  new BatchFiles(directory);
  expect(existsSync(directory)).toBe(false);
});

test('what a script that outlived its agent holds stops no command, and goes when it is let go of', (context) => {
  if (noMounts !== null) return context.skip(noMounts);
  const directory = join(tempDir(), 'batch');
  const held = leftOver(directory, 'a');
  const letGo = readOnly(join(held, 'script.cmd'));
  const files = new BatchFiles(directory);
  const running = leftOver(directory, 'of a script that runs now');
  write(files);
  expect(existsSync(held)).toBe(true);
  letGo();
  write(files);
  expect([existsSync(held), existsSync(running)]).toEqual([false, true]);
});
