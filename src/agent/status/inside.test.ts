import { describe, expect, test } from 'vitest';
import { eventually } from '../../../test/support/eventually.ts';
import { clientDeps, open, ROOT } from '../../../test/support/socket-client.ts';
import { aSetting, CODE, endedRun, type StatusWorld, statusWorld } from '../../../test/support/status.ts';
import { tempDir } from '../../../test/support/temp.ts';
import { MAX_TEXT_BYTES } from '../../shared/frames.ts';
import { LOOK_BACK_MS, MAX_LINK_SPANS, MAX_LOG_LINES, MAX_PARKED_ROWS } from '../../shared/helpdesk-limits.ts';

async function asHelpdesk(world: StatusWorld = statusWorld(tempDir())) {
  const agent = await open(clientDeps(world), { account: ROOT, client: 'cli' });
  return { world, agent };
}

async function park(world: StatusWorld, resultId: string, why: string, atMs: number): Promise<void> {
  const seq = world.store.outbox.seqOf('result', resultId);
  if (seq === undefined) throw new Error('it is not queued');
  await world.store.outbox.park(seq, why, atMs, atMs);
}

describe('failures', () => {
  test('are those of the last seven days and what was left out, but for what IT stopped, each with its name and its last run', async () => {
    const { world, agent } = await asHelpdesk();
    const nowMs = world.clock.nowMs();
    const ended = (id: string, daysAgo: number, reason: 'DONE' | 'FAILED' | 'KILLED' | 'VERSION_PIN' | 'TIMEOUT') =>
      endedRun(world.store, id, {
        arrival: { manifestId: 'printer-fix', receivedAtMs: nowMs - daysAgo * 86_400_000 },
        ending: { reason, exitCode: 5, finishedAtMs: nowMs - daysAgo * 86_400_000 + 500 },
      });
    await ended('a', 8, 'FAILED');
    await ended('b', 6, 'FAILED');
    const { run } = await ended('c', 1, 'FAILED');
    for (const reason of ['DONE', 'KILLED', 'VERSION_PIN'] as const) await ended(reason, 1, reason);
    for (const id of ['d', 'e']) await ended(id, 1, 'VERSION_PIN');
    const found = await agent.call('failures.list', {});
    // What a check left out comes last, however often.
    expect(found.rows.map(({ reason, count }) => [reason, count])).toEqual([
      ['FAILED', 2],
      ['VERSION_PIN', 3],
    ]);
    expect({ ...found, rows: found.rows.slice(0, 1) }).toEqual({
      sinceMs: null,
      kinds: 2,
      rows: [
        {
          title: { kind: 'text', text: 'printer fix' },
          manifestId: 'printer-fix',
          reason: 'FAILED',
          count: 2,
          lastRun: run,
          lastAtMs: nowMs - 86_400_000 + 500,
        },
      ],
    });
  });
});

describe('results that could not be delivered', () => {
  test('are shown with why, and go again one by one or all at once, and that is noted', async () => {
    const { world, agent } = await asHelpdesk();
    const runs = [];
    for (const id of ['a', 'b', 'c']) runs.push(await endedRun(world.store, id));
    for (const [index, { resultId }] of runs.entries()) await park(world, resultId, `too large ${index}`, 100 + index);
    // One that can't even be read has nowhere to go.
    await world.store.outbox.putParked(
      { kind: 'result', id: 'stray', subject: '', body: Buffer.from('?') },
      90,
      'not readable',
    );
    const shown = await agent.call('outbox.parked', {});
    expect([shown.total, shown.rows.map(({ resultId, why }) => [resultId, why])]).toEqual([
      4,
      [
        [runs[2]?.resultId, 'too large 2'],
        [runs[1]?.resultId, 'too large 1'],
        [runs[0]?.resultId, 'too large 0'],
        ['stray', 'not readable'],
      ],
    ]);
    expect(shown.rows[0]).toMatchObject({ run: runs[2]?.run, title: { kind: 'text', text: 'job' }, attempts: 1 });
    expect(shown.rows[3]).toMatchObject({ run: null, title: null });
    expect(world.store.outbox.due(true, Number.NEGATIVE_INFINITY, 10)).toEqual([]);
    await agent.call('outbox.resend', { resultId: runs[1]?.resultId ?? '' });
    expect((await agent.call('outbox.parked', {})).total).toBe(3);
    expect(await agent.call('outbox.resendAll', {})).toEqual({ resent: 2 });
    expect((await agent.call('outbox.parked', {})).rows.map(({ resultId }) => resultId)).toEqual(['stray']);
    expect(world.store.outbox.due(true, 0, 10)).toHaveLength(3);
    await eventually(() => expect(world.store.audit.list(10)).toHaveLength(2));
    const audit = (await agent.call('audit.list', {})).map(({ action, detail, account }) => [account, action, detail]);
    expect(audit).toEqual([
      [ROOT, 'outbox.resendAll', '2'],
      [ROOT, 'outbox.resend', runs[1]?.resultId],
    ]);
  });

  test('are not results alone: what else can not be delivered is shown and goes again as well', async () => {
    const { world, agent } = await asHelpdesk();
    const { outbox } = world.store;
    const { run, resultId } = await endedRun(world.store, 'a');
    const body = Buffer.from('x');
    await outbox.put({ kind: 'started', id: resultId, subject: 'events.x', body }, 5, { run });
    await outbox.put({ kind: 'event', id: 'e', subject: 'obs.x', body }, 6);
    for (const seq of outbox.due(false, 0, 9)) await outbox.park(seq, 'rejected', 50 + seq, 1e12);
    const shown = await agent.call('outbox.parked', {});
    expect([shown.total, shown.rows.map(({ kind, title, why }) => [kind, title, why])]).toEqual([
      2,
      [
        ['event', null, 'rejected'],
        ['started', { kind: 'text', text: 'job' }, 'rejected'],
      ],
    ]);
    expect((await agent.call('state.snapshot', {})).outbox.others).toEqual({ waiting: 0, stuck: 2 });
    await agent.call('outbox.resend', { resultId: 'e', kind: 'event' });
    expect(await agent.call('outbox.resendAll', {})).toEqual({ resent: 1 });
    expect((await agent.call('state.snapshot', {})).outbox.others).toEqual({ waiting: 2, stuck: 0 });
  });

  test('however many there are, all go again, and the rows that are shown are bounded', async () => {
    const { world, agent } = await asHelpdesk();
    const put = (id: number) =>
      world.store.outbox.putParked(
        { kind: 'result', id: `r${id}`, subject: 'results.x', body: Buffer.from('x') },
        1,
        'w'.repeat(9_000),
      );
    await Promise.all(Array.from({ length: 2_100 }, (_, id) => put(id)));
    const shown = await agent.call('outbox.parked', {});
    expect([shown.total, shown.rows.length, shown.rows[0]?.why.length]).toEqual([2_100, MAX_PARKED_ROWS, 200]);
    expect(await agent.call('outbox.resendAll', {})).toEqual({ resent: 2_100 });
    expect(world.store.outbox.counts()).toMatchObject({ waiting: 2_100, parked: 0 });
  });
});

