import { expect, test } from 'vitest';
import { ManualClock } from '../../../test/support/status.ts';
import { Timeline } from '../../base/timeline.ts';
import { GroupCommit } from './group-commit.ts';
import { openMemory } from './open.ts';
import { ServerTime } from './server-time.ts';

const HOUR_MS = 3_600_000;
const YEAR_MS = 365 * 86_400_000;

function setUp() {
  const db = openMemory();
  const clock = new ManualClock();
  const group = new GroupCommit(db, { onError: () => {}, onCommit: () => {} });
  const start = (boot: string) => new ServerTime(db, group, new Timeline(clock, boot));
  return { clock, start };
}

test('nothing is forgotten by one answer of the broker: a second one, an hour later, has to say the same', async () => {
  const { clock, start } = setUp();
  const time = start('boot');
  const now = () => clock.nowMs() + 500;
  expect(await time.confirmed(null)).toBeNull();
  expect(await time.confirmed(now())).toBeNull();
  clock.forward(60_000);
  expect(await time.confirmed(now())).toBeNull();
  clock.forward(HOUR_MS);
  expect(await time.confirmed(now())).toBe(now());
  clock.forward(HOUR_MS);
  expect(await time.confirmed(now() + YEAR_MS)).toBeNull();
  clock.forward(HOUR_MS);
  expect(await time.confirmed(now())).toBeNull();
  clock.forward(HOUR_MS);
  expect(await time.confirmed(now())).toBe(now());
});

test('one of an earlier process counts, and a clock of this PC that was set meanwhile confirms nothing', async () => {
  const { clock, start } = setUp();
  const before = clock.nowMs();
  await start('boot-1').confirmed(before);
  clock.forward(10 * HOUR_MS);
  expect(await start('boot-2').confirmed(before + 10 * HOUR_MS)).toBe(before + 10 * HOUR_MS);
  clock.forward(YEAR_MS);
  expect(await start('boot-3').confirmed(before + 20 * HOUR_MS)).toBeNull();
});
