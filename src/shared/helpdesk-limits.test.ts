import { expect, test } from 'vitest';
import { FAILURES } from './helpdesk-limits.ts';
import { REASONS } from './outcomes.ts';

test('a failure is what neither IT nor a check meant to happen', () => {
  expect(REASONS.filter((reason) => !FAILURES.includes(reason))).toEqual([
    'DONE',
    'DISABLED',
    'STALE_VIEW',
    'VERSION_PIN',
    'REVOKED',
    'DEADLINE',
    'UNSUPPORTED',
    'KILLED',
    'KILLED_WAITING',
  ]);
});
