import { expect, test } from 'vitest';
import { NOW } from '../../test/support/agent-status.ts';
import { refusalOf, refusalText } from './describe-refusal.ts';
import { Fault } from './faults.ts';
import { I18n } from './i18n/i18n.ts';

const [en, ja] = [new I18n('en'), new I18n('ja')];

test('a wait goes down while it is looked at, and is over when it is over', () => {
  const refusal = refusalOf(new Fault('wrong_code', 'no', { triesLeft: 0, retryInMs: 300_000 }), NOW);
  const said = [0, 30_000, 240_000, 299_500, 300_000].map((laterMs) => refusalText(refusal, en, NOW + laterMs));
  expect(said).toEqual([
    'Too many wrong codes. Try again in 5 min.',
    'Too many wrong codes. Try again in 4 min 30 sec.',
    'Too many wrong codes. Try again in 1 min.',
    'Too many wrong codes. Try again in 1 sec.',
    null,
  ]);
  expect(refusalText(refusal, ja, NOW + 240_000)).toBe('試行回数が多すぎます。1分後に再度お試しください。');
});

test('a wrong code says how many tries are left, anything else that it could not be looked at', () => {
  const text = (name: 'wrong_code' | 'unavailable', data: object) =>
    refusalText(refusalOf(new Fault(name, 'no', { ...data }), NOW), en, NOW);
  expect(text('wrong_code', { triesLeft: 1, retryInMs: 0 })).toBe('That is not the code. 1 try left.');
  expect(text('unavailable', {})).toBe('The code could not be checked. Try again.');
});
