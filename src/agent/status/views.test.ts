import { describe, expect, test, vi } from 'vitest';
import { clientDeps, HANAKO, open, ROOT, TARO } from '../../../test/support/socket-client.ts';
import { endedRun, type StatusWorld, statusWorld } from '../../../test/support/status.ts';
import { arrival } from '../../../test/support/store.ts';
import { tempDir } from '../../../test/support/temp.ts';
import type { AgentClient } from '../../shared/client.ts';
import type { Params, Result } from '../../shared/contract.ts';
import { titleWordsWith } from '../../shared/describe-run.ts';
import { CallError } from '../../shared/faults.ts';
import { I18n } from '../../shared/i18n/i18n.ts';
import type { ShowOutput } from './ports.ts';

const ASUSER = { runAs: 'user' } as const;
const secret = (text: string) => ({ stdout: { text, totalBytes: text.length, cut: false } });

/** One run as the system, one as Taro, one as Hanako. */
async function threeRuns(showOutput: ShowOutput = 0) {
  const world = statusWorld(tempDir());
  world.showOutput = showOutput;
  const facts = JSON.stringify({ viewAgeMs: 1_234, revoked: false });
  const system = await endedRun(world.store, 'req-system', {
    arrival: { manifestId: 'disk-clean' },
    ending: { ...secret('system-output'), facts, detail: 'more' },
  });
  const taro = await endedRun(world.store, 'req-taro', { arrival: ASUSER, user: TARO, ending: secret('taro-output') });
  const hanako = await endedRun(world.store, 'req-hanako', {
    arrival: ASUSER,
    user: HANAKO,
    ending: secret('hanako-output'),
  });
  const deps = clientDeps(world);
  const [user, helpdesk] = [await open(deps, { account: TARO }), await open(deps, { account: ROOT, client: 'cli' })];
  return { world, system, taro, hanako, user, helpdesk };
}

async function listed(agent: AgentClient, query: Params<'runs.list'> = {}): Promise<number[]> {
  return (await agent.call('runs.list', query)).rows.map(({ run }) => run);
}

/** The name of the fault, or what was answered. */
async function outcome<T>(call: Promise<T>): Promise<T | string> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof CallError) return error.fault.name;
    throw error;
  }
}

const textOf = async (call: Promise<Result<'runs.output'>>) => {
  const got = await outcome(call);
  return typeof got === 'string' ? got : got.text;
};

describe('where IT hides the names of tasks', () => {
  test('a person sees and finds none, the helpdesk does', async () => {
    const { world, system, user, helpdesk } = await threeRuns();
    world.ui = { ...world.ui, hideCommandNames: true };
    expect((await user.call('runs.get', { run: system.run })).title).toEqual({ kind: 'hidden' });
    expect((await user.call('runs.list', {})).rows.every(({ title }) => title.kind === 'hidden')).toBe(true);
    expect(await listed(user, { search: 'disk' })).toEqual([]);
    expect((await helpdesk.call('runs.get', { run: system.run })).title).toEqual({ kind: 'text', text: 'disk clean' });
    expect(await listed(helpdesk, { search: 'disk' })).toEqual([system.run]);
  });
});

test('what IT decides about icon and window is told to everybody, and nothing beside it', async () => {
  const { user } = await threeRuns();
  expect(await user.call('ui.settings', {})).toEqual({
    brandName: 'Kanade Tray',
    itName: null,
    logo: null,
    language: 'auto',
    languageLocked: false,
    notifyOnRun: 0,
    showTray: true,
    allowQuitTray: true,
    allowStopAgent: false,
    promoteTrayIcon: false,
  });
});

test('the history of updates is that of the store, newest first', async () => {
  const { world, user } = await threeRuns();
  await world.store.versions.onTheAir('0.0.9', 1_000);
  await world.store.versions.onTheAir('0.1.0', 2_000);
  expect((await user.call('update.get', {})).history).toEqual([
    { version: '0.1.0', atMs: 2_000, outcome: 'ok' },
    { version: '0.0.9', atMs: 1_000, outcome: 'ok' },
  ]);
});

