import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { tempDir } from '../../../test/support/temp.ts';
import { readStartFault } from '../../client/start-fault.ts';
import { endpointFile, startFaultFile } from '../../shared/directories.ts';
import { START_FAULTS } from '../../shared/start-fault.ts';
import { forgetStartFault, noteStartFault } from './start-fault.ts';

test('what a start ended with can be read until one does not, each time anew', async () => {
  const agentDir = join(tempDir(), 'data', 'kanade-tray');
  expect(await readStartFault(agentDir)).toBeNull();
  for (const state of START_FAULTS) {
    noteStartFault(agentDir, state);
    expect(await readStartFault(agentDir)).toBe(state);
  }
  forgetStartFault(agentDir);
  expect(await readStartFault(agentDir)).toBeNull();
  forgetStartFault(agentDir);
});

test('beside an agent that serves there nothing is noted, and what can not be read is nothing', async () => {
  const agentDir = tempDir();
  const served = endpointFile(agentDir, '1000');
  mkdirSync(dirname(served), { recursive: true });
  writeFileSync(served, '{}');
  noteStartFault(agentDir, 'config_invalid');
  expect(await readStartFault(agentDir)).toBeNull();
  writeFileSync(startFaultFile(agentDir), '{"state":"of another release"}');
  expect(await readStartFault(agentDir)).toBeNull();
});

test('a directory that can not be made hinders nobody', () => {
  const file = join(tempDir(), 'file');
  writeFileSync(file, '');
  noteStartFault(join(file, 'below'), 'not_set_up');
  forgetStartFault(join(file, 'below'));
});
