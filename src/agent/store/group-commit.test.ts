import Database from 'better-sqlite3';
import { expect, onTestFinished, test, vi } from 'vitest';
import { recordLog } from '../../../test/support/bus.ts';
import { loopTurn } from '../../base/loop-turn.ts';
import { GroupCommit } from './group-commit.ts';

function setUp() {
  const db = new Database(':memory:');
  db.exec('CREATE TABLE t (n INTEGER UNIQUE) STRICT');
  let commits = 0;
  const group = new GroupCommit(db, { onError: () => {}, onCommit: () => void commits++ });
  const insert = db.prepare('INSERT INTO t VALUES (?)');
  const put = (n: unknown) => () => insert.run(n).lastInsertRowid;
  return { db, group, put, rows: () => db.prepare('SELECT n FROM t ORDER BY n').pluck().all(), commits: () => commits };
}

test('a promise resolves after the commit, never before', async () => {
  const { db, group, put } = setUp();
  const inTransaction: boolean[] = [];
  await group.submit(put(1)).then(() => inTransaction.push(db.inTransaction));
  expect(inTransaction).toEqual([false]);
});

test('one turn, one commit', async () => {
  const { group, put, rows, commits } = setUp();
  await Promise.all([1, 2, 3].map((n) => group.submit(put(n))));
  expect([rows(), commits()]).toEqual([[1, 2, 3], 1]);
});

test('one that fails takes nobody along', async () => {
  const { group, put, rows } = setUp();
  const settled = await Promise.allSettled([1, 'no', 2, 1, 3].map((n) => group.submit(put(n))));
  expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'rejected', 'fulfilled']);
  expect(rows()).toEqual([1, 2, 3]);
});

test('however many are queued and whatever they take, other work has its turns between', async () => {
  const { group, put, rows } = setUp();
  let turns = 0;
  const turning = setInterval(() => (turns += 1), 1);
  const busy = (n: unknown) => () => {
    const untilMs = performance.now() + 2;
    while (performance.now() < untilMs);
    return put(n)();
  };
  const numbers = Array.from({ length: 64 }, (_, n) => (n === 40 ? 'no' : n));
  const settled = await Promise.allSettled(numbers.map((n) => group.submit(busy(n))));
  clearInterval(turning);
  expect(turns).toBeGreaterThan(8);
  expect(settled.map(({ status }) => status === 'fulfilled')).toEqual(numbers.map((n) => n !== 'no'));
  expect(rows()).toEqual(numbers.filter((n) => n !== 'no'));
});

test('what nobody waits for goes along with the next group, in its order, or by itself a little later', async () => {
  const { group, put, rows, commits } = setUp();
  const lazily = group.submitLazily(put(1));
  await group.submit(put(2));
  await lazily;
  expect([rows(), commits()]).toEqual([[1, 2], 1]);
  await group.submitLazily(put(3));
  expect([rows(), commits()]).toEqual([[1, 2, 3], 2]);
});

test('many that nobody waits for are committed at once: a queue of deliveries may have only so many under way', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
  const { group, put, rows, commits } = setUp();
  const few = Array.from({ length: 63 }, (_, n) => group.submitLazily(put(n)));
  await loopTurn();
  expect([rows().length, commits()]).toEqual([0, 0]);
  await Promise.all([...few, group.submitLazily(put(63))]);
  expect([rows().length, commits()]).toEqual([64, 1]);
});

test('closing commits what is queued and refuses what comes after', async () => {
  const { group, put, rows } = setUp();
  const queued = [group.submit(put(1)), group.submitLazily(put(2))];
  group.close();
  await Promise.all(queued);
  await expect(group.submit(put(3))).rejects.toThrow('closed');
  expect(rows()).toEqual([1, 2]);
});

test('what who is told of a commit or a failure throws holds up nobody, and is said', async () => {
  const db = new Database(':memory:');
  db.exec('CREATE TABLE t (n INTEGER UNIQUE) STRICT');
  const { logger, lines } = recordLog();
  const mistaken = () => {
    throw new Error('a mistake');
  };
  const group = new GroupCommit(db, { onError: mistaken, onCommit: mistaken, log: logger });
  const insert = db.prepare('INSERT INTO t VALUES (?)');
  const settled = await Promise.allSettled([1, 'no', 2].map((n) => group.submit(() => insert.run(n))));
  expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  expect(lines.length).toBeGreaterThan(1);
  expect(new Set(lines)).toEqual(
    new Set(['ERROR kanade_tray: a write to the store could not be told of error="a mistake"']),
  );
});