describe('a user', () => {
  test('is shown what ran as the system and as himself, never what ran as somebody else', async () => {
    const { system, taro, hanako, user, helpdesk } = await threeRuns();
    expect(await listed(user)).toEqual([taro.run, system.run]);
    expect(await listed(helpdesk)).toEqual([hanako.run, taro.run, system.run]);
    expect((await user.call('runs.list', {})).total).toEqual({ matching: 2, all: 2 });
    for (const call of [
      user.call('runs.get', { run: hanako.run }),
      user.call('runs.output', { run: hanako.run, stream: 'stdout' }),
      user.call('runs.tail', { run: hanako.run }),
      user.call('runs.get', { run: 999 }),
    ]) {
      expect(await outcome<unknown>(call)).toBe('not_found');
    }
  });

  test('sees name, outcome, reason and times of a run, and none of its ids, output or script', async () => {
    const { system, user } = await threeRuns();
    const detail = await user.call('runs.get', { run: system.run });
    expect(detail).toEqual({
      run: system.run,
      title: { kind: 'text', text: 'disk clean' },
      source: 'live',
      asUser: false,
      state: 'finished',
      reason: 'DONE',
      exitCode: 0,
      receivedAtMs: 1_000,
      notBeforeMs: null,
      startedAtMs: 2_000,
      finishedAtMs: 3_000,
      deliveredAtMs: null,
      timeoutSecs: 30,
      parked: false,
      unreported: false,
      decidedAtMs: 2_000,
      deadlineAtMs: 99,
      usualMs: null,
      stoppable: false,
      audience: { to: 'all' },
      same: [],
      viewAgeMs: 1_234,
      signature: null,
      internals: null,
      output: null,
    });
    for (const stream of ['stdout', 'stderr', 'script'] as const) {
      expect(await textOf(user.call('runs.output', { run: system.run, stream }))).toBe('role_needed');
    }
    expect(JSON.stringify(await user.call('state.snapshot', {}))).not.toMatch(/req-|output/);
  });

  test('finds runs by name only: not by id, output or what others ran', async () => {
    const { system, user, helpdesk, hanako } = await threeRuns();
    expect(await listed(user, { search: 'disk' })).toEqual([system.run]);
    expect(await listed(user, { search: 'req-system' })).toEqual([]);
    expect(await listed(user, { search: 'system-output' })).toEqual([]);
    expect(await listed(user, { search: 'hanako-output' })).toEqual([]);
    expect(await listed(helpdesk, { search: 'req-system' })).toEqual([system.run]);
    expect(await listed(helpdesk, { search: 'hanako-output' })).toEqual([hanako.run]);
  });
});

describe('a search finds a task by the name that is shown', () => {
  async function named() {
    const world = statusWorld(tempDir());
    const run = async (id: string, more: Parameters<typeof endedRun>[2] = {}) =>
      (await endedRun(world.store, id, more)).run;
    const repair = await run('r1', { arrival: { manifestId: 'office--repair_v2.1' } });
    const direct = await run('r2', { arrival: { manifestId: 'adhoc-run' } });
    const described = await run('r3', { arrival: { manifestId: 'adhoc-run' } });
    await world.store.runs.setTitle(described, 'Clean up the disk');
    const nameless = await run('r4', { arrival: { manifestId: null } });
    const scheduled = await run('r5', { arrival: { manifestId: 'nightly', source: 'schedule' } });
    const user = await open(clientDeps(world), { account: TARO });
    const find = (search: string, words = new I18n('en')) =>
      listed(user, { search, shownAs: titleWordsWith(search, words) });
    return { world, find, repair, direct, described, nameless, scheduled };
  }

  test('with blanks where its id has other signs, and by the id too', async () => {
    const { find, repair } = await named();
    for (const search of ['office repair', 'REPAIR V2 1', 'office--repair', 'v2.1']) {
      expect([search, await find(search)]).toEqual([search, [repair]]);
    }
    expect(await find('office  repair')).toEqual([]);
  });

  test('also where the window words the name, in its language', async () => {
    const { find, direct, nameless, scheduled } = await named();
    expect(await find('direct task')).toEqual([direct]);
    expect(await find('情報システム部門からの', new I18n('ja'))).toEqual([direct]);
    expect(await find('without a name')).toEqual([nameless]);
    expect(await find('scheduled on this PC')).toEqual([scheduled]);
  });

  test('and where names are hidden, by nothing but the word that stands for them', async () => {
    const { world, find, scheduled } = await named();
    world.ui = { ...world.ui, hideCommandNames: true };
    expect(await find('task from IT')).toHaveLength(5);
    expect(await find('office repair')).toEqual([]);
    expect(await find('direct task')).toEqual([]);
    expect(await find('scheduled on this PC')).toEqual([scheduled]);
  });
});

