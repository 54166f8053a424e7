import { expect, test } from 'vitest';
import { FAILURES, LEFT_OUT } from './helpdesk-limits.ts';
import { REASONS } from './outcomes.ts';

test('what went wrong or was left out is all but what went well and what IT stopped', () => {
  expect(REASONS.filter((reason) => !FAILURES.includes(reason))).toEqual(['DONE', 'KILLED', 'KILLED_WAITING']);
  expect(LEFT_OUT).toEqual(['DISABLED', 'STALE_VIEW', 'VERSION_PIN', 'REVOKED', 'DEADLINE', 'UNSUPPORTED']);
});
