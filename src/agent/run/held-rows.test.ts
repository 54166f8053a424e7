import { hash } from 'node:crypto';
import { expect, test, vi } from 'vitest';
import { admitCommand, dispatching } from '../../../test/support/dispatching.ts';
import { eventually } from '../../../test/support/eventually.ts';
import { loopTurn } from '../../base/loop-turn.ts';
import type { RunId } from '../../shared/ids.ts';

const OBJECT = { script: '', script_object: 'a/1', script_object_sha256: hash('sha256', 'echo 1') };

test('rows of an older copy that nobody may start take no place in a scan, and make none', async () => {
  const { store, scripts, bus, dispatcher } = dispatching({ parallel: 2 });
  await admitCommand(store, 'runs');
  await admitCommand(store, 'runs too');
  dispatcher.start();
  await eventually(() => expect(scripts.started).toHaveLength(2));
  const held: RunId[] = [];
  for (let index = 0; index < 3; index++) {
    const run = await admitCommand(store, `held ${index}`, OBJECT);
    await store.runs.advance(run, 'waiting_slot', { kind: 'read', bytes: 0 });
    held.push(run);
  }
  bus.onObjectGet = () => new Promise(() => {});
  await dispatcher.holdUpTo(held.at(-1) ?? 0);
  await admitCommand(store, 'newer');
  dispatcher.nudge();
  const scans = vi.spyOn(store.inbox, 'inState');
  scripts.started[0]?.exit(0);
  await eventually(() => expect(scripts.started).toHaveLength(3));
  // A scan that asks for another one does so each turn.
  for (let turns = 0; turns < 200; turns++) await loopTurn();
  expect(scans.mock.calls.length).toBeLessThan(50);
});

test('rows of an older copy, however many, keep no newer command from the gates', async () => {
  const { store, scripts, dispatcher } = dispatching({ parallel: 2 });
  let last: RunId | null = null;
  for (let index = 0; index < 300; index++) last = await admitCommand(store, `held ${index}`);
  dispatcher.startNothingUpTo(last ?? 0);
  dispatcher.start();
  await admitCommand(store, 'newer');
  dispatcher.nudge();
  await eventually(() => expect(scripts.started).toHaveLength(1));
});