describe('policy ShowOutputToUsers opens output, and nothing else of a run', () => {
  const seen = async (showOutput: ShowOutput) => {
    const { user, world, system, taro, hanako } = await threeRuns(showOutput);
    world.ui = { ...world.ui, hideCommandNames: true };
    const runs = [system.run, taro.run, hanako.run];
    const texts: string[] = [];
    for (const run of runs) texts.push(await textOf(user.call('runs.output', { run, stream: 'stdout' })));
    const sizes: unknown[] = [];
    const beside = new Set<unknown>();
    for (const run of runs) {
      const detail = await outcome(user.call('runs.get', { run }));
      sizes.push(typeof detail === 'string' ? detail : (detail.output?.stdout.totalBytes ?? null));
      if (typeof detail !== 'string') beside.add(detail.internals).add(detail.title.kind);
      beside.add(await textOf(user.call('runs.output', { run, stream: 'script' })));
    }
    const search = async (text: string) => (await listed(user, { search: text })).length;
    const found = [await search('system-output'), await search('req-system'), await search('more')];
    return { texts, sizes, found, beside: [...beside] };
  };
  const NOTHING_BESIDE = [null, 'hidden', 'role_needed', 'not_found'];

  test.each<[ShowOutput, object]>([
    [0, { texts: ['role_needed', 'role_needed', 'not_found'], sizes: [null, null, 'not_found'], found: [0, 0, 0] }],
    [1, { texts: ['role_needed', 'taro-output', 'not_found'], sizes: [null, 11, 'not_found'], found: [0, 0, 0] }],
    [2, { texts: ['system-output', 'taro-output', 'not_found'], sizes: [13, 11, 'not_found'], found: [1, 0, 0] }],
  ])('%i', async (showOutput, expected) => {
    expect(await seen(showOutput)).toEqual({ ...expected, beside: NOTHING_BESIDE });
  });
});

test('the helpdesk sees inside: ids, what the gates saw, sizes, output and script', async () => {
  const { system, helpdesk } = await threeRuns();
  const { internals, output } = await helpdesk.call('runs.get', { run: system.run });
  expect(internals).toEqual({
    requestId: 'req-system',
    resultId: system.resultId,
    execId: null,
    manifestId: 'disk-clean',
    version: '1.0.0',
    subject: 'commands.all',
    shell: 'sh',
    runAs: 'system',
    runAsUser: null,
    detail: 'more',
    gates: { viewAgeMs: 1_234, revoked: false },
    parkedWhy: null,
  });
  expect(output).toEqual({
    stdout: { keptChars: 13, totalBytes: 13, cut: false },
    stderr: { keptChars: 0, totalBytes: 0, cut: false },
  });
  expect(
    await helpdesk.call('runs.output', { run: system.run, stream: 'stdout', offsetChars: 7, limitChars: 3 }),
  ).toEqual({
    text: 'out',
    nextOffsetChars: 10,
    size: { keptChars: 13, totalBytes: 13, cut: false },
  });
  expect(await textOf(helpdesk.call('runs.output', { run: system.run, stream: 'script' }))).toBe(
    'script of req-system',
  );
  expect(await textOf(helpdesk.call('runs.output', { run: system.run, stream: 'stderr' }))).toBe('');
});

