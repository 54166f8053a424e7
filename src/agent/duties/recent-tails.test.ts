import { expect, onTestFinished, test, vi } from 'vitest';
import { eventually } from '../../../test/support/eventually.ts';
import { resultIdOf } from '../../../test/support/ids.ts';
import { RecentTails, type TailedScript } from './recent-tails.ts';

function script(text: string) {
  const { promise, resolve } = Promise.withResolvers<void>();
  const stub: TailedScript & { text: string } = { text, done: promise, tail: () => view(stub.text) };
  return { stub, end: resolve };
}

const view = (stdout: string) => ({ stdout, stderr: '', stdoutCut: false, stderrCut: true });

test('while it runs the present end is given, then for a minute the last one, then nothing', async () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const tails = new RecentTails();
  expect(tails.tail(resultIdOf('a'))).toBeUndefined();
  const { stub, end } = script('one');
  tails.follow(resultIdOf('a'), stub);
  expect(tails.tail(resultIdOf('a'))).toEqual({ running: true, ...view('one') });
  stub.text = 'two';
  expect(tails.tail(resultIdOf('a'))).toEqual({ running: true, ...view('two') });
  end();
  await vi.advanceTimersByTimeAsync(59_000);
  stub.text = 'gone';
  expect(tails.tail(resultIdOf('a'))).toEqual({ running: false, ...view('two') });
  await vi.advanceTimersByTimeAsync(2_000);
  expect(tails.tail(resultIdOf('a'))).toBeUndefined();
});

test('only so many finished ones are kept, the oldest go first', async () => {
  const tails = new RecentTails();
  const running = script('running');
  tails.follow(resultIdOf('running'), running.stub);
  for (let index = 0; index < 100; index += 1) {
    const { stub, end } = script(String(index));
    tails.follow(resultIdOf(String(index)), stub);
    end();
    await stub.done;
  }
  await eventually(() => expect(tails.tail(resultIdOf('99'))?.running).toBe(false));
  const kept = Array.from({ length: 100 }, (_, index) => index).filter((index) =>
    tails.tail(resultIdOf(String(index))),
  );
  expect(kept).toEqual(Array.from({ length: 64 }, (_, index) => 36 + index));
  expect(tails.tail(resultIdOf('running'))?.running).toBe(true);
});

test('once closed nothing is known any more, also not what ends later', async () => {
  const tails = new RecentTails();
  const first = script('one');
  const second = script('two');
  tails.follow(resultIdOf('a'), first.stub);
  tails.follow(resultIdOf('b'), second.stub);
  first.end();
  await eventually(() => expect(tails.tail(resultIdOf('a'))?.running).toBe(false));
  tails.close();
  second.end();
  await second.stub.done;
  expect([tails.tail(resultIdOf('a')), tails.tail(resultIdOf('b'))]).toEqual([undefined, undefined]);
});
