import { expect, test } from 'vitest';
import { MINUTE, NOW, outbox, snapshot } from '../../test/support/agent-status.ts';
import { runIdOf } from '../../test/support/ids.ts';
import { MAX_COPY_CHARS } from './app-shell-contract.ts';
import { helpdeskReport, type Inside } from './describe-helpdesk.ts';
import { MAX_REPORT_CHARS } from './helpdesk-limits.ts';
import { I18n } from './i18n/i18n.ts';

const en = new I18n('en');
const frame = {
  snapshot: snapshot({
    outbox: outbox(2, 1, { waiting: 1, stuck: 2 }),
    notices: { forbidden: null, undelivered: null, clock: null, log: { path: '/var/l', why: 'EACCES' } },
  }),
  pc: { name: 'PC-0142', version: '1.4.2', groups: ['office'] },
  userName: 'taro',
  nowMs: NOW,
};
const INSIDE: Inside = {
  failures: {
    sinceMs: null,
    kinds: 3,
    rows: [
      {
        title: { kind: 'text', text: 'Printer fix' },
        manifestId: 'printer-fix',
        reason: 'FAILED',
        count: 3,
        lastRun: runIdOf(1_204),
        lastAtMs: NOW - MINUTE,
      },
    ],
  },
  link: { nowMs: NOW, spans: [{ state: 'connected', why: null, fromMs: NOW - 60 * MINUTE, untilMs: NOW }] },
  parked: {
    total: 3,
    rows: [
      {
        kind: 'result',
        resultId: 'r-1',
        run: runIdOf(7),
        title: null,
        attempts: 2,
        parkedAtMs: NOW - MINUTE,
        why: 'too large',
      },
      { kind: 'event', resultId: 'e-1', run: null, title: null, attempts: 9, parkedAtMs: NOW, why: 'nobody stores it' },
    ],
  },
  settings: [
    {
      key: 'history.days',
      value: '30 days',
      source: 'policy',
      place: 'HistoryDays',
      locked: true,
      about: 'x',
      means: { kind: 'amount', amount: 30, unit: 'days' },
      builtIn: { kind: 'amount', amount: 90, unit: 'days' },
      changed: true,
    },
    {
      key: 'helpdesk.code_hash',
      value: '(set)',
      source: 'agent.toml',
      place: null,
      locked: false,
      about: 'x',
      means: { kind: 'secret' },
      builtIn: { kind: 'none' },
      changed: false,
    },
  ],
  log: { kind: 'lines', path: '/var/log/agent.log', lines: ['line 1', 'line 2'] },
  hardware: {
    system: 'Windows 11',
    processor: null,
    memoryBytes: 16 * 1024 ** 3,
    disks: [{ name: 'C:', sizeBytes: 500e9, freeBytes: 20e9 }],
    unread: ['drives: no answer'],
    bootedAtMs: NOW - MINUTE,
  },
  schedules: [
    {
      title: { kind: 'text', text: 'Backup check' },
      state: 'waiting',
      nextAtMs: NOW + MINUTE,
      last: null,
      skipped: { why: 'missed', atMs: NOW - MINUTE, count: 1 },
      internals: { id: 'backup-daily', jobId: 'backup', when: '0 0 * * * *', note: null },
    },
  ],
};

test('the report says all that the screen shows, part by part', () => {
  expect(helpdeskReport(INSIDE, frame, en).split('\n\n')).toEqual([
    '## Report for the helpdesk, Wednesday, 25 November 2026 14:00:00\nPC: PC-0142\nUser: taro\nVersion: 1.4.2\n' +
      'Groups: office\nState: 2 items to look at\nConnection: connected',
    "## What is wrong\nCould not be delivered: 1 result is kept on this PC; IT can resend it.\nThe program's log can't be written: No task depends on it. Contact IT.\n" +
      'Log file: /var/l, EACCES',
    '## What went wrong or was not run in the last seven days\n' +
      'Printer fix: Finished with an error (FAILED) · 3 times, last 13:59 · #1 204\nand 2 more',
    '## Connection in the last seven days\nConnected for 100 % of the 1 hr that are known.\n' +
      '18 Nov, 14:00 to 13:00, 6 days – not known: this program was off or ended suddenly, or this PC was asleep',
    '## What could not be delivered\n' +
      'Result of a task that is not kept here · #7 · r-1 · since 13:59, tried 2 times · too large\n' +
      "A note for the fleet's record, on signatures · e-1 · since 14:00, tried 9 times · nobody stores it\n" +
      'and 1 more\nWaiting to be sent: 2 results, 1 other message.',
    '## Scheduled on this PC\n' +
      'Backup check · next at 14:01 · left out at 13:59: its time went by unnoticed · backup-daily · backup · 0 0 * * * *',
    '## This PC\nSystem: Windows 11\nMemory: 16 GB\nDisk C:: 20 GB free of 500 GB\n' +
      'Running since: 13:59\nCould not be read: drives: no answer',
    '## Settings that are not as built in\nhistory.days = 30 days (by policy: HistoryDays · locked · built in: 90 days)',
    '## All other settings\nhelpdesk.code_hash = set, never shown (in the settings file)',
    '## End of the log\n/var/log/agent.log\nline 1\nline 2',
  ]);
});

test('what the state counts is listed', () => {
  const troubled = snapshot({
    disk: { ok: false, freeBytes: 1_000, neededBytes: 14_000_001 },
    store: { state: 'read_only', readable: true },
    secondAgentSeen: true,
  });
  const [head, wrong] = helpdeskReport(INSIDE, { ...frame, snapshot: troubled }, en).split('\n\n');
  expect(head).toContain('State: 3 items to look at');
  expect(wrong?.split('\n')).toEqual([
    '## What is wrong',
    expect.stringMatching(/^Paused: disk almost full: /),
    expect.stringMatching(/record/),
    expect.stringMatching(/^Another PC uses/),
  ]);
});

test('what is not known is said to be so, in either language', () => {
  const nothing: Inside = {
    failures: null,
    link: null,
    parked: null,
    settings: null,
    log: null,
    hardware: null,
    schedules: null,
  };
  expect(helpdeskReport(nothing, frame, en).match(/Not known at present\./g)).toHaveLength(8);
  expect(helpdeskReport(nothing, frame, new I18n('ja'))).toContain('## 直近7日間のエラーと未実行\n');
});

test('that there is nothing is said where it is known', () => {
  const empty: Inside = {
    failures: { sinceMs: NOW - 5 * MINUTE, rows: [], kinds: 0 },
    link: { nowMs: NOW, spans: [] },
    parked: { total: 0, rows: [] },
    settings: [],
    log: { kind: 'none' },
    hardware: null,
    schedules: [],
  };
  const text = helpdeskReport(empty, frame, en);
  expect(text).toContain(
    '## What went wrong or was not run since 13:55\nNone recorded. What IT stopped is not counted here.',
  );
  expect(text).toContain('## What could not be delivered\nNone.\nWaiting to be sent');
  expect(text).toContain('## Settings that are not as built in\n–');
  expect(text).toContain('## End of the log\nNo log is written to a file.');
});

test('however much there is, it fits the clipboard', () => {
  const lines = Array.from({ length: 200 }, () => 'x'.repeat(9_000));
  const text = helpdeskReport({ ...INSIDE, log: { kind: 'lines', path: '/l', lines } }, frame, en);
  expect([text.length, text.length < MAX_COPY_CHARS]).toEqual([MAX_REPORT_CHARS, true]);
});