test('the tail of a running script, cut to what an answer holds', async () => {
  const { world, system, helpdesk } = await threeRuns();
  expect(await helpdesk.call('runs.tail', { run: system.run })).toMatchObject({ running: false, stdout: '' });
  world.tails.set(system.run, {
    stdout: `${'\0'.repeat(100_000)}end`,
    stderr: 'e',
    stdoutCut: false,
    stderrCut: true,
  });
  const tail = await helpdesk.call('runs.tail', { run: system.run });
  expect(tail).toMatchObject({ running: true, stderr: 'e', stdoutCut: true, stderrCut: true });
  expect([tail.stdout.length, tail.stdout.slice(-3)]).toEqual([65_536, 'end']);
});

test('texts are cut before they leave the agent', async () => {
  const world = statusWorld(tempDir());
  const long = 'x'.repeat(5_000);
  const { run } = await endedRun(world.store, 'r1', {
    arrival: { manifestId: long, execId: long, subject: long, version: long },
    ending: { detail: long, facts: JSON.stringify({ long: 'y'.repeat(20_000) }) },
  });
  const helpdesk = await open(clientDeps(world), { account: ROOT, client: 'cli' });
  const { title, internals } = await helpdesk.call('runs.get', { run });
  // In a list it is cut; where it stands alone it can be read whole, within reason.
  const [row] = (await helpdesk.call('runs.list', {})).rows;
  expect(row?.title.kind === 'text' && row.title.text.length).toBe(120);
  expect(title.kind === 'text' && title.text.length).toBe(1_000);
  expect(internals?.execId?.length).toBe(500);
  expect(internals?.subject.length).toBe(500);
  expect(internals?.detail?.length).toBe(2_000);
  expect(internals?.gates).toBeNull();
});

