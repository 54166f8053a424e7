import { expect, test } from 'vitest';
import { FakeBus } from '../../../test/support/fake-bus.ts';
import { groupsOf, pcIdOf } from '../../../test/support/ids.ts';
import { testStore } from '../../../test/support/store.ts';
import { tempDir } from '../../../test/support/temp.ts';
import { silentLogger } from '../../base/logger.ts';
import { WatchedCell } from '../../base/watched.ts';
import { CommandSubscriptions } from './command-subscriptions.ts';

function subscriptions(hasDottedExec = false) {
  const bus = new FakeBus();
  const killed: string[] = [];
  const store = testStore(tempDir());
  const made = new CommandSubscriptions({
    pcId: pcIdOf('PC-A'),
    bus,
    intake: { receive() {} },
    groups: new WatchedCell(groupsOf('office')),
    firstEnrolment: 'skip',
    enrolment: store.enrolment,
    hasDottedExec: () => hasDottedExec,
    onBound() {},
    onOlderCopy: async () => {},
    onKill: (execId) => void killed.push(execId),
    onForeignConsumer() {},
    log: silentLogger,
  });
  return { bus, killed, made };
}

test('kills are heard before commands are, and until long after', () => {
  const { bus, killed, made } = subscriptions();
  made.listenForKills();
  expect(bus.subjects).toEqual(['kill.*']);
  bus.deliver('kill.before');
  made.start();
  expect(bus.subjects.toSorted()).toEqual(['commands.all', 'commands.group.office', 'commands.pc.PC-A', 'kill.*']);
  made.close();
  expect(bus.subjects).toEqual(['kill.*']);
  bus.deliver('kill.during');
  made.closeKills();
  expect([bus.subjects, killed]).toEqual([[], ['before', 'during']]);
});

test('so are those with a dot, where one that is open has one', () => {
  const { bus, made } = subscriptions(true);
  made.listenForKills();
  expect(bus.subjects).toEqual(['kill.*', 'kill.*.>']);
  made.closeKills();
  expect(bus.subjects).toEqual([]);
});
