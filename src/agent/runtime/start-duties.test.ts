import { expect, test } from 'vitest';
import { eventually } from '../../../test/support/eventually.ts';
import { FakeBus } from '../../../test/support/fake-bus.ts';
import { pcIdOf } from '../../../test/support/ids.ts';
import { NO_SIGNING } from '../../../test/support/signing.ts';
import { testStore } from '../../../test/support/store.ts';
import { tempDir } from '../../../test/support/temp.ts';
import { systemClock as clock } from '../../base/clock.ts';
import { silentLogger as log } from '../../base/logger.ts';
import { WatchedCell } from '../../base/watched.ts';
import { hostFacts } from '../../platform/host-facts.ts';
import type { UpdateView } from '../../shared/agent-status.ts';
import { Fleet } from '../config/fleet.ts';
import { HeartbeatBody } from '../duties/heartbeat-body.ts';
import { RecentTails } from '../duties/recent-tails.ts';
import { type DutiesParts, startDuties } from './start-duties.ts';

function partsOf(directory: string): DutiesParts {
  const store = testStore(directory);
  const [bus, host, pcId, version] = [new FakeBus(), hostFacts(), pcIdOf('PC-1'), '1.0.0'];
  return {
    config: {
      agent: { id: pcId },
      log: { path: `${directory}/agent.log`, keepDays: 1 },
      inventory: { enabled: false },
      startedAs: 'person',
    } as unknown as DutiesParts['config'],
    store,
    bus,
    fleet: new Fleet({ pcId, bus, store, clock, log }),
    tails: new RecentTails(),
    shipper: { nudge() {} } as DutiesParts['shipper'],
    body: new HeartbeatBody({ pcId, agentVersion: version, host, clock, signing: NO_SIGNING }),
    host,
    version,
    program: { installed: { by: 'others' }, args: [], failedSwitches: 0 },
    pin: { kind: 'none' },
    dispatcher: { hold() {}, isIdle: true },
    endFor() {},
    clock,
    log,
  };
}

test('at a stop an update ends at once, and what must be removed of it holds up nothing but its own step', async () => {
  const view: UpdateView = { state: 'none', installed: '1.0.0', wanted: null, reason: null, release: null };
  const removed = Promise.withResolvers<void>();
  const done: string[] = [];
  const duties = startDuties(partsOf(tempDir()), () => ({
    status: new WatchedCell(view),
    schedule: null,
    async close() {
      done.push('update ends');
      await removed.promise;
      done.push('removed');
    },
  }));
  const closed = duties.close();
  expect(done).toEqual(['update ends']);
  await closed;
  done.push('scripts are told');
  const ended = duties.updateEnds().then(() => done.push('update has ended'));
  removed.resolve();
  await ended;
  await eventually(() => expect(done).toEqual(['update ends', 'scripts are told', 'removed', 'update has ended']));
});
