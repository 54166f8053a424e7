import { expect, test } from 'vitest';
import type { Facts } from '../agent/gates/decide.ts';
import { gateFacts } from './describe-gates.ts';
import { I18n } from './i18n/i18n.ts';

const SEEN = {
  scriptsEnabled: true,
  uncheckedHonoursRevoke: false,
  viewAgeMs: 90_000,
  connected: true,
  fresh: false,
  pinnedVersion: '1.4',
  revoked: false,
} satisfies Facts;

const shown = (gates: Record<string, unknown>, language: 'en' | 'ja' = 'en') =>
  gateFacts(gates, new I18n(language)).map(({ name, value }) => `${name}: ${value}`);

test('everything that the gates note has words', () => {
  expect(shown(SEEN)).toEqual([
    'tasks switched on: yes',
    'withdrawing counts for unchecked tasks too: no',
    'what was known of the fleet was old: 1 min 30 sec',
    'connected: yes',
    'asked anew for this task: no',
    'current version of the task: 1.4',
    'withdrawn: no',
  ]);
  for (const line of shown(SEEN, 'ja')) expect(line).not.toMatch(/^[a-zA-Z]/);
});

test('what is not there is said', () => {
  expect(shown({ viewAgeMs: null, pinnedVersion: null })).toEqual([
    'what was known of the fleet was old: never connected before',
    'current version of the task: none is set',
  ]);
  expect(shown({ viewAgeMs: 0 })).toEqual(['what was known of the fleet was old: not at all, it was current']);
});

test('what another release noted is shown as it is', () => {
  expect(shown({ viewAgeMs: 'odd', other: { a: 1 }, toString: 'x' })).toEqual([
    'viewAgeMs: odd',
    'other: {"a":1}',
    'toString: x',
  ]);
});
