import { expect, test } from 'vitest';
import { OUTCOME_GROUPS } from './outcome-group-names.ts';
import { outcomeGroup, reasonsOf } from './outcome-groups.ts';
import { REASONS } from './outcomes.ts';
import { clip, runTitle } from './run-title.ts';

test.each([
  ['office-repair', 'Repair Office\nand more', { kind: 'text', text: 'Repair Office' }],
  ['office-repair', '\n  \r\n  Printer fix  ', { kind: 'text', text: 'Printer fix' }],
  ['office-repair_v2.final', null, { kind: 'text', text: 'office repair v2 final' }],
  ['office-repair', '   ', { kind: 'text', text: 'office repair' }],
  ['プリンター-修復', null, { kind: 'text', text: 'プリンター 修復' }],
  ['adhoc-run', null, { kind: 'direct' }],
  ['adhoc-run', 'Named after all', { kind: 'text', text: 'Named after all' }],
  [null, null, { kind: 'none' }],
  ['---', null, { kind: 'none' }],
  ['a', 'tab\there\u0007', { kind: 'text', text: 'tab here' }],
  ['a', 'safe\u202Eexe.txt', { kind: 'text', text: 'safe exe.txt' }],
])('the title of %j described as %j', (id, description, title) => {
  expect(runTitle(id, description)).toEqual(title);
});

test('a long title is cut where it can be read, never inside a character', () => {
  const long = runTitle('a', '😀'.repeat(100));
  expect(long).toEqual({ kind: 'text', text: `${'😀'.repeat(59)}…` });
  expect(clip('abcdef', 6)).toBe('abcdef');
  expect(clip('abcdefg', 6)).toBe('abcde…');
});

test('each reason is in exactly one group', () => {
  const grouped = OUTCOME_GROUPS.flatMap((group) => reasonsOf(group).map((reason) => [reason, group]));
  expect(new Map(grouped as [string, string][]).size).toBe(REASONS.length);
  expect(grouped).toHaveLength(REASONS.length);
  expect(REASONS.map((reason) => [reason, outcomeGroup(reason)])).toEqual(expect.arrayContaining(grouped));
});
