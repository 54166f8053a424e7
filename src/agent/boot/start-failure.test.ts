import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { tempDir } from '../../../test/support/temp.ts';
import { readStartFailure } from '../../client/start-failure.ts';
import { endpointFile, startFailureFile } from '../../shared/directories.ts';
import { START_FAILURES } from '../../shared/start-failure.ts';
import { forgetStartFailure, noteStartFailure } from './start-failure.ts';

test('what a start ended with can be read until one does not, each time anew', async () => {
  const agentDir = join(tempDir(), 'data', 'kanade-tray');
  expect(await readStartFailure(agentDir)).toBeNull();
  for (const state of START_FAILURES) {
    noteStartFailure(agentDir, state);
    expect(await readStartFailure(agentDir)).toBe(state);
  }
  forgetStartFailure(agentDir);
  expect(await readStartFailure(agentDir)).toBeNull();
  forgetStartFailure(agentDir);
});

test('beside an agent that serves there nothing is noted, and what can not be read is nothing', async () => {
  const agentDir = tempDir();
  const served = endpointFile(agentDir, '1000');
  mkdirSync(dirname(served), { recursive: true });
  writeFileSync(served, '{}');
  noteStartFailure(agentDir, 'config_invalid');
  expect(await readStartFailure(agentDir)).toBeNull();
  writeFileSync(startFailureFile(agentDir), '{"state":"of another release"}');
  expect(await readStartFailure(agentDir)).toBeNull();
});

test('a directory that can not be made hinders nobody', () => {
  const file = join(tempDir(), 'file');
  writeFileSync(file, '');
  noteStartFailure(join(file, 'below'), 'not_set_up');
  forgetStartFailure(join(file, 'below'));
});
