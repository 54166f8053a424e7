import { expect, test } from 'vitest';
import { ManualClock } from '../../../test/support/status.ts';
import { Downlink } from './downlink.ts';
import { SLOWEST_BYTES_PER_MS } from './uplink.ts';

/** A piece of an object as it comes, in Base64. */
const PIECE_BYTES = 175_000;
const PIECE_MS = PIECE_BYTES / SLOWEST_BYTES_PER_MS;

test('a link that has shown nothing is excused for one of the answers that it owes, a measured one for all of them', () => {
  const clock = new ManualClock();
  const downlink = new Downlink(clock);
  expect(downlink.excusedMs()).toBe(0);
  const pieces = [1, 2, 3, 4].map(() => downlink.expect(PIECE_BYTES));
  downlink.expect(1_000);
  expect(downlink.excusedMs()).toBe(PIECE_MS);
  // As slow as a link can be: all that it owes comes one after the other.
  clock.forward(PIECE_MS);
  pieces[0]?.(true);
  expect(downlink.excusedMs()).toBe((3 * PIECE_BYTES + 1_000) / SLOWEST_BYTES_PER_MS);
  // What is waited for in vain shows nothing any more.
  pieces[1]?.(false);
  expect(downlink.excusedMs()).toBe(PIECE_MS);
  pieces[2]?.(false);
  pieces[3]?.(false);
  expect(downlink.excusedMs()).toBe(1_000 / SLOWEST_BYTES_PER_MS);
});
