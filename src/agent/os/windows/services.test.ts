import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { serviceRuns } from './services.ts';

const onWindows = process.platform === 'win32';

test.runIf(onWindows)('a service that runs is told from one that is stopped and one that is not there', () => {
  const running = execFileSync('sc.exe', ['query', 'state=', 'active'], { encoding: 'utf8' });
  const name = /SERVICE_NAME:\s*(\S+)/.exec(running)?.[1] ?? '';
  expect(name).not.toBe('');
  expect([serviceRuns(name), serviceRuns('NoSuchServiceHere')]).toEqual([true, false]);
});

test.skipIf(onWindows)('elsewhere no service runs', () => {
  expect(serviceRuns('EventLog')).toBe(false);
});
