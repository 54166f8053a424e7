/**
 * A PC changes from the original agent to ours, and back. Invariant: what the original had not sent is sent once with its own
 * id, and no command is lost or run twice, in either direction.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { giveBack } from '../../src/agent/results/give-back.ts';
import { api, type ExecResult, provision } from '../../test/support/fleet.ts';
import { testStore } from '../../test/support/store.ts';
import {
  allAcknowledged,
  consumersOfExec,
  nobodyFetches,
  resultsWith,
  resultWith,
  started,
} from './support/results.ts';
import { PC, sharedPc, TO } from './support/shared-pc.ts';
import { untilFound } from './support/waiting.ts';

describe('results that the original could not send', () => {
  test('because the broker was away are stored once, with their own ids, and count in the backend', async () => {
    const pc = await sharedPc();
    const { fleet } = pc;
    const theirs = await fleet.theirs(pc.place);
    await pc.send('one', TO, 'sleep 1; echo out; exit 3');
    await pc.hasRun('one');
    await fleet.server.stop();
    const file = await pc.unsent('one');
    await theirs.kill();
    await fleet.brokerBack();
    await fleet.ours(pc.place);
    const { result_id } = JSON.parse(file) as ExecResult;
    await resultWith(fleet.nc, { result_id });
    // A result of ours comes behind everything that was taken over.
    await pc.send('two');
    await resultWith(fleet.nc, { request_id: 'request-two' });
    expect(await resultsWith(fleet.nc, { request_id: 'request-one' })).toEqual([JSON.parse(file)]);
    expect(pc.outbox()).toEqual({ 'request-one.json.imported': file });
    expect(pc.ran()).toEqual(['one', 'two']);
    await untilFound('the row in the backend', async () => {
      const rows = await fleet.get<ExecResult[]>(`/api/results?pc_id=${PC}`);
      return rows.filter((row) => row.result_id === result_id && row.exit_code === 3).length === 1 || undefined;
    });
  });

  test('because the stream RESULTS was missing are stored once it is there, a broken file among them holds up nothing (D10)', async () => {
    const pc = await sharedPc();
    const { fleet } = pc;
    const theirs = await fleet.theirs(pc.place);
    await api(fleet.nc, 'STREAM.DELETE.RESULTS');
    await pc.send('one');
    const one = await pc.unsent('one');
    await pc.send('two');
    const two = await pc.unsent('two');
    await theirs.kill();
    writeFileSync(join(pc.place.dataDirectory, 'outbox', 'broken.json'), '{"result_id":');
    await provision(fleet.nc, ['RESULTS']);
    const ours = await fleet.ours(pc.place);
    for (const text of [one, two]) {
      const { result_id } = JSON.parse(text) as ExecResult;
      await resultWith(fleet.nc, { result_id });
      expect(await resultsWith(fleet.nc, { result_id })).toEqual([JSON.parse(text)]);
    }
    expect(Object.keys(pc.outbox()).sort()).toEqual(
      ['broken', 'request-one', 'request-two'].map((name) => `${name}.json.imported`),
    );
    const client = await ours.connect();
    const parked = await untilFound('the broken one is parked', async () => {
      const { outbox } = await client.call('state.snapshot', {});
      return outbox.waiting === 0 && outbox.parked > 0 ? outbox.parked : undefined;
    });
    expect(parked).toBe(1);
    // Nothing is imported a second time.
    await ours.stop();
    await ours.start();
    await pc.send('three');
    await resultWith(fleet.nc, { request_id: 'request-three' });
    expect(await resultsWith(fleet.nc, { pc_id: PC })).toHaveLength(3);
  });

  test('are not sent again by the original when it comes back', async () => {
    const pc = await sharedPc();
    const { fleet } = pc;
    const theirs = await fleet.theirs(pc.place);
    await api(fleet.nc, 'STREAM.DELETE.RESULTS');
    await pc.send('one');
    await pc.unsent('one');
    await theirs.kill();
    await provision(fleet.nc, ['RESULTS']);
    const ours = await fleet.ours(pc.place);
    await resultWith(fleet.nc, { request_id: 'request-one' });
    await ours.stop();
    await fleet.theirs(pc.place);
    await pc.send('two');
    await resultWith(fleet.nc, { request_id: 'request-two' });
    expect(await resultsWith(fleet.nc, { request_id: 'request-one' })).toHaveLength(1);
  });
});

test('the completions of the original’s local schedules are ours from then on', async () => {
  const pc = await sharedPc();
  const { fleet } = pc;
  await fleet.createJob('daily', 'echo done');
  const schedule = { id: 'once', cron: '* * * * * *', job_id: 'daily', mode: 'once_per_pc', runs_on: 'agent' };
  await fleet.createSchedule({ ...schedule, target: { pcs: [PC] } });
  const theirs = await fleet.theirs(pc.place);
  const file = join(pc.place.dataDirectory, 'local_completions.json');
  await untilFound('the file of the original', () => existsSync(file) || undefined);
  await theirs.kill();
  const text = readFileSync(file, 'utf8');
  const ours = await fleet.ours(pc.place);
  await untilFound('it is imported', () => existsSync(`${file}.imported`) || undefined);
  await ours.stop();
  expect([existsSync(file), readFileSync(`${file}.imported`, 'utf8')]).toEqual([false, text]);
  const store = testStore(join(pc.place.dataDirectory, 'kanade-tray'));
  const at = (JSON.parse(text) as Record<string, string>)['once::daily'];
  expect(store.completions.lastMs('once', 'daily')).toBe(Date.parse(at ?? ''));
});

describe('the durable consumer of the original', () => {
  test('is continued: what it acknowledged is not run again, what came while no agent ran is run once', async () => {
    const pc = await sharedPc();
    const { fleet } = pc;
    await fleet.kanadeOk('group', 'set', PC, 'mine');
    const theirs = await fleet.theirs(pc.place);
    await pc.send('acked', 'commands.all');
    await pc.send('interrupted', TO, pc.endless);
    await pc.hasRun('interrupted');
    await resultWith(fleet.nc, { request_id: 'request-acked' });
    await allAcknowledged(fleet.nc, PC);
    await theirs.kill();
    await nobodyFetches(fleet.nc, PC);
    await pc.send('missed', TO);
    await pc.send('missed-by-group', 'commands.group.mine');
    await pc.send('not-ours', 'commands.group.others');

    await fleet.ours(pc.place);
    for (const name of ['missed', 'missed-by-group']) await resultWith(fleet.nc, { request_id: `request-${name}` });
    await allAcknowledged(fleet.nc, PC);
    await pc.send('new', TO);
    await resultWith(fleet.nc, { request_id: 'request-new' });
    expect([...pc.ran()].sort()).toEqual(['acked', 'interrupted', 'missed', 'missed-by-group', 'new']);
    expect((await resultsWith(fleet.nc, { pc_id: PC })).map(({ request_id }) => request_id).sort()).toEqual(
      ['acked', 'missed', 'missed-by-group', 'new'].map((name) => `request-${name}`),
    );
    expect(await consumersOfExec(fleet.nc)).toEqual([`agent_replay_${PC}`]);
  });

  test('goes back to the original, which runs only what came after ours', async () => {
    const pc = await sharedPc();
    const { fleet } = pc;
    await fleet.kanadeOk('group', 'set', PC, 'mine');
    let theirs = await fleet.theirs(pc.place);
    await pc.send('first', TO);
    await resultWith(fleet.nc, { request_id: 'request-first' });
    await allAcknowledged(fleet.nc, PC);
    await theirs.kill();

    const ours = await fleet.ours(pc.place);
    // One after the other: two at once run side by side, and either may end first.
    await pc.send('second', 'commands.all');
    await resultWith(fleet.nc, { request_id: 'request-second' });
    await pc.send('third', 'commands.group.mine');
    await resultWith(fleet.nc, { request_id: 'request-third' });
    await allAcknowledged(fleet.nc, PC);
    await ours.stop();
    await pc.send('fourth', TO);

    theirs = await fleet.theirs(pc.place);
    await resultWith(fleet.nc, { request_id: 'request-fourth' });
    await pc.send('fifth', TO);
    await resultWith(fleet.nc, { request_id: 'request-fifth' });
    await allAcknowledged(fleet.nc, PC);
    await theirs.kill();

    await ours.start();
    await pc.send('sixth', TO);
    await resultWith(fleet.nc, { request_id: 'request-sixth' });
    const all = ['first', 'second', 'third', 'fourth', 'fifth', 'sixth'];
    expect(pc.ran()).toEqual(all);
    expect((await resultsWith(fleet.nc, { pc_id: PC })).map(({ request_id }) => request_id)).toEqual(
      all.map((name) => `request-${name}`),
    );
    expect(await consumersOfExec(fleet.nc)).toEqual([`agent_replay_${PC}`]);
  });

  test('a script of ours that a power cut interrupts is not run by the original, and is answered 121 by ours', async () => {
    const pc = await sharedPc();
    const { fleet } = pc;
    const ours = await fleet.ours(pc.place);
    await pc.send('cut', TO, pc.endless, { exec_id: 'e-cut' });
    await started(fleet.nc, 'e-cut', PC);
    await pc.hasRun('cut');
    await allAcknowledged(fleet.nc, PC);
    await ours.kill();
    const theirs = await fleet.theirs(pc.place);
    await pc.send('next', TO);
    await resultWith(fleet.nc, { request_id: 'request-next' });
    await theirs.kill();
    await ours.start();
    expect(await resultWith(fleet.nc, { request_id: 'request-cut' })).toMatchObject({ exit_code: 121 });
    expect(pc.ran()).toEqual(['cut', 'next']);
  });
});

test('what we could not send is given back: the original sends it with our ids, fires no completed schedule, runs nothing twice', async () => {
  const pc = await sharedPc();
  const { fleet } = pc;
  await fleet.createJob('daily', 'echo done');
  const schedule = { id: 'once', cron: '* * * * * *', job_id: 'daily', mode: 'once_per_pc', runs_on: 'agent' };
  await fleet.createSchedule({ ...schedule, target: { pcs: [PC] } });
  let theirs = await fleet.theirs(pc.place);
  const file = join(pc.place.dataDirectory, 'local_completions.json');
  await untilFound('the file of the original', () => existsSync(file) || undefined);
  // The result of its schedule is not what this is about.
  await resultWith(fleet.nc, { manifest_id: 'daily' });
  await untilFound('its outbox is empty', () => Object.keys(pc.outbox()).length === 0 || undefined);
  await theirs.kill();
  const before = JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>;

  const ours = await fleet.ours(pc.place);
  await untilFound('it is imported', () => existsSync(`${file}.imported`) || undefined);
  await pc.send('one', TO, 'sleep 1; echo out; exit 3');
  await pc.hasRun('one');
  await fleet.server.stop();
  const client = await ours.connect();
  await untilFound(
    'its result waits',
    async () => (await client.call('state.snapshot', {})).outbox.waiting || undefined,
  );
  await ours.stop();
  const store = testStore(join(pc.place.dataDirectory, 'kanade-tray'));
  const given = await giveBack(pc.place.dataDirectory, store, PC, Date.now());
  expect(given).toEqual({ results: 1, completions: 1 });
  expect(store.outbox.counts()).toMatchObject({ waiting: 0, parked: 0 });
  await store.close();
  const [[, text] = []] = Object.entries(pc.outbox());
  const { result_id } = JSON.parse(text ?? '{}') as ExecResult;

  await fleet.brokerBack();
  const fired = (await resultsWith(fleet.nc, { manifest_id: 'daily' })).length;
  theirs = await fleet.theirs(pc.place);
  await resultWith(fleet.nc, { result_id });
  await pc.send('two');
  await resultWith(fleet.nc, { request_id: 'request-two' });
  expect(await resultsWith(fleet.nc, { request_id: 'request-one' })).toEqual([JSON.parse(text ?? '{}')]);
  expect(pc.ran()).toEqual(['one', 'two']);
  expect(await resultsWith(fleet.nc, { manifest_id: 'daily' })).toHaveLength(fired);
  const after = JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>;
  expect(Date.parse(after['once::daily'] ?? '')).toBe(Date.parse(before['once::daily'] ?? ''));
});

test('the original, started on the same PC while ours runs, is noticed', async () => {
  const pc = await sharedPc();
  const { fleet } = pc;
  // Its first heartbeat may come so soon after our start that it could be the last one of a predecessor.
  await fleet.kanadeOk('config', 'set', 'heartbeat_interval=1s');
  const client = await (await fleet.ours({ pcId: PC })).connect();
  expect((await client.call('state.snapshot', {})).secondAgentSeen).toBe(false);
  await fleet.theirs({ pcId: PC });
  await untilFound('it is noticed', async () => {
    const { secondAgentSeen } = await client.call('state.snapshot', {});
    return secondAgentSeen || undefined;
  });
});
