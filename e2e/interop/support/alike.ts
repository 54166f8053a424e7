/** What it means that two results are the same. */
import { expect } from 'vitest';
import type { ExecResult } from '../../../test/support/fleet.ts';

/** Additions of ours, which come last (protocol §12.2). */
const ADDED = ['skipped'];
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3}|\.\d{6}|\.\d{9})?Z$/;

/** What may differ, out of the way: ids, times, and in the agent's own texts how long something took. */
function comparable(text: string): object {
  const result = JSON.parse(text) as ExecResult;
  expect([result.started_at, result.finished_at]).toEqual([expect.stringMatching(TIME), expect.stringMatching(TIME)]);
  const stderr = result.stderr
    .replace(/(expired|disconnected for) (?:\d+[a-z]+ ?)+/, '$1 <duration>')
    .replace(/received \d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)? UTC/, 'received <time>');
  return Object.entries({
    ...result,
    stderr,
    result_id: '<id>',
    pc_id: '<pc>',
    started_at: '',
    finished_at: '',
  }).filter(([name]) => !ADDED.includes(name));
}

/** Same values, and the same fields in the same order with only our additions behind them. */
export function expectAlike([ours, theirs]: readonly [string, string]): void {
  expect(comparable(ours)).toEqual(comparable(theirs));
  const names = (text: string) => Object.keys(JSON.parse(text) as object);
  expect(names(ours)).toEqual([...names(theirs), ...ADDED]);
}
