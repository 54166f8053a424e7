import { expect, test } from 'vitest';
import { Fault } from '../../shared/faults.ts';
import { type Link, memoryLinks } from '../../shared/link.ts';
import { peer } from '../../shared/rpc.ts';
import { windowClient } from './window-client.ts';

/** A window whose other side answers each call with the next of these. */
function clientOf(answers: readonly unknown[]) {
  const [here, there] = memoryLinks();
  const left = [...answers];
  let calls = 0;
  peer(there, {
    resolve: () => () => {
      calls += 1;
      return left.length > 1 ? left.shift() : left[0];
    },
  });
  const heard: unknown[] = [];
  const client = windowClient(here, {
    onPush: (name, params) => heard.push([name, params]),
    onClose: () => heard.push('closed'),
  });
  return { client, there, heard, calls: () => calls };
}

const tooFast = (retryInMs: number) => new Fault('rate_limited', 'too fast', { retryInMs });
const turn = () => new Promise<void>((resolve) => setTimeout(resolve));

test('an answer is a value, and so is an error', async () => {
  const { client } = clientOf([{ rows: [] }, new Fault('not_found', 'no such run')]);
  expect(await client.ask('runs.list', {})).toEqual({ ok: true, value: { rows: [] } });
  expect(await client.ask('runs.get', { run: 1 })).toMatchObject({ ok: false, fault: { name: 'not_found' } });
});

test('a link that closes is an error too, and is told', async () => {
  const { client, there, heard } = clientOf([{}]);
  there.close();
  await turn();
  expect(await client.ask('runs.list', {})).toMatchObject({ ok: false, fault: { name: 'unavailable' } });
  expect(heard).toEqual(['closed']);
});

test('what came too fast is asked again soon, until it is answered', async () => {
  const { client, calls } = clientOf([tooFast(1), tooFast(1), { done: true }]);
  expect(await client.ask('runs.list', {})).toEqual({ ok: true, value: { done: true } });
  expect(calls()).toBe(3);
});

test('not for ever, and not where the wait is for a person to know of', async () => {
  const busy = clientOf([tooFast(1)]);
  expect(await busy.client.ask('runs.list', {})).toMatchObject({ ok: false, fault: { name: 'rate_limited' } });
  expect(busy.calls()).toBe(4);
  const locked = clientOf([tooFast(60_000)]);
  expect(await locked.client.ask('helpdesk.unlock', { code: 'x' })).toMatchObject({ ok: false });
  expect(locked.calls()).toBe(1);
});

test('pushes are handed on, and who calls the window is told that it has no methods', async () => {
  const { there, heard } = clientOf([{}]);
  const other = peer(there, { resolve: () => new Fault('unknown_method', 'none') });
  other.push('state.changed', { n: 1 });
  await turn();
  expect(heard).toEqual([['state.changed', { n: 1 }]]);
  await expect(callOver(there)).rejects.toThrow();
});

function callOver(link: Link): Promise<unknown> {
  return peer(link, { resolve: () => new Fault('unknown_method', 'none') }).call('window.open', {});
}
