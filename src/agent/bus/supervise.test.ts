import { expect, onTestFinished, test } from 'vitest';
import { recordLog } from '../../../test/support/bus.ts';
import { eventually } from '../../../test/support/eventually.ts';
import { sleep } from '../../base/sleep.ts';
import { WatchedCell } from '../../base/watched.ts';
import type { BrokerConnection } from './broker-connection.ts';
import { supervise } from './supervise.ts';

const POLICY = { minMs: 20, maxMs: 10_000, jitter: 0 };
const LASTS_MS = 200;

/** When each binding began, while `bind` is what it does. */
function supervised(bind: (signal: AbortSignal, tries: number) => Promise<void>) {
  const begunAt: number[] = [];
  const log = recordLog();
  // Nothing else of it is looked at.
  const connection = { signal: new AbortController().signal } as BrokerConnection;
  const binding = supervise(
    new WatchedCell<BrokerConnection | null>(connection),
    'it',
    log.logger,
    (_, signal, bound) => {
      begunAt.push(performance.now());
      bound();
      return bind(signal, begunAt.length);
    },
    POLICY,
    LASTS_MS,
  );
  onTestFinished(() => binding.close());
  const pauses = () => begunAt.slice(1).map((at, n) => at - (begunAt[n] ?? 0));
  return { pauses, lines: log.lines };
}

test('what is bound and ends at once is bound again after longer and longer pauses, and said once', async () => {
  const { pauses, lines } = supervised(async () => {
    throw new Error('it does not work');
  });
  await eventually(() => expect(pauses().length).toBeGreaterThanOrEqual(5));
  // Timers may be a little early by this clock.
  expect(pauses()[4]).toBeGreaterThan(300);
  expect(lines.filter((line) => !line.startsWith('DEBUG'))).toHaveLength(1);
});

test('what has lasted begins with the shortest pause', async () => {
  const { pauses, lines } = supervised(async (signal, tries) => {
    if (tries === 6) await sleep(2 * LASTS_MS, signal);
    throw new Error('it does not work');
  });
  // With pauses that went on growing so many would take longer than anything is waited for.
  await eventually(() => expect(pauses().length).toBeGreaterThanOrEqual(12));
  expect(lines.some((line) => line.includes('it is bound again'))).toBe(true);
});

test('what ends since it was asked to begins with the shortest pause', async () => {
  const { pauses } = supervised(async () => {});
  await eventually(() => expect(pauses().length).toBeGreaterThanOrEqual(13));
});
