import { expect, test } from 'vitest';
import { fixtureMessages } from '../../../test/fixtures/read.ts';
import { parseDuration } from './humantime.ts';
import {
  agentStoppedText,
  appendNote,
  cannotReadText,
  deadlineText,
  interruptedText,
  killedText,
  noUserText,
  pinText,
  revokedText,
  scriptObjectText,
  scriptsOffText,
  spawnFailedText,
  stalenessText,
  timeoutText,
  unsupportedCommandText,
  unsupportedRunAsText,
} from './result-texts.ts';
import { parseTimestamp } from './timestamp.ts';

const stderrOf = (name: string) =>
  fixtureMessages(name).map(({ payload }) => (JSON.parse(payload) as { stderr: string }).stderr);
const ns = (text: string) => {
  const parsed = parseDuration(text);
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.ns;
};

test('texts are those that the original was seen to write', () => {
  const note = killedText('a5a03604-b2ba-45fe-90ee-b7a10b330065');
  expect([appendNote('oops', note)]).toEqual(stderrOf('result_killed'));
  expect([timeoutText(2)]).toEqual(stderrOf('result_timeout'));
  const ages = ['44s 58ms 698us 731ns', '45s 61ms 305us 791ns'];
  expect(ages.map((age) => stalenessText(ns(age), 0n))).toEqual(stderrOf('result_staleness_127'));
  const deadline = parseTimestamp('2026-11-24T19:29:00.749452Z') ?? 0n;
  const received = parseTimestamp('2026-11-24T19:34:00.750325183Z') ?? 0n;
  expect([deadlineText(received - deadline, deadline, received)]).toEqual(stderrOf('result_deadline_125'));
});

test('texts of later versions and of our own are exact', () => {
  expect([
    timeoutText(0),
    timeoutText(2n ** 64n - 1n),
    stalenessText(null, 300_000_000_000n),
    pinText('job', '2', '1'),
    revokedText('job'),
    interruptedText(),
    unsupportedRunAsText('user', 'linux'),
    unsupportedRunAsText('system_gui', 'darwin'),
    unsupportedRunAsText('system', 'win32'),
    unsupportedRunAsText('user', 'freebsd'),
    agentStoppedText(),
    scriptsOffText(),
    cannotReadText('shell: expected a string'),
    spawnFailedText('no such directory'),
    noUserText(),
    unsupportedCommandText('operation: expected a script to run'),
    scriptObjectText('a/1', 'it does not exist'),
  ]).toEqual([
    'timeout after 0s',
    'timeout after 18446744073709551615s',
    'skipped: staleness policy (mode=strict) exceeded — agent has been disconnected for 584542046090years 7months 15days 17h 5m 3s 999ms 999us 999ns, max allowed 5m',
    'skipped: version-pin mismatch — script_current[job] = 2, command brought 1',
    'skipped: command was revoked (script_status[job] = revoked)',
    'agent restarted during execution; outcome unknown (the command is not relaunched automatically)',
    'skipped: run_as User is not supported on Linux agents',
    'skipped: run_as SystemGui is not supported on macOS agents',
    'skipped: run_as System is not supported on Windows agents',
    'skipped: run_as User is not supported on freebsd agents',
    'stopped: the agent is shutting down',
    'skipped: scripts are switched off on this PC by policy',
    'refused: cannot read command: shell: expected a string',
    'command failed before it produced an outcome: no such directory',
    'command failed before it produced an outcome: no user is signed in',
    'skipped: this kind of command is not supported by this agent (operation: expected a script to run)',
    'skipped: script object a/1 can not be used: it does not exist',
  ]);
});

test.each([
  ['', 'note'],
  ['text', 'text\nnote'],
  ['text\n', 'text\n\nnote'],
])('a note behind %j', (stderr, expected) => {
  expect(appendNote(stderr, 'note')).toBe(expected);
});
