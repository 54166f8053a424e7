import { expect, test } from 'vitest';
import { arrival, testStore } from '../../../e2e/support/store.ts';
import { tempDir } from '../../../e2e/support/temp.ts';

test('a PC is new until its consumer was bound once, by whichever process', async () => {
  const directory = tempDir();
  const first = testStore(directory);
  expect(first.enrolment.enrolled).toBe(false);
  // What comes before the consumer is bound does not make it an old one.
  await first.runs.admit(arrival('r1'));
  expect(first.enrolment.enrolled).toBe(false);
  await first.enrolment.bound();
  await first.close();
  expect(testStore(directory).enrolment.enrolled).toBe(true);
});

test('the names of the consumer are known however often a binding is refused, and over a restart', async () => {
  const directory = tempDir();
  const { enrolment } = testStore(directory);
  const held = await enrolment.nextIncarnation();
  await enrolment.bound();
  // The server refuses the update a thousand times, or its answers are lost.
  const tried = new Set<string>();
  for (let i = 0; i < 1_000; i++) tried.add(await enrolment.nextIncarnation());
  expect(tried.size).toBe(1);
  const [pending = ''] = tried;
  expect([held, pending, 'of another life'].map((name) => enrolment.knowsIncarnation(name))).toEqual([
    true,
    true,
    false,
  ]);
  await enrolment.bound();
  expect(await enrolment.nextIncarnation()).not.toBe(pending);
  expect(enrolment.knowsIncarnation(pending)).toBe(true);
  expect(enrolment.knowsIncarnation(held)).toBe(false);
});