describe('the list', () => {
  async function seven(): Promise<{ world: StatusWorld; helpdesk: AgentClient }> {
    const world = statusWorld(tempDir());
    const reasons = ['DONE', 'FAILED', 'KILLED', 'TIMEOUT', 'VERSION_PIN', 'INTERRUPTED'] as const;
    for (const [at, reason] of reasons.entries()) {
      const receivedAtMs = 1_000 * (at + 1);
      await endedRun(world.store, `r${at}`, { arrival: { receivedAtMs }, ending: { reason } });
    }
    await world.store.runs.admit(arrival('r-open', 'still waiting', { receivedAtMs: 7_000 }));
    return { world, helpdesk: await open(clientDeps(world), { account: ROOT, client: 'cli' }) };
  }

  test.each<[string, Params<'runs.list'>, number[]]>([
    ['all, newest first', {}, [7, 6, 5, 4, 3, 2, 1]],
    ['what is open', { group: 'open' }, [7]],
    ['what is done', { group: 'done' }, [1]],
    ['what was stopped', { group: 'stopped' }, [4, 3]],
    ['what was skipped', { group: 'skipped' }, [5]],
    ['what is unknown', { group: 'unknown' }, [6]],
    ['some reasons', { reasons: ['FAILED', 'KILLED'] }, [3, 2]],
    ['reasons outside of the group', { group: 'done', reasons: ['FAILED'] }, []],
    ['a range of time, its end left out', { fromMs: 2_000, toMs: 4_000 }, [3, 2]],
    ['from a moment backwards', { startAtMs: 3_500 }, [3, 2, 1]],
    ['from exactly a moment backwards', { startAtMs: 3_000 }, [3, 2, 1]],
    ['signs of a pattern as they are', { search: '%' }, []],
  ])('%s', async (_what, query, runs) => {
    const { helpdesk } = await seven();
    expect(await listed(helpdesk, query)).toEqual(runs);
  });

  test('comes in pages that neither repeat nor leave out, also while new runs arrive', async () => {
    const { world, helpdesk } = await seven();
    const first = await helpdesk.call('runs.list', { limit: 3 });
    await endedRun(world.store, 'r-new');
    const second = await helpdesk.call('runs.list', { limit: 3, beforeRun: first.nextBeforeRun ?? 0 });
    const third = await helpdesk.call('runs.list', { limit: 3, beforeRun: second.nextBeforeRun ?? 0 });
    expect([first, second, third].map(({ rows, total }) => [rows.map(({ run }) => run), total])).toEqual([
      [[7, 6, 5], { matching: 7, all: 7 }],
      [[4, 3, 2], null],
      [[1], null],
    ]);
    expect(third.nextBeforeRun).toBeNull();
  });

  test('any place can be read, and each page says where it stands', async () => {
    const { helpdesk } = await seven();
    const page = await helpdesk.call('runs.list', { beforeRun: 8, skip: 4, limit: 2 });
    expect([page.rows.map(({ run }) => run), page.firstIndex]).toEqual([[3, 2], 4]);
    const whole = await helpdesk.call('runs.list', {});
    const middle = whole.rows[3];
    const jumped = await helpdesk.call('runs.list', { startAtMs: middle?.receivedAtMs ?? 0, limit: 1 });
    expect(jumped.rows[0]?.run).toBe(whole.rows[jumped.firstIndex]?.run);
    expect(await outcome<unknown>(helpdesk.call('runs.list', { startAtMs: 1, skip: 1 }))).toBe('invalid_params');
  });

  test('what is newer than a run can be counted', async () => {
    const { helpdesk } = await seven();
    expect((await helpdesk.call('runs.list', { afterRun: 5, limit: 1 })).total).toEqual({ matching: 2, all: 7 });
  });

  test('the jump to a time does not change how many there are', async () => {
    const { helpdesk } = await seven();
    const { total } = await helpdesk.call('runs.list', { startAtMs: 2_000, group: 'stopped' });
    expect(total).toEqual({ matching: 2, all: 7 });
  });

  test.each<[string, object]>([
    ['a page above 500', { limit: 501 }],
    ['a page of nothing', { limit: 0 }],
    ['an unknown reason', { reasons: ['NOPE'] }],
    ['no reasons', { reasons: [] }],
    ['an unknown field', { where: '1=1' }],
    ['a search that is too long', { search: 'x'.repeat(201) }],
    ['a time that is no number', { fromMs: '2026-11-25' }],
    ['a run that is no whole number', { beforeRun: 1.5 }],
  ])('%s is an error', async (_what, query) => {
    const { helpdesk } = await seven();
    expect(await outcome<unknown>(helpdesk.call('runs.list', query))).toBe('invalid_params');
  });
});

test('an output is not read to tell its size, and once for all of its pieces', async () => {
  const world = statusWorld(tempDir());
  const text = 'line of output\n'.repeat(100_000);
  const stdout = { text, totalBytes: text.length, cut: false };
  const { run } = await endedRun(world.store, 'r1', { ending: { stdout } });
  const helpdesk = await open(clientDeps(world), { account: ROOT, client: 'cli' });
  const loads = vi.spyOn(world.store.history, 'output');
  expect((await helpdesk.call('runs.get', { run })).output?.stdout).toMatchObject({ totalBytes: text.length });
  expect(loads).not.toHaveBeenCalled();
  let read = '';
  for (let offsetChars: number | null = 0; offsetChars !== null; ) {
    const piece: Result<'runs.output'> = await helpdesk.call('runs.output', { run, stream: 'stdout', offsetChars });
    read += piece.text;
    offsetChars = piece.nextOffsetChars;
  }
  expect(read === text).toBe(true);
  expect(loads).toHaveBeenCalledTimes(1);
});
