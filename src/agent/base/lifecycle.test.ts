import { expect, test } from 'vitest';
import { Lifecycle } from './lifecycle.ts';
import { lineLogger, silentLogger } from './logger.ts';

test('what was started last stops first, through the named states', async () => {
  const life = new Lifecycle(silentLogger);
  const order: string[] = [];
  life.state.watch((state) => order.push(state));
  for (const name of ['store', 'bus', 'intake']) {
    life.add(name, async () => {
      await Promise.resolve();
      order.push(name);
    });
  }
  life.running();
  await life.stop(10_000);
  expect(order).toEqual(['running', 'draining', 'intake', 'bus', 'store', 'stopped']);
});

test('a part that fails or hangs does not keep the rest from stopping, and is named', async () => {
  const lines: string[] = [];
  const life = new Lifecycle(
    lineLogger(
      (line) => lines.push(line),
      () => 'info',
    ),
  );
  const stopped: string[] = [];
  life.add('store', () => void stopped.push('store'));
  life.add('hangs', () => new Promise(() => {}));
  life.add('fails', () => {
    throw new Error('no');
  });
  await life.stop(20);
  expect(stopped).toEqual(['store']);
  expect(lines.join('\n')).toMatch(/did not stop cleanly part=fails error=no[\s\S]*did not stop in time part=hangs/);
});

test('a second stop waits for the first', async () => {
  const life = new Lifecycle(silentLogger);
  let stops = 0;
  life.add('part', () => void stops++);
  await Promise.all([life.stop(100), life.stop(100)]);
  expect([stops, life.state.value]).toEqual([1, 'stopped']);
});

test('a part that comes when the end has begun is stopped at once', async () => {
  const life = new Lifecycle(silentLogger);
  const stopping = life.stop(100);
  let stopped = false;
  life.add('late', () => {
    stopped = true;
  });
  await stopping;
  await Promise.resolve();
  expect(stopped).toBe(true);
});
