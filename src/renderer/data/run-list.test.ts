import { describe, expect, test } from 'vitest';
import { NOW } from '../../../test/support/agent-status.ts';
import { Fault } from '../../shared/faults.ts';
import { type GroupCounts, NO_COUNTS } from '../../shared/group-counts.ts';
import { runIdSchema } from '../../shared/id-schemas.ts';
import type { OutcomeGroup } from '../../shared/outcome-group-names.ts';
import type { RunRow } from '../../shared/run-view.ts';
import { PAGE_ROWS, RunList, type RunListFilter } from './run-list.ts';
import type { WindowClient } from './window-client.ts';

/** What an agent has: rows by their number, oldest first. */
class Agent implements WindowClient {
  readonly rows: RunRow[] = [];
  readonly asked: string[] = [];
  readonly failing = new Map<string, Fault>();
  /** What is answered only when it is let go. */
  readonly held: (() => void)[] = [];
  holding = '';

  add(count: number, more: Partial<RunRow> = {}): void {
    for (let at = 0; at < count; at++) this.rows.push(row(this.rows.length + 1, more));
  }

  change(run: number, more: Partial<RunRow>): void {
    this.rows[run - 1] = row(run, more);
  }

  letGo(): void {
    this.holding = '';
    for (const answer of this.held.splice(0)) answer();
  }

  ask: WindowClient['ask'] = async (method, params) => {
    this.asked.push(method);
    const answer = this.#answer(method, params as Query);
    if (this.holding === method) await new Promise<void>((resolve) => this.held.push(resolve));
    return answer as never;
  };

  #answer(method: string, query: Query): unknown {
    const fault = this.failing.get(method);
    if (fault !== undefined) return { ok: false, fault };
    const { group, afterRun = 0, beforeRun = Number.POSITIVE_INFINITY, skip = 0, limit = 100 } = query;
    const all = this.rows.toReversed().filter(({ run }) => run > afterRun);
    const fitting = all.filter((each) => group === undefined || groupOf(each) === group);
    const found = fitting.filter(({ run }) => run < beforeRun);
    if (method === 'runs.counts') return { ok: true, value: countsOf(this.rows) };
    const matching = fitting.length;
    if (method === 'runs.outline') {
      const days = [{ startMs: 0, count: found.length }];
      const value = { newestRun: found[0]?.run ?? 0, matching: found.length, all: this.rows.length, days, folds: [] };
      return { ok: true, value };
    }
    const rows = found.slice(skip, skip + limit);
    return {
      ok: true,
      value: { rows, nextBeforeRun: null, firstIndex: skip, total: { matching, all: this.rows.length } },
    };
  }
}

interface Query {
  readonly group?: OutcomeGroup;
  readonly afterRun?: number;
  readonly beforeRun?: number;
  readonly skip?: number;
  readonly limit?: number;
}

const groupOf = ({ reason }: RunRow): OutcomeGroup =>
  reason === null ? 'open' : reason === 'DONE' ? 'done' : 'failed';

function countsOf(rows: readonly RunRow[]): GroupCounts {
  const counts = { ...NO_COUNTS };
  for (const each of rows) counts[groupOf(each)] += 1;
  return counts;
}

function row(run: number, more: Partial<RunRow>): RunRow {
  return {
    run: runIdSchema.parse(run),
    title: { kind: 'text', text: `task ${run}` },
    source: 'live',
    asUser: false,
    state: 'finished',
    reason: 'DONE',
    exitCode: 0,
    receivedAtMs: NOW + run,
    notBeforeMs: null,
    startedAtMs: NOW,
    finishedAtMs: NOW,
    deliveredAtMs: NOW,
    timeoutSecs: null,
    parked: false,
    unreported: false,
    ...more,
  };
}

const OPEN = { state: 'running', reason: null, deliveredAtMs: null } as const;
const EVERYTHING: RunListFilter = { group: null, range: null, search: '', shownAs: [] };

function listOf(client: Agent, filter: Partial<RunListFilter> = {}): RunList {
  return new RunList({ client, filter: { ...EVERYTHING, ...filter }, startsMs: () => [0], changed: () => {} });
}

/** Until everything that was asked is answered. */
const settled = () => new Promise<void>((resolve) => setTimeout(resolve));
const asked = (agent: Agent, method: string) => agent.asked.filter((each) => each === method).length;

test('is read with what it is made of, its first page, and counts', async () => {
  const agent = new Agent();
  agent.add(250);
  const list = listOf(agent);
  expect(list.view.outline).toBeNull();
  await list.open();
  await settled();
  expect(list.view).toMatchObject({ all: 250, newer: 0, failed: false, counts: { ...NO_COUNTS, done: 250 } });
  expect(list.view.outline).toMatchObject({ newestRun: 250, matching: 250 });
  expect([list.view.row(0)?.run, list.view.row(99)?.run, list.view.row(100)]).toEqual([250, 151, undefined]);
});

test('what arrives moves nothing and is counted, until it is shown', async () => {
  const agent = new Agent();
  agent.add(3);
  const list = listOf(agent);
  await list.open();
  agent.add(50);
  await list.refresh();
  expect([list.view.row(0)?.run, list.view.newer, list.view.all]).toEqual([3, 50, 53]);
  expect(list.view.outline?.matching).toBe(3);
  expect(list.view.counts?.done).toBe(53);
  await list.open();
  expect([list.view.row(0)?.run, list.view.newer, list.view.outline?.matching]).toEqual([53, 0, 53]);
});

test('what was newer than the list before is not newer than the one that was opened meanwhile', async () => {
  const agent = new Agent();
  agent.add(3);
  const list = listOf(agent);
  await list.open();
  agent.add(50);
  agent.holding = 'runs.list';
  const refreshed = list.refresh();
  agent.holding = '';
  await list.open();
  agent.letGo();
  await refreshed;
  expect([list.view.row(0)?.run, list.view.newer]).toEqual([53, 0]);
});

