import { describe, expect, test } from 'vitest';
import { eventually } from '../../../test/support/eventually.ts';
import { Lifecycle } from '../../base/lifecycle.ts';
import { silentLogger } from '../../base/logger.ts';
import { loopTurn } from '../../base/loop-turn.ts';
import { sleep } from '../../base/sleep.ts';
import { WatchedCell } from '../../base/watched.ts';
import type { ConnectionState } from '../../shared/states.ts';
import { deliverAtStop, Stopping } from './stopping.ts';

const HOUR_MS = 3_600_000;

/** A life with one script, which goes on until its time is over. */
function running() {
  const life = new Lifecycle(silentLogger);
  const graces: number[] = [];
  const ended = Promise.withResolvers<void>();
  const stopping = new Stopping({
    life,
    endScripts: async (graceMs) => {
      graces.push(graceMs);
      if (graceMs < HOUR_MS / 2) ended.resolve();
      await ended.promise;
    },
    onBegin: () => {},
    log: silentLogger,
  });
  life.add('scripts', () => stopping.endScripts());
  life.running();
  return { stopping, graces };
}

describe('a second stop', () => {
  test('with less time holds, also while the scripts have theirs already', async () => {
    const { stopping, graces } = running();
    stopping.ask(HOUR_MS);
    await eventually(() => expect(graces).toHaveLength(1));
    stopping.ask(2 * HOUR_MS);
    expect(graces).toHaveLength(1);
    stopping.ask(10);
    expect(await stopping.stopped).toBe('stop');
    expect(graces).toHaveLength(2);
    expect(graces[1]).toBeLessThanOrEqual(10);
  });

  test('before the scripts have come to their turn gives them the shorter time', async () => {
    const { stopping, graces } = running();
    stopping.ask(HOUR_MS);
    stopping.ask(10);
    expect(await stopping.stopped).toBe('stop');
    expect(Math.min(...graces)).toBeLessThanOrEqual(10);
  });

  test('makes an end of what was to be a restart, and no restart of an end', async () => {
    const first = running().stopping;
    first.ask(0, 'restart');
    first.ask(HOUR_MS);
    expect(await first.stopped).toBe('stop');
    const second = running().stopping;
    second.ask(5);
    second.ask(0, 'restart');
    expect(await second.stopped).toBe('stop');
    const third = running().stopping;
    third.ask(0, 'restart');
    expect(await third.stopped).toBe('restart');
  });
});

describe('what is queued at a stop', () => {
  const link = (state: ConnectionState) => new WatchedCell({ state });
  /** Never done by itself, as an outbox with something in it. */
  const drained = (signal: AbortSignal) => sleep(HOUR_MS, signal).catch(() => {});

  test('is not waited for without a connection, nor once it has gone', async () => {
    await deliverAtStop(link('unreachable'), drained);
    const goes = link('connected');
    const waiting = deliverAtStop(goes, drained);
    goes.set({ state: 'unreachable' });
    await waiting;
  });

  test('is waited for while there is one', async () => {
    const done = Promise.withResolvers<void>();
    const order: string[] = [];
    const waiting = deliverAtStop(link('connected'), () => done.promise).then(() => order.push('the stop goes on'));
    // Nothing else takes it longer than a turn.
    await loopTurn();
    order.push('it has gone');
    done.resolve();
    await waiting;
    expect(order).toEqual(['it has gone', 'the stop goes on']);
  });
});
