import { expect, test } from 'vitest';
import { FakeBus } from '../../../test/support/fake-bus.ts';
import { JOB } from '../../../test/support/schedule-rig.ts';
import { testStore } from '../../../test/support/store.ts';
import { tempDir } from '../../../test/support/temp.ts';
import { unreadable } from '../../../test/support/unreadable.ts';
import { silentLogger } from '../../base/logger.ts';
import { type KvChange, NO_VALUE } from '../bus/bus.ts';
import { Book } from './book.ts';

const SCHEDULE = { id: 'nightly', job_id: JOB.id, cron: '0 0 3 * * *', runs_on: 'agent' };

function bookOf(directory: string) {
  const nothing = () => {};
  const store = testStore(directory);
  const hooks = { onChange: nothing, onJob: nothing, onReload: nothing };
  return { store, book: new Book({ bus: new FakeBus(), store, log: silentLogger, ...hooks }) };
}

test('schedules of which the freeze can not be read are not known: without it nobody knows whether they may be fired', async () => {
  const directory = tempDir();
  const store = testStore(directory);
  const body = Buffer.from(JSON.stringify(SCHEDULE));
  await store.kvCache.put('schedules', SCHEDULE.id, { value: body, revision: 1, read: store.timeline.now() });
  await store.close();
  // Of a single key, and not of all in a bucket.
  const disk = unreadable(/FROM kv_mirror WHERE bucket = \? AND key/);
  const unread = bookOf(directory);
  expect([...unread.book.entries.keys()]).toEqual([]);
  await unread.store.close();
  disk.away = false;
  expect([...bookOf(directory).book.entries.keys()]).toEqual([SCHEDULE.id]);
});

test('a freeze that holds no value holds everything back where none was known, until it has one or is gone', () => {
  const store = testStore(tempDir());
  const bus = new FakeBus();
  const book = new Book({ bus, store, log: silentLogger, onChange() {}, onJob() {}, onReload() {} });
  book.start();
  const watch = bus.watches.get('fleet_config');
  const begin = (value: KvChange['value'] | undefined) => {
    watch?.begin();
    if (value !== undefined) watch?.change({ key: 'freeze', value, revision: 1 });
    watch?.current();
    return book.isFrozen(Date.now(), 'UTC');
  };
  expect(begin(undefined)).toBe(false);
  expect(begin(NO_VALUE)).toBe(true);
  expect(begin(undefined)).toBe(false);
  // By itself, while we know better, it says nothing.
  watch?.change({ key: 'freeze', value: NO_VALUE, revision: 2 });
  expect(book.isFrozen(Date.now(), 'UTC')).toBe(false);
  watch?.change({ key: 'freeze', value: Buffer.from('{}'), revision: 3 });
  expect(begin(NO_VALUE)).toBe(true);
});
