import { describe, expect, test } from 'vitest';
import { runIdOf } from '../../test/support/ids.ts';
import type { AgentStatus, UpdateView } from '../shared/agent-status.ts';
import { I18n } from '../shared/i18n/i18n.ts';
import type { RunRow } from '../shared/run-view.ts';
import { NotificationRules, type Observation } from './notification-rules.ts';

const i18n = new I18n('en');
const MINUTE = 60_000;

function row(run: number, fields: Partial<RunRow> = {}): RunRow {
  return {
    run: runIdOf(run),
    title: { kind: 'text', text: `task ${run}` },
    source: 'live',
    asUser: false,
    state: 'finished',
    reason: 'DONE',
    exitCode: 0,
    receivedAtMs: 0,
    notBeforeMs: null,
    startedAtMs: 1,
    finishedAtMs: 2,
    deliveredAtMs: 3,
    timeoutSecs: null,
    parked: false,
    unreported: false,
    ...fields,
  };
}

const running = { state: 'running', reason: null, finishedAtMs: null } as const;
const failedAsUser = { asUser: true, reason: 'FAILED', exitCode: 5 } as const;

const NO_UPDATE: UpdateView = { state: 'none', installed: '1.0.0', wanted: null, reason: null, release: null };
const TAKING = { doneBytes: 5, waitsFor: 'window', notBeforeMs: 1, deferUntilMs: 9 } as const;
const READY = { state: 'verified', wanted: '1.1.0', taking: TAKING } as const;

class Person {
  readonly rules = new NotificationRules();
  #rows: RunRow[] = [];
  nowMs = 0;

  constructor(rows: RunRow[] = []) {
    this.see({ rows });
  }

  see(changed: {
    rows?: RunRow[];
    restartRequired?: boolean;
    notifyOnRun?: number;
    wanted?: boolean;
    update?: Partial<UpdateView>;
  }): void {
    this.#rows = changed.rows ?? this.#rows;
    const update = { ...NO_UPDATE, ...changed.update };
    const status = { restartRequired: changed.restartRequired ?? false, update } as AgentStatus;
    const observation: Observation = {
      status,
      rows: this.#rows,
      notifyOnRun: changed.notifyOnRun ?? 0,
      wanted: changed.wanted ?? true,
    };
    this.rules.check(observation);
  }

  /** The title of what is shown now. */
  shown(): string | null {
    const toast = this.rules.next(i18n, this.nowMs);
    return toast === null ? null : `${toast.title}: ${toast.body}`;
  }
}

describe('nothing is said', () => {
  test.each([
    ['of a success as the system', row(1)],
    ['of a success as the person', row(1, { asUser: true })],
    ['of a skip', row(1, { reason: 'VERSION_PIN', startedAtMs: null })],
    ['of a failure as the system', row(1, { reason: 'FAILED', exitCode: 5 })],
    ['of a task that IT stopped', row(1, { reason: 'KILLED', asUser: true })],
    ['of a start, where IT does not want it', row(1, running)],
  ])('%s', (_what, run) => {
    const person = new Person();
    person.see({ rows: [run] });
    expect(person.shown()).toBeNull();
    expect(person.rules.dueInMs(0)).toBeNull();
  });

  test('of what was there before the program', () => {
    const person = new Person([row(1, failedAsUser), row(2, running)]);
    person.see({ rows: [row(1, failedAsUser), row(2, running)], notifyOnRun: 2 });
    expect(person.shown()).toBeNull();
  });

  test('of old rows that come into view again', () => {
    const person = new Person([row(9), row(8)]);
    person.see({ rows: [row(9), row(8), row(3, failedAsUser)] });
    expect(person.shown()).toBeNull();
  });
});

describe('something is said', () => {
  test('of a task of the person’s that failed', () => {
    const person = new Person();
    person.see({ rows: [row(1, failedAsUser)] });
    expect(person.shown()).toBe('A task of yours ended with an error: task 1');
    expect(person.shown()).toBeNull();
  });

  test('of a restart that is needed, and of a task that waits for the person', () => {
    const person = new Person();
    person.see({ restartRequired: true });
    expect(person.shown()).toBe('Restart this PC to finish an update: At a moment that suits you.');
    const other = new Person();
    other.see({ rows: [row(4, { state: 'waiting_user', reason: null, startedAtMs: null })] });
    expect(other.shown()).toBe('A task waits for you: task 4');
  });

  test('of the helpdesk’s view', () => {
    const person = new Person();
    person.rules.helpdeskOpened(new Date(2026, 10, 24, 9, 52).getTime());
    expect(person.shown()).toBe(
      'Helpdesk view was opened: At 09:52. It ends by itself, at the latest after 15 minutes.',
    );
  });

  test.each([
    [1, true, true],
    [1, false, false],
    [2, true, true],
    [2, false, true],
  ])('of the start of a task at level %d, as the person %j: %j', (notifyOnRun, asUser, said) => {
    const person = new Person();
    person.see({ rows: [row(1, { ...running, asUser })], notifyOnRun });
    expect(person.shown()).toBe(said ? 'IT started a task: task 1' : null);
  });

  test('of a start once, also when the task was over before we looked', () => {
    const person = new Person();
    person.see({ rows: [row(1)], notifyOnRun: 2 });
    expect(person.shown()).toBe('IT started a task: task 1');
    person.nowMs = 20 * MINUTE;
    person.see({ rows: [row(1)], notifyOnRun: 2 });
    expect(person.shown()).toBeNull();
  });
});

