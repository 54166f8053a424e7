import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { lastError, native } from './native.ts';
import { groupsOf, ownSid } from './sids.ts';

const onWindows = test.runIf(process.platform === 'win32');

onWindows('our own SID is the one that Windows tells of us', () => {
  const told = execFileSync('whoami.exe', ['/user', '/fo', 'csv', '/nh'], { encoding: 'utf8' });
  expect(ownSid()).toBe(/S-1-[\d-]+/.exec(told)?.[0]);
});

onWindows('the groups of a token are all of them, as Windows tells them', () => {
  const token: [number] = [0];
  if (native().OpenProcessToken(native().GetCurrentProcess(), 0x8, token) === 0) throw lastError('OpenProcessToken');
  const groups = groupsOf(token[0]);
  native().CloseHandle(token[0]);
  for (const group of groups) expect(group).toMatch(/^S-1-\d+(?:-\d+)+$/);
  // Everyone.
  expect(groups).toContain('S-1-1-0');
});
