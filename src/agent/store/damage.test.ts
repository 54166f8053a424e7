import { readdirSync } from 'node:fs';
import type { Database } from 'better-sqlite3';
import { expect, onTestFinished, test, vi } from 'vitest';
import { damagePage, loseEntries } from '../../../test/support/damaged-store.ts';
import { eventually } from '../../../test/support/eventually.ts';
import { requestIdOf, runIdOf } from '../../../test/support/ids.ts';
import { arrival, ending, storeOptions, testStore } from '../../../test/support/store.ts';
import { tempDir } from '../../../test/support/temp.ts';
import { ioError, type Unreadable, unreadable } from '../../../test/support/unreadable.ts';
import { systemClock } from '../../base/clock.ts';
import { Timeline } from '../../base/timeline.ts';
import { until } from '../../base/watched.ts';
import { DamageWatch } from './damage.ts';
import { GroupCommit } from './group-commit.ts';
import { Inbox } from './inbox.ts';
import { checkIntegrity } from './integrity-check.ts';
import { Kills } from './kills.ts';
import { openMemory, openStore } from './open.ts';
import { ScheduleRuns } from './schedule-runs.ts';
import { AGREEING } from './start-check.ts';
import { Store } from './store.ts';
import { Waits } from './waits.ts';

const never = new AbortController().signal;

/** Five that are open, with an execution and a kill each, some that wait, one of a schedule, and one whose result is not delivered. */
async function filled(directory: string): Promise<void> {
  const store = testStore(directory);
  for (let i = 0; i < 4; i++) await store.runs.admit(arrival(`open${i}`, `open${i}`, { execId: `e${i}` }));
  const own = { ...arrival('open4', 'open4', { source: 'schedule' }), requestId: requestIdOf('open4') };
  await store.runs.admitFire(own, { scheduleId: 's', boot: null });
  await store.kills.record('e1', 5, null);
  await store.runs.advance(runIdOf(4), 'admitted', { kind: 'retry', askedMs: 100_000 });
  await store.runs.advance(runIdOf(5), 'waiting_jitter', { kind: 'jitter', askedMs: 100_000 });
  const done = await store.runs.admit(arrival('done', 'done', { execId: 'e' }));
  if (done.kind === 'admitted') await store.runs.finish(done.run, ending(done.resultId));
  await store.close();
}

function open(directory: string) {
  const opened = openStore(directory);
  if (opened.kind !== 'open') throw new Error(opened.kind);
  return opened;
}

/** Opened before the disk fails. */
function openUnnoticed(directory: string, disk: Unreadable) {
  disk.away = false;
  const opened = open(directory);
  disk.away = true;
  disk.errors = 0;
  return opened;
}

/** The next opening has a new store, with all that has to go on. */
async function goesOnInANewStore(directory: string): Promise<void> {
  const { db, notes } = open(directory);
  expect(notes).toMatchObject({ oldCopy: true });
  expect(notes.quarantined).toMatch(/damaged-/);
  const store = new Store(db, storeOptions(directory));
  expect(await store.runs.admit(arrival('done', 'done'))).toEqual({ kind: 'duplicate' });
  expect(store.outbox.counts().waiting).toBe(1);
  expect(store.inbox.open(99).map(({ requestId }) => requestId)).toEqual([0, 1, 2, 3, 4].map((n) => `open${n}`));
  await store.close();
}

test.each([
  'runs_open',
  'runs_state',
  'runs_kill',
  'runs_exec',
  'runs_gate',
  'runs_schedule_open',
  'waits_due',
  'outbox_due',
  'sqlite_autoindex_outbox_1',
])('damage in %s, by which the agent finds its work, is noticed at the start', async (index) => {
  const directory = tempDir();
  await filled(directory);
  damagePage(directory, index);
  await goesOnInANewStore(directory);
});

