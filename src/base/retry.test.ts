import { expect, test } from 'vitest';
import { untilDone } from './retry.ts';

test('work that fails is done again, each failure is told, and a stop ends it', async () => {
  const told: string[] = [];
  const closing = new AbortController();
  let tries = 0;
  const done = untilDone(
    async () => {
      tries += 1;
      if (tries < 2) throw new Error(`try ${tries}`);
      return 'done';
    },
    closing.signal,
    (error) => told.push(String(error)),
  );
  expect(await done).toBe('done');
  expect(told).toEqual(['Error: try 1']);
  const failing = untilDone(
    () => Promise.reject(new Error('full')),
    closing.signal,
    () => closing.abort(new Error('stopping')),
  );
  await expect(failing).rejects.toThrow('stopping');
  await expect(
    untilDone(
      async () => 'not begun',
      closing.signal,
      () => {},
    ),
  ).rejects.toThrow('stopping');
});
