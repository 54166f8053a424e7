import { expect, test } from 'vitest';
import { execIdOf, pcIdOf, requestIdOf } from '../../../test/support/ids.ts';
import type { GroupName, PcId } from '../../shared/ids.ts';
import {
  classifyCommandSubject,
  commandSubjects,
  durableName,
  heartbeatSubject,
  inventoryRequestSubject,
  inventorySubject,
  isGroupName,
  isKvKey,
  isSubjectId,
  killSubject,
  liveTailSubject,
  logsFetchSubject,
  parsePcId,
  pingSubject,
  resultSubject,
  startedSubject,
} from './subjects.ts';

const PC = pcIdOf('PC-A');

test('subjects are those of the fleet', () => {
  expect([
    commandSubjects.all,
    commandSubjects.pc(PC),
    commandSubjects.group('canary' as GroupName),
    killSubject(execIdOf('e1')),
    resultSubject(requestIdOf('r1')),
    heartbeatSubject(PC),
    pingSubject(PC),
    logsFetchSubject(PC),
    startedSubject(execIdOf('e1'), PC),
    liveTailSubject(PC),
    inventorySubject(PC),
    inventoryRequestSubject(PC),
  ]).toEqual([
    'commands.all',
    'commands.pc.PC-A',
    'commands.group.canary',
    'kill.e1',
    'results.r1',
    'heartbeat.PC-A',
    'agents.PC-A.ping',
    'logs.fetch.PC-A',
    'events.started.e1.PC-A',
    'job.tail.PC-A',
    'inventory.PC-A.hw',
    'request.inventory.PC-A',
  ]);
});

test.each([
  ['commands.all', { to: 'all' }],
  ['commands.pc.a.b', { to: 'pc' }],
  ['commands.pc.a', { to: 'other' }],
  ['commands.pc.a.b.c', { to: 'other' }],
  ['commands.pc.A.B', { to: 'other' }],
  ['commands.group.g', { to: 'group', group: 'g' }],
  ['commands.group.g.h', { to: 'group', group: 'g.h' }],
  ['commands.group.', { to: 'other' }],
  ['commands.all.x', { to: 'other' }],
  ['commands', { to: 'other' }],
])('a command on %s', (subject, target) => {
  expect(classifyCommandSubject(subject, 'a.b')).toEqual(target);
});

test.each([
  ['PC-FIXTURE', 'agent_replay_PC-FIXTURE'],
  ['a.b', 'agent_replay_a_b'],
  ['a_b', 'agent_replay_a_b'],
  ['日本 𠮷', 'agent_replay_____'],
])('the durable consumer of %s is %s', (pcId, name) => {
  expect(durableName(pcId as PcId)).toBe(name);
});

test.each(['PC-A', 'a', 'a.b.c.d', 'x_1', 'A'.repeat(64)])('%s can be a pc_id', (text) => {
  expect(parsePcId(text)).toEqual({ ok: true, pcId: text });
});

test.each([
  ['', /empty/],
  ['A'.repeat(65), /65 characters/],
  ['a b', /" "/],
  ['*', /"\*"/],
  ['>', /">"/],
  ['a/b', /"\/"/],
  ['日本', /"日"/],
  ['a\0', /u0000/],
  ['.a', /dot/],
  ['a.', /dot/],
  ['a..b', /dot/],
  ['a.b.c.d.e', /5 parts/],
])('%j can not be a pc_id, and a sentence says why', (text, why) => {
  expect(parsePcId(text)).toEqual({ ok: false, problem: expect.stringMatching(why) });
  expect(parsePcId(text)).toEqual({ ok: false, problem: expect.stringMatching(/^[A-Z].*\.$/) });
});

test.each(['a', 'spa-run-1', 'a.b', '日本', 'x'.repeat(200), '𠮷'.repeat(200), '$x', 'a/b'])(
  '%j can be an id in a subject',
  (text) => {
    expect(isSubjectId(text)).toBe(true);
  },
);

test.each([
  '',
  'x'.repeat(201),
  '𠮷'.repeat(201),
  'x'.repeat(1_000_000),
  'a b',
  'a\tb',
  'a\n',
  'a\u3000b',
  '*',
  'a*',
  '>',
  'a\0',
  'a\u007f',
  'a\u0085',
  '.',
  '.a',
  'a.',
  'a..b',
  '../x',
])('%.20j can not be an id in a subject', (text) => {
  expect(isSubjectId(text)).toBe(false);
});

test.each(['a', 'job-1', 'a.b', 'a/b', 'A_=9', '-'])('%s can be a key and a group', (text) => {
  expect([isKvKey(text), isGroupName(text)]).toEqual([true, true]);
});

test('what a request for it would be too long for is no key', () => {
  expect([3_890, 3_891, 1_000_000].map((length) => isKvKey('a'.repeat(length)))).toEqual([true, false, false]);
});

test.each(['', '.a', 'a.', 'a..b', 'a b', '*', '>', '日本', 'a\n', 'a\0'])(
  '%j can be neither key nor group',
  (text) => {
    expect([isKvKey(text), isGroupName(text)]).toEqual([false, false]);
  },
);