test.each([
  ['runs_open', 'run > 2'],
  ['runs_state', 'run > 2'],
  ['runs_kill', 'run > 2'],
  ['runs_exec', 'run > 2'],
  ['runs_gate', 'run > 2'],
  ['runs_schedule_open', 'run > 99'],
  ['waits_due', 'run > 99'],
  ['outbox_due', 'seq > 1'],
  ['outbox_run', 'run > 99'],
])('so is an entry that %s has lost, which is an error to nobody', async (index, kept) => {
  const directory = tempDir();
  await filled(directory);
  loseEntries(directory, index, kept);
  await goesOnInANewStore(directory);
});

test('so is a command that waits to be tried again, when its wait is gone: nothing else finds it', async () => {
  const directory = tempDir();
  await filled(directory);
  const { db } = open(directory);
  db.exec(`DELETE FROM waits WHERE kind = 'retry'`);
  db.close();
  await goesOnInANewStore(directory);
});

test('one that waits to be tried again beside the wait that an older release has left of another is found as it is', async () => {
  const directory = tempDir();
  await filled(directory);
  const { db } = open(directory);
  db.exec(`INSERT INTO waits SELECT 1, kind, until_up, boot, until_at, asked_ms FROM waits WHERE kind = 'retry'`);
  db.close();
  const { db: again, notes } = open(directory);
  expect(notes.quarantined).toBeNull();
  again.close();
});

test('each index by which the agent finds its work is looked at when it starts', () => {
  const db = openMemory();
  const asked: string[] = [];
  const prepare = (sql: string) => {
    asked.push(sql);
    return db.prepare(sql);
  };
  const recording = { prepare, pragma: db.pragma.bind(db) } as unknown as Database;
  const group = new GroupCommit(db, { onError() {}, onCommit() {} });
  new Inbox(recording, group);
  new Kills(recording, group);
  new Waits(recording, group, new Timeline(systemClock, 'boot'));
  new ScheduleRuns(recording, group);
  const indexesOf = (sql: string) => {
    const values = (sql.match(/\?/g) ?? []).map(() => 1);
    const names = Object.fromEntries([...sql.matchAll(/@(\w+)/g)].map(([, name]) => [name, 1]));
    const plan = db.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...(values.length > 0 ? values : [names]));
    return (plan as { detail: string }[]).flatMap(({ detail }) => / INDEX (\w+)/.exec(detail)?.[1] ?? []);
  };
  // Of the open ones: the newest run of a schedule is for people.
  const used = new Set(asked.filter((sql) => !sql.includes('ORDER BY run DESC')).flatMap(indexesOf));
  const looked = AGREEING.flatMap(({ by }) => by).flatMap((sql) => sql.match(/(?<=INDEXED BY )\w+/g) ?? []);
  expect([...used].filter((index) => !looked.includes(index))).toEqual([]);
  expect([...used].sort()).toEqual(
    expect.arrayContaining(['runs_gate', 'runs_open', 'runs_schedule_open', 'waits_due']),
  );
});

test('a damaged ledger is noticed before the first command, and begun again with what the rows still tell', async () => {
  const directory = tempDir();
  await filled(directory);
  damagePage(directory, 'ledger');
  const store = new Store(open(directory).db, storeOptions(directory));
  expect(store.knowsWhatItHasSeen()).toBe(false);
  expect([store.damage.value, store.admits]).toEqual([expect.stringMatching(/^ledger: |malformed/), false]);
  await store.close();
  await goesOnInANewStore(directory);
});

test('rows that can not be read are left behind, and nothing that runs is lost with them', async () => {
  const directory = tempDir();
  await filled(directory);
  damagePage(directory, 'runs');
  const { db, notes } = open(directory);
  expect(notes.quarantined).toMatch(/damaged-/);
  const store = new Store(db, storeOptions(directory));
  expect(await store.runs.admit(arrival('open1', 'open1'))).toEqual({ kind: 'duplicate' });
  expect(store.outbox.counts().waiting).toBe(1);
  await store.close();
});

