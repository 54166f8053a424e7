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

test('after a part that hangs the others still get their turn, the store at the very end', async () => {
  const life = new Lifecycle(silentLogger);
  const stopped: string[] = [];
  life.add('store', async () => {
    await new Promise((resolve) => setTimeout(resolve, 50));
    stopped.push('store');
  });
  life.add('hangs', () => new Promise(() => {}));
  await life.stop(0);
  expect(stopped).toEqual(['store']);
});

test('a second stop with less time shortens the first, one with more does not lengthen it', async () => {
  const life = new Lifecycle(silentLogger);
  life.add('hangs', () => new Promise(() => {}));
  const first = life.stop(3_600_000);
  const second = life.stop(10);
  const third = life.stop(3_600_000);
  await Promise.all([first, second, third]);
  expect(life.state.value).toBe('stopped');
});

test('a second stop waits for the first', async () => {
  const life = new Lifecycle(silentLogger);
  let stops = 0;
  life.add('part', () => void stops++);
  await Promise.all([life.stop(100), life.stop(100)]);
  expect([stops, life.state.value]).toEqual([1, 'stopped']);
});

test('a part that comes when the end has begun is stopped at once, and waited for', async () => {
  const life = new Lifecycle(silentLogger);
  const stopping = life.stop(100);
  let stopped = false;
  life.add('late', async () => {
    await new Promise((resolve) => setTimeout(resolve, 10));
    stopped = true;
  });
  await stopping;
  expect(stopped).toBe(true);
});