test('only the pages that are looked at are read, each once', async () => {
  const agent = new Agent();
  agent.add(1_000);
  const list = listOf(agent);
  await list.open();
  const before = asked(agent, 'runs.list');
  list.setVisible([510, 520, 699, 700]);
  list.setVisible([510, 520, 699, 700]);
  await settled();
  expect(asked(agent, 'runs.list') - before).toBe(3);
  expect([list.view.row(510)?.run, list.view.row(700)?.run, list.view.row(800)]).toEqual([490, 300, undefined]);
});

test('a page on which something is open is read again with each state, one on which all is over is not', async () => {
  const agent = new Agent();
  agent.add(PAGE_ROWS);
  agent.add(PAGE_ROWS - 1);
  agent.add(1, OPEN);
  const list = listOf(agent);
  await list.open();
  list.setVisible([0, PAGE_ROWS]);
  await settled();
  agent.change(2 * PAGE_ROWS, { reason: 'FAILED' });
  agent.change(1, { reason: 'FAILED' });
  await list.refresh();
  expect([list.view.row(0)?.reason, list.view.row(2 * PAGE_ROWS - 1)?.reason]).toEqual(['FAILED', 'DONE']);
});

test('many states at once are read once more, not once each', async () => {
  const agent = new Agent();
  agent.add(1);
  const list = listOf(agent);
  await list.open();
  await settled();
  const before = asked(agent, 'runs.counts');
  await Promise.all(Array.from({ length: 20 }, () => list.refresh()));
  await settled();
  expect(asked(agent, 'runs.counts') - before).toBeLessThanOrEqual(2);
});

describe('a list of one outcome', () => {
  test('loses what has ended meanwhile', async () => {
    const agent = new Agent();
    agent.add(3, OPEN);
    const list = listOf(agent, { group: 'open' });
    await list.open();
    expect(list.view.outline?.matching).toBe(3);
    agent.change(2, {});
    await list.refresh();
    expect([list.view.outline?.matching, list.view.row(0)?.run, list.view.row(1)?.run]).toEqual([2, 3, 1]);
    agent.change(3, {});
    agent.add(1, OPEN);
    await list.refresh();
    expect([list.view.outline?.matching, list.view.newer, list.view.row(0)?.run]).toEqual([1, 1, 1]);
  });

  test('takes in what has ended so meanwhile, in its place', async () => {
    const agent = new Agent();
    agent.add(1, { reason: 'FAILED' });
    agent.add(1, OPEN);
    agent.add(1, { reason: 'FAILED' });
    const list = listOf(agent, { group: 'failed' });
    await list.open();
    agent.change(2, { reason: 'FAILED' });
    await list.refresh();
    expect([0, 1, 2].map((at) => list.view.row(at)?.run)).toEqual([3, 2, 1]);
  });
});

test('an empty list begins by itself with the first that fits', async () => {
  const agent = new Agent();
  const list = listOf(agent);
  await list.open();
  expect(list.view.outline?.matching).toBe(0);
  agent.add(2);
  await list.refresh();
  expect([list.view.outline?.matching, list.view.row(0)?.run, list.view.newer]).toEqual([2, 2, 0]);
});

test('a place is counted from the newest that the list shows', async () => {
  const agent = new Agent();
  agent.add(10);
  const list = listOf(agent);
  await list.open();
  agent.add(5);
  await list.refresh();
  expect([await list.indexOf(10), await list.indexOf(4)]).toEqual([0, 6]);
});

test('a first question that failed is asked again with the next state; a list that is shown stays', async () => {
  const agent = new Agent();
  agent.add(2);
  agent.failing.set('runs.outline', new Fault('unavailable', 'not now'));
  const list = listOf(agent);
  await list.open();
  expect([list.view.failed, list.view.outline]).toEqual([true, null]);
  agent.failing.clear();
  await list.refresh();
  expect([list.view.failed, list.view.outline?.matching]).toEqual([false, 2]);
  agent.failing.set('runs.list', new Fault('unavailable', 'not now'));
  await list.open();
  expect([list.view.failed, list.view.row(0)?.run]).toEqual([true, 2]);
});

test('an agent that knows nothing of outlines is listed without headings', async () => {
  const agent = new Agent();
  agent.add(3);
  agent.failing.set('runs.outline', new Fault('unknown_method', 'runs.outline'));
  agent.failing.set('runs.counts', new Fault('unknown_method', 'runs.counts'));
  const list = listOf(agent);
  await list.open();
  await settled();
  expect(list.view).toMatchObject({
    outline: { newestRun: 3, matching: 3, days: [], folds: [] },
    all: 3,
    counts: null,
  });
  agent.add(1);
  await list.refresh();
  expect([list.view.newer, list.view.row(0)?.run]).toEqual([1, 3]);
});

test('an answer of before the list began again is no part of it', async () => {
  const agent = new Agent();
  agent.add(300);
  const list = listOf(agent);
  await list.open();
  agent.holding = 'runs.list';
  list.setVisible([150]);
  const opening = list.open();
  await settled();
  agent.add(100);
  agent.letGo();
  await opening;
  await settled();
  const anchor = list.view.outline?.newestRun ?? 0;
  expect(list.view.row(150)?.run).toBe(anchor - 150);
});

test('a list that is closed says nothing more', async () => {
  const agent = new Agent();
  agent.add(1);
  let said = 0;
  const list = new RunList({ client: agent, filter: EVERYTHING, startsMs: () => [0], changed: () => (said += 1) });
  const opening = list.open();
  list.close();
  await opening;
  await settled();
  expect(said).toBe(0);
});