test('the person can silence what does not need them, and not what IT insists on', () => {
  const person = new Person();
  person.see({ rows: [row(1, failedAsUser)], wanted: false });
  expect(person.shown()).toBeNull();
  person.see({ rows: [row(2, running), row(1, failedAsUser)], wanted: false, notifyOnRun: 2 });
  expect(person.shown()).toBe('IT started a task: task 2');
});

describe('at most one in ten minutes', () => {
  test('a burst becomes one digest', () => {
    const person = new Person();
    person.see({ rows: [row(1, failedAsUser)] });
    expect(person.shown()).not.toBeNull();
    person.see({ rows: [row(4, failedAsUser), row(3, failedAsUser), row(2, failedAsUser), row(1, failedAsUser)] });
    expect(person.shown()).toBeNull();
    expect(person.rules.dueInMs(4 * MINUTE)).toBe(6 * MINUTE);
    person.nowMs = 10 * MINUTE;
    expect(person.shown()).toBe('3 tasks of yours ended with an error: Open the list to see each one.');
    expect(person.rules.dueInMs(person.nowMs)).toBeNull();
  });

  test('a burst of starts is one number, and one of several kinds counts them together', () => {
    const person = new Person();
    person.see({ rows: [row(1, running)], notifyOnRun: 2 });
    expect(person.shown()).not.toBeNull();
    const started = Array.from({ length: 49 }, (_each, at) => row(50 - at, running));
    person.see({ rows: started, notifyOnRun: 2 });
    person.nowMs = 10 * MINUTE;
    expect(person.shown()).toBe('IT started 49 tasks: Open the list to see each one.');
    person.see({ rows: [row(52, failedAsUser), row(51, running)], notifyOnRun: 2 });
    person.nowMs = 20 * MINUTE;
    expect(person.shown()).toMatch(/^3 things happened on this PC/);
  });

  test('what is no task is in no list of tasks, and is told by itself', () => {
    const person = new Person();
    person.see({ rows: [row(3, failedAsUser), row(2, failedAsUser)] });
    person.rules.helpdeskOpened(0);
    expect(person.shown()).toMatch(/^Helpdesk view was opened: /);
    expect(person.shown()).toBeNull();
    person.nowMs = 10 * MINUTE;
    expect(person.shown()).toBe('2 tasks of yours ended with an error: Open the list to see each one.');
  });

  test('what was asked of the person is not said late when it is done', () => {
    const waiting = row(2, { state: 'waiting_user', reason: null, startedAtMs: null });
    const person = new Person();
    person.see({ rows: [row(1, failedAsUser)] });
    expect(person.shown()).not.toBeNull();
    person.see({ rows: [waiting, row(1, failedAsUser)], restartRequired: true });
    expect(person.rules.dueInMs(0)).toBe(10 * MINUTE);
    person.see({ rows: [row(2), row(1, failedAsUser)], restartRequired: false });
    expect(person.rules.dueInMs(0)).toBeNull();
  });

  test('what needs the person comes first, and by itself', () => {
    const person = new Person();
    person.see({ rows: [row(2, failedAsUser), row(1, failedAsUser)], restartRequired: true });
    expect(person.shown()).toMatch(/^Restart this PC/);
    person.nowMs = 10 * MINUTE;
    expect(person.shown()).toMatch(/^2 tasks of yours ended with an error/);
  });
});

describe('an update', () => {
  const SAID = 'An update is ready: Version 1.1.0 is installed at the time that IT has set. You can put it off.';

  test('that waits for its time is told once, whatever becomes of it until then', () => {
    const person = new Person();
    person.see({ update: { ...READY, state: 'downloading' } });
    expect(person.shown()).toBeNull();
    person.see({ update: READY });
    expect(person.shown()).toBe(SAID);
    person.see({ update: { ...READY, state: 'waiting' } });
    person.see({ update: READY });
    person.nowMs += 60 * MINUTE;
    expect(person.shown()).toBeNull();
  });

  test.each([
    ['which the person may not put off', { ...READY, taking: { ...TAKING, deferUntilMs: null } }],
    ['of which the person has said when', { ...READY, taking: { ...TAKING, waitsFor: 'person' } }],
    ['that is installed as soon as nothing runs', { ...READY, taking: { ...TAKING, waitsFor: 'tasks' } }],
    ['that was taken back', { state: 'rolled_back', wanted: '1.1.0' }],
    ['that IT installs', { state: 'available', wanted: '1.1.0' }],
  ] as const)('%s is not told', (_what, update) => {
    const person = new Person();
    person.see({ update });
    expect(person.shown()).toBeNull();
  });

  test('is not told to who does not want to be told, nor late', () => {
    const quiet = new Person();
    quiet.see({ update: READY, wanted: false });
    quiet.see({ update: READY, wanted: true });
    expect(quiet.shown()).toBeNull();
    const late = new Person();
    late.see({ update: READY });
    late.see({ update: { ...READY, state: 'installing' } });
    expect(late.shown()).toBeNull();
  });
});
