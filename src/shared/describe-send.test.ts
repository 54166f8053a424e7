import { expect, test } from 'vitest';
import { outbox } from '../../test/support/agent-status.ts';
import { describeStuck, describeWaiting, messageName } from './describe-send.ts';
import { I18n } from './i18n/i18n.ts';
import { OUTBOX_KINDS } from './outbox-kinds.ts';

const [en, ja] = [new I18n('en'), new I18n('ja')];

test('what is stuck is not said to wait, nor the other way round', () => {
  const stuckOnly = outbox(0, 2, { waiting: 0, stuck: 1 });
  expect(describeWaiting(stuckOnly, en)).toEqual([]);
  expect(describeStuck(stuckOnly, en)).toBe('1 other message is kept on this PC, and tried again by itself.');
  const waitingOnly = outbox(1, 0, { waiting: 4, stuck: 0 });
  expect(describeWaiting(waitingOnly, en)).toEqual(['1 result', '4 other messages']);
  expect(describeWaiting(waitingOnly, ja)).toEqual(['結果1件', 'その他のメッセージ4件']);
  expect(describeStuck(waitingOnly, en)).toBeNull();
});

test('an older agent does not say what else there is, so nothing is said of it', () => {
  const older = { waiting: 0, parked: 0, others: null };
  expect([describeWaiting(older, en), describeStuck(older, en)]).toEqual([[], null]);
});

test('each kind of message has a name of its own', () => {
  for (const i18n of [en, ja]) {
    const names = OUTBOX_KINDS.map((kind) => messageName(kind, 'Printer fix', i18n));
    expect(new Set(names).size).toBe(OUTBOX_KINDS.length);
    expect(names.filter((name) => name.includes('Printer fix'))).toHaveLength(2);
  }
  expect(messageName('result', null, en)).toBe('Result of a task that is not kept here');
});
