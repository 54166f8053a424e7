import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { ownSid } from './sids.ts';

test.runIf(process.platform === 'win32')('our own SID is the one that Windows tells of us', () => {
  const told = execFileSync('whoami.exe', ['/user', '/fo', 'csv', '/nh'], { encoding: 'utf8' });
  expect(ownSid()).toBe(/S-1-[\d-]+/.exec(told)?.[0]);
});
