import { expect, onTestFinished, test } from 'vitest';
import { recordLog } from '../../test/support/bus.ts';
import { systemClock } from './clock.ts';
import { ClockWatch } from './clock-watch.ts';

const HOUR_MS = 3_600_000;

/** A PC whose clock is set by hand, and whose time goes on by hand. */
function pc() {
  let [wallMs, upMs] = [Date.UTC(2026, 10, 25, 12), 5_000];
  const { logger, lines } = recordLog();
  const watch = new ClockWatch({ ...systemClock, nowMs: () => wallMs, upMs: () => upMs }, logger);
  onTestFinished(() => watch.close());
  return {
    watch,
    lines,
    nowMs: () => wallMs,
    set: (byMs: number) => {
      wallMs += byMs;
    },
    passes: (ms: number) => {
      wallMs += ms;
      upMs += ms;
      watch.check();
    },
  };
}

test.each([2 * HOUR_MS, -2 * HOUR_MS])('a clock that is set by %d ms is said, by how much and when', (byMs) => {
  const { watch, lines, nowMs, set, passes } = pc();
  passes(10_000);
  set(byMs);
  passes(10_000);
  expect(watch.step.value).toEqual({ byMs, atMs: nowMs() });
  expect(lines).toEqual([`WARN kanade_tray: the clock of this PC was set by_ms=${byMs}`]);
});

test('a clock that is kept right, and a sleep of the PC, are no steps', () => {
  const { watch, lines, set, passes } = pc();
  for (let look = 0; look < 20; look++) {
    set(look % 2 === 0 ? 4_000 : -4_000);
    passes(10_000);
  }
  passes(9 * HOUR_MS);
  expect([watch.step.value, lines]).toEqual([null, []]);
});

test('it is shown for a day by the time that passes, whatever the clock says; the next step begins a day of its own', () => {
  const { watch, set, passes } = pc();
  set(HOUR_MS);
  passes(10_000);
  set(-48 * HOUR_MS);
  passes(10_000);
  expect(watch.step.value?.byMs).toBe(-48 * HOUR_MS);
  passes(24 * HOUR_MS);
  expect(watch.step.value).not.toBeNull();
  passes(10_000);
  expect(watch.step.value).toBeNull();
});
