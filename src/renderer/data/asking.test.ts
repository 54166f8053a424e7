import { expect, test } from 'vitest';
import { Asking } from './asking.ts';

/** A question that the test answers, the one that was asked first before the others. */
function question() {
  const open: ((answer: string) => void)[] = [];
  const heard: string[] = [];
  let asked = 0;
  const ask = () => {
    asked += 1;
    return new Promise<string>((resolve) => open.push(resolve));
  };
  const asking = new Asking(ask, (answer) => heard.push(answer));
  const answer = async (text: string) => {
    open.shift()?.(text);
    // Everything that follows from an answer follows in promises.
    await new Promise<void>((resolve) => setTimeout(resolve));
  };
  return { asking, answer, heard, asked: () => asked };
}

test('is asked once for each change that comes while none is open', async () => {
  const { asking, answer, heard, asked } = question();
  asking.again();
  await answer('first');
  asking.again();
  await answer('second');
  expect([asked(), heard]).toEqual([2, ['first', 'second']]);
});

test('is asked once more for all the changes that come while one is open, and of both the answers count', async () => {
  const { asking, answer, heard, asked } = question();
  for (let changes = 0; changes < 5; changes++) asking.again();
  expect(asked()).toBe(1);
  await answer('first');
  expect(asked()).toBe(2);
  await answer('second');
  expect([asked(), heard]).toEqual([2, ['first', 'second']]);
});

test('says nothing after the close, and asks nothing more', async () => {
  const { asking, answer, heard, asked } = question();
  asking.again();
  asking.again();
  asking.close();
  await answer('first');
  asking.again();
  expect([asked(), heard]).toEqual([1, []]);
});