test.each<[string, string, (store: Store) => unknown]>([
  ['a write', 'runs_received', (store) => store.runs.admit(arrival('new'))],
  ['a read', 'outputs', (store) => store.history.output(runIdOf(6), 'stdout')],
])(
  '%s that meets a damaged page: nothing more is admitted, and the next opening begins again',
  async (_name, what, use) => {
    const directory = tempDir();
    await filled(directory);
    damagePage(directory, what);
    const { db, notes } = open(directory);
    expect(notes.quarantined).toBeNull();
    const store = new Store(db, storeOptions(directory));
    const said: unknown[] = [];
    store.damage.watch((damage) => said.push(damage));
    expect(store.admits).toBe(true);
    for (let time = 0; time < 2; time++) await expect((async () => use(store))()).rejects.toThrow('malformed');
    expect(said).toEqual(['database disk image is malformed']);
    expect([store.state.value, store.admits]).toEqual(['read_only', false]);
    await store.probe();
    expect(store.admits).toBe(false);
    await store.close();
    await goesOnInANewStore(directory);
  },
);

test('a disk that lets no transaction begin is damage after a while too, not only one that gives no row', async () => {
  const directory = tempDir();
  await filled(directory);
  const disk = unreadable(/BEGIN IMMEDIATE/);
  const { db } = openUnnoticed(directory, disk);
  const told: string[] = [];
  // In front of what stands in for the disk.
  const watch = new DamageWatch(db, (what) => told.push(what), { everyMs: 5, forMs: 100 });
  const begin = db.prepare('BEGIN IMMEDIATE');
  expect(() => begin.run()).toThrow('disk I/O error');
  await eventually(() => expect(told).toEqual(['disk I/O error']));
  disk.away = false;
  begin.run();
  db.exec('ROLLBACK');
  watch.close();
  db.close();
});

test('damage at once, in what is read when the agent begins, is told too', async () => {
  const directory = tempDir();
  await filled(directory);
  damagePage(directory, 'counters');
  const { db } = open(directory);
  expect(() => new Store(db, storeOptions(directory))).toThrow('malformed');
  db.close();
  await goesOnInANewStore(directory);
});

test('a file that another process works on is not set aside, whatever is wrong with it', async () => {
  const directory = tempDir();
  await filled(directory);
  damagePage(directory, 'outputs');
  const { db } = open(directory);
  const store = new Store(db, storeOptions(directory));
  expect(() => store.history.output(runIdOf(6), 'stdout')).toThrow('malformed');
  expect(store.damage.value).not.toBeNull();
  expect(openStore(directory)).toEqual({ kind: 'in_use' });
  expect(readdirSync(directory).filter((name) => name.includes('damaged-'))).toEqual([]);
  await store.close();
  await goesOnInANewStore(directory);
});

test.each(['runs_received', 'runs_result', 'sqlite_autoindex_outputs_1', 'outbox_parked'])(
  'the check of the whole file reads %s too, also while rows stay open for ever',
  async (index) => {
    const directory = tempDir();
    await filled(directory);
    damagePage(directory, index);
    const { db, notes } = open(directory);
    expect(notes.quarantined).toBeNull();
    vi.useFakeTimers({ toFake: ['performance'] });
    onTestFinished(() => void vi.useRealTimers());
    let looks = 0;
    const idle = () => {
      looks += 1;
      vi.advanceTimersByTime(20);
      return false;
    };
    expect(await checkIntegrity({ db, idle, pauseMs: 1, patienceMs: 50 }, never)).toMatch('malformed');
    expect(looks).toBe(3);
    db.close();
  },
);