test('the connection is told for seven days back, with the moment of the answer', async () => {
  const { world, agent } = await asHelpdesk();
  const nowMs = world.clock.nowMs();
  await world.store.linkStates.begin({ state: 'connected', why: null, fromMs: 5, untilMs: nowMs - LOOK_BACK_MS - 1 });
  await world.store.linkStates.begin({ state: 'refused', why: 'no', fromMs: nowMs - 10, untilMs: nowMs - 5 });
  expect(await agent.call('connection.history', {})).toEqual({
    nowMs,
    spans: [{ state: 'refused', why: 'no', fromMs: nowMs - 10, untilMs: nowMs - 5 }],
  });
});

test('the largest answers fit into a message', async () => {
  const { world, agent } = await asHelpdesk();
  const nowMs = world.clock.nowMs();
  const why = '断'.repeat(9_000);
  const begun = Array.from({ length: MAX_LINK_SPANS + 10 }, (_, at) =>
    world.store.linkStates.begin({ state: 'unreachable', why, fromMs: nowMs + at, untilMs: nowMs + at }),
  );
  await Promise.all(begun);
  const history = await agent.call('connection.history', {});
  expect(history.spans).toHaveLength(MAX_LINK_SPANS);
  world.logEnd = { kind: 'lines', path: '/l', lines: Array.from({ length: 500 }, (_, at) => `${at} ${why}`) };
  const log = await agent.call('log.end', {});
  expect(log).toMatchObject({ kind: 'lines', path: '/l' });
  const lines = log.kind === 'lines' ? log.lines : [];
  expect([lines.length, lines[0]?.slice(0, 4), lines[0]?.length]).toEqual([MAX_LOG_LINES, '300 ', 1_000]);
  for (const answer of [history, log]) expect(Buffer.byteLength(JSON.stringify(answer))).toBeLessThan(MAX_TEXT_BYTES);
});

test('settings come with place, words for their value, and whether they are as built in', async () => {
  const { world, agent } = await asHelpdesk();
  world.settings = [
    aSetting('history.days', { value: '30 days', means: { kind: 'amount', amount: 30, unit: 'days' } }),
    aSetting('support.text', { value: 'x'.repeat(9_000), means: { kind: 'text', text: 'x'.repeat(9_000) } }),
    aSetting('helpdesk.code_hash', { value: '(set)', means: { kind: 'secret' } }),
  ];
  const [days, text, hash] = await agent.call('config.effective', {});
  expect(days).toEqual(world.settings[0]);
  expect(text?.means).toMatchObject({ text: expect.stringMatching(/^x{1999}…$/) });
  expect(hash).toMatchObject({ means: { kind: 'secret' }, builtIn: { kind: 'none' } });
});

test('a person without the code gets none of it, and no entry is written', async () => {
  const world = statusWorld(tempDir());
  world.code = CODE;
  const { resultId } = await endedRun(world.store, 'a');
  await park(world, resultId, 'too large', 1);
  const agent = await open(clientDeps(world), { client: 'window' });
  const methods = ['failures.list', 'outbox.parked', 'outbox.resendAll', 'connection.history', 'log.end'] as const;
  for (const method of methods) await expect(agent.call(method, {})).rejects.toThrow('helpdesk');
  expect(world.store.outbox.counts().parked).toBe(1);
  expect(world.store.audit.list(10)).toEqual([]);
});
