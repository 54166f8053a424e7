import { expect, test, vi } from 'vitest';
import { during } from '../../../test/support/duties.ts';
import { eventually } from '../../../test/support/eventually.ts';
import { pcIdOf } from '../../../test/support/ids.ts';
import { ManualClock } from '../../../test/support/schedule-rig.ts';
import { testStore } from '../../../test/support/store.ts';
import { tempDir } from '../../../test/support/temp.ts';
import { silentLogger } from '../../base/logger.ts';
import type { SignatureState } from '../../shared/signatures.ts';
import { SignatureEvents, type SignatureEventsOptions } from './signature-events.ts';

const TEN_MINUTES_MS = 600_000;

function stage(more: Partial<SignatureEventsOptions> = {}) {
  const store = testStore(tempDir());
  const clock = new ManualClock();
  const nudge = vi.fn();
  const onLeftOut = vi.fn();
  const { outbox } = store;
  const events = during(
    new SignatureEvents({
      pcId: pcIdOf('PC-A'),
      outbox,
      admits: () => true,
      nudge,
      onLeftOut,
      clock,
      log: silentLogger,
      ...more,
    }),
  );
  const rows = () => outbox.waiting(false, 100);
  const bodies = () => rows().map(({ body }) => JSON.parse(String(body)) as Record<string, unknown>);
  /** What the fleet is told: from → to. */
  const told = () => bodies().map(({ payload }) => payload);
  const find = (...states: readonly SignatureState[]) => {
    for (const state of states) events.found(state);
  };
  return { store, clock, events, nudge, onLeftOut, rows, bodies, told, find };
}

const change = (from: SignatureState | null, to: SignatureState) => ({
  from: from === null ? null : `command_signature_${from}`,
  to: `command_signature_${to}`,
});

test('what is found is told when it changes, as a fleet at 0.101 reads it, and not with each message', async () => {
  const { find, rows, bodies, nudge, clock } = stage();
  find('absent', 'absent', 'absent');
  await eventually(() => expect(rows()).toHaveLength(1));
  expect(rows()[0]).toMatchObject({ kind: 'event', subject: 'obs.PC-A', run: null });
  clock.advance(1_000);
  find('absent', 'ok', 'ok');
  await eventually(() => expect(nudge).toHaveBeenCalledTimes(2));
  expect(bodies()).toEqual([
    {
      pc_id: 'PC-A',
      at: '2026-11-30T07:00:00.200Z',
      kind: 'command_signature_absent',
      source: 'command_signature',
      event_record_id: 'command_signature_absent:1796022000200',
      payload: { from: null, to: 'command_signature_absent' },
    },
    {
      pc_id: 'PC-A',
      at: '2026-11-30T07:00:01.200Z',
      kind: 'command_signature_ok',
      source: 'command_signature',
      event_record_id: 'command_signature_ok:1796022001200',
      payload: { from: 'command_signature_absent', to: 'command_signature_ok' },
    },
  ]);
});

test('two changes of one millisecond are two events', async () => {
  const { find, bodies } = stage();
  find('ok', 'invalid', 'ok');
  await eventually(() => expect(bodies()).toHaveLength(3));
  expect(new Set(bodies().map(({ event_record_id }) => event_record_id)).size).toBe(3);
});

test('who sends many messages makes few events, and the next one says what was left out', async () => {
  const { find, told, clock, onLeftOut } = stage();
  for (let count = 0; count < 500; count += 1) find('invalid', 'absent');
  await eventually(() => expect(told()).toHaveLength(10));
  expect(onLeftOut).not.toHaveBeenCalled();
  clock.advance(TEN_MINUTES_MS);
  find('ok');
  await eventually(() => expect(told()).toHaveLength(11));
  expect(told().at(-1)).toEqual({ ...change('absent', 'ok'), left_out: 990 });
  expect(onLeftOut).toHaveBeenCalledExactlyOnceWith(990);
});

test('where what was left out is what holds, it is told as soon as it may be', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  using _ = { [Symbol.dispose]: () => void vi.useRealTimers() };
  const { find, rows, told, clock, store } = stage();
  for (let count = 0; count < 5; count += 1) find('invalid', 'absent');
  find('ok');
  clock.advance(TEN_MINUTES_MS);
  vi.advanceTimersByTime(TEN_MINUTES_MS);
  // The commit of what is queued is no timer.
  await store.outbox.put({ kind: 'started', id: 's', subject: 's', body: Buffer.from('{}') }, 1);
  expect(rows()).toHaveLength(12);
  expect(told().at(-2)).toEqual(change('absent', 'ok'));
});

test('what could not be queued is told later, from what was told before', async () => {
  const put = vi.fn<SignatureEventsOptions['outbox']['put']>((...row) => store.outbox.put(...row));
  const { find, told, store } = stage({ outbox: { put } });
  find('ok');
  await eventually(() => expect(told()).toHaveLength(1));
  put.mockRejectedValueOnce(new Error('the disk is full'));
  find('absent');
  await expect(put.mock.results[1]?.value).rejects.toThrow('full');
  find('invalid');
  await eventually(() => expect(told()).toHaveLength(2));
  expect(told().at(-1)).toEqual({ ...change('ok', 'invalid'), left_out: 1 });
});

test('while the store takes nothing there is none, and no command hears of it', async () => {
  let admits = false;
  const { find, told, rows } = stage({ admits: () => admits });
  find('absent', 'invalid');
  expect(rows()).toEqual([]);
  admits = true;
  find('ok');
  await eventually(() => expect(told()).toEqual([{ ...change(null, 'ok'), left_out: 2 }]));
});

test('for a broker that is away the newest sixteen wait', async () => {
  const { find, clock, told } = stage();
  for (let count = 0; count < 30; count += 1) {
    find(count % 2 === 0 ? 'ok' : 'absent');
    clock.advance(TEN_MINUTES_MS);
  }
  await eventually(() => expect(told()).toHaveLength(16));
});
