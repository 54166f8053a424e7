import { expect, test } from 'vitest';
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
  pcIdProblem,
  pingSubject,
  resultSubject,
  startedSubject,
} from './subjects.ts';

test('subjects are those of the fleet', () => {
  expect([
    commandSubjects.all,
    commandSubjects.pc('PC-A'),
    commandSubjects.group('canary'),
    killSubject('e1'),
    resultSubject('r1'),
    heartbeatSubject('PC-A'),
    pingSubject('PC-A'),
    logsFetchSubject('PC-A'),
    startedSubject('e1', 'PC-A'),
    liveTailSubject('PC-A'),
    inventorySubject('PC-A'),
    inventoryRequestSubject('PC-A'),
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
  expect(durableName(pcId)).toBe(name);
});

test.each(['PC-A', 'a', 'a.b.c.d', 'x_1', 'A'.repeat(64)])('%s can be a pc_id', (text) => {
  expect(pcIdProblem(text)).toBeUndefined();
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
  expect(pcIdProblem(text)).toMatch(why);
  expect(pcIdProblem(text)).toMatch(/^[A-Z].*\.$/);
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

test.each(['', '.a', 'a.', 'a..b', 'a b', '*', '>', '日本', 'a\n', 'a\0'])(
  '%j can be neither key nor group',
  (text) => {
    expect([isKvKey(text), isGroupName(text)]).toEqual([false, false]);
  },
);