test('the check of the whole file finds a row that an index has lost', async () => {
  const directory = tempDir();
  await filled(directory);
  const whole = open(directory);
  expect(await checkIntegrity({ db: whole.db, idle: () => true, pauseMs: 0 }, never)).toBeNull();
  whole.db.close();
  loseEntries(directory, 'runs_received', 'run <> 3');
  const { db } = open(directory);
  expect(await checkIntegrity({ db, idle: () => true, pauseMs: 0 }, never)).toBe(
    'runs: row 3 is missing in runs_received',
  );
  db.close();
});

test('a page that the disk does not give for a moment is no damage to the whole-file check', async () => {
  const directory = tempDir();
  await filled(directory);
  const disk = unreadable(/FROM (runs|outputs) WHERE rowid|FROM sqlite_schema/);
  const { db } = openUnnoticed(directory, disk);
  let looks = 0;
  const idle = () => {
    if (++looks < 4) throw ioError();
    return true;
  };
  const checked = checkIntegrity({ db, idle, pauseMs: 1 }, never);
  await eventually(() => expect(disk.errors).toBeGreaterThan(3));
  disk.away = false;
  expect(await checked).toBeNull();
  db.close();
});

test.each<[string, RegExp, (store: Store) => unknown]>([
  [
    'a read that somebody asks for once',
    /FROM outputs WHERE run/,
    (store) => store.history.output(runIdOf(6), 'stdout'),
  ],
  ['a look at the open rows', /state = \? AND run > \? ORDER BY run/, (store) => store.inbox.inState('running', 9)],
  ['a write', /INSERT INTO runs/, (store) => store.runs.admit(arrival('new'))],
  ['an update that says what it has changed', /RETURNING run/, (store) => store.kills.record('e9', 5, null)],
])('%s that meets a page the disk does not give: damage after a minute, and not before', async (_name, sql, use) => {
  const directory = tempDir();
  await filled(directory);
  const disk = unreadable(sql);
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  onTestFinished(() => void vi.useRealTimers());
  const store = new Store(openUnnoticed(directory, disk).db, storeOptions(directory));
  await expect((async () => use(store))()).rejects.toThrow('disk I/O error');
  expect(disk.errors).toBe(1);
  // Read again, and given.
  vi.advanceTimersByTime(3_000);
  expect(disk.errors).toBeGreaterThan(3);
  disk.away = false;
  vi.advanceTimersByTime(120_000);
  expect(store.damage.value).toBeNull();
  expect(store.inbox.open(99)).toHaveLength(5);
  expect(await store.runs.admit(arrival('done', 'done'))).toEqual({ kind: 'duplicate' });
  disk.away = true;
  await expect((async () => use(store))()).rejects.toThrow('disk I/O error');
  // Less than a minute with the time that the looks themselves take.
  vi.advanceTimersByTime(50_000);
  expect(store.damage.value).toBeNull();
  vi.advanceTimersByTime(11_000);
  vi.useRealTimers();
  expect([store.damage.value, store.admits]).toEqual(['disk I/O error', false]);
  await store.close();
  disk.away = false;
  await goesOnInANewStore(directory);
});

test('a ledger that the disk does not give is damage after a minute too, and one without memory for it is none', async () => {
  const directory = tempDir();
  await filled(directory);
  const { db } = open(directory);
  let code = 7;
  const pragma = db.pragma.bind(db);
  db.pragma = (sql, options) => {
    if (!sql.startsWith('quick_check')) return pragma(sql, options);
    return `unable to get the page. error code=${code}`;
  };
  // The rule of the agent, sooner.
  const store = new Store(db, { ...storeOptions(directory), rereads: { everyMs: 5, forMs: 100 } });
  for (let time = 0; time < 100; time++) expect(() => store.knowsWhatItHasSeen()).toThrow('error code=7');
  expect(store.damage.value).toBeNull();
  code = 266;
  expect(() => store.knowsWhatItHasSeen()).toThrow('error code=266');
  await until(store.damage, (damage) => damage !== null);
  expect([store.damage.value, store.knowsWhatItHasSeen()]).toEqual([expect.stringMatching(/^ledger: /), false]);
  await store.close();
});
