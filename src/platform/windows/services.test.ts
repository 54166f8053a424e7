import { expect, test } from 'vitest';
import { serviceRuns } from './services.ts';

const onWindows = process.platform === 'win32';

test.runIf(onWindows)('a service that runs is told from one that is not there', () => {
  expect([serviceRuns('EventLog'), serviceRuns('NoSuchServiceHere')]).toEqual([true, false]);
});

test.skipIf(onWindows)('elsewhere no service runs', () => {
  expect(serviceRuns('EventLog')).toBe(false);
});
