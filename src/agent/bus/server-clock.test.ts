import { expect, test } from 'vitest';
import { ManualClock } from '../../../test/support/status.ts';
import { ServerClock } from './server-clock.ts';

const at = (ms: number) => new Date(ms).toISOString();

test("the broker's clock goes on by itself, is never set back by a message, and by its own word only", () => {
  const clock = new ManualClock();
  const server = new ServerClock(clock);
  expect(server.nowMs()).toBeNull();
  server.atLeast(1_000);
  expect(server.nowMs()).toBe(1_000);
  clock.forward(500);
  expect(server.nowMs()).toBe(1_500);
  // An old message that is brought again.
  server.atLeast(200);
  expect(server.nowMs()).toBe(1_500);
  server.said(at(9_000));
  expect(server.nowMs()).toBe(9_000);
  server.said(at(8_000));
  expect(server.nowMs()).toBe(8_000);
  for (const nothing of [undefined, null, 7, 'soon']) server.said(nothing);
  expect(server.nowMs()).toBe(8_000);
  server.atLeast(8_001);
  expect(server.nowMs()).toBe(8_001);
});
