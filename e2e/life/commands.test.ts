/** The built agent and what operators ask of it: each shell, text, gates, kill, time-out, long output, many at once, an outage. */
import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { AgentRun, type AgentRunOptions, settings } from '../../test/support/agent-run.ts';
import { eventually } from '../../test/support/eventually.ts';
import {
  command,
  countStored,
  killExec,
  provisionedOperator,
  publishCommand,
  putKey,
  waitForResult,
} from '../../test/support/fleet.ts';
import { heartbeatAfter } from '../../test/support/heartbeats.ts';
import { startNatsServer } from '../../test/support/nats-server.ts';
import { isAlive } from '../../test/support/running-scripts.ts';
import {
  appends,
  appendsPid,
  leavesBehind,
  makes,
  pidsIn,
  SHELL,
  said,
  saysMany,
  waitsFor,
} from '../../test/support/scripts.ts';
import { tempDir } from '../../test/support/temp.ts';

const MINE = 'commands.pc.PC-OURS';
const IS_WINDOWS = process.platform === 'win32';
/** PowerShell takes a second to start. */
const MANY = IS_WINDOWS ? 24 : 200;
const MANY_END_MS = 120_000;

async function world(options: Partial<AgentRunOptions> = {}) {
  const server = await startNatsServer();
  const nc = await provisionedOperator(server);
  const agent = new AgentRun({ toml: settings(server), ...options });
  await heartbeatAfter(nc, 'PC-OURS', agent);
  const run = async (fields: Record<string, unknown>) =>
    waitForResult(nc, await publishCommand(nc, MINE, command(fields)));
  return { server, nc, agent, run };
}

/** By shell: the script, its exit code, and both streams. */
const SCRIPTS: Readonly<Record<string, readonly [script: string, code: number, stdout: string, stderr: string]>> =
  IS_WINDOWS
    ? {
        powershell: [
          "'日本語 é 😀'; [Console]::Error.WriteLine('エラー'); exit 7",
          7,
          said('日本語 é 😀'),
          said('エラー'),
        ],
        cmd: ['echo 日本語 é& exit /b 7', 7, said('日本語 é'), ''],
      }
    : { sh: ["printf '日本語 é 😀\\n'; echo エラー >&2; exit 7", 7, '日本語 é 😀\n', 'エラー\n'] };

describe('a script', () => {
  test.each(Object.entries(SCRIPTS))('of %s: its text, its code, both of its streams', async (shell, script) => {
    const { run } = await world();
    const [text, exit_code, stdout, stderr] = script;
    expect(await run({ shell, script: text })).toMatchObject({ exit_code, stdout, stderr });
  });

  test('of 100 kB, from a directory with blanks that nobody reads, in a data directory of such a name', async () => {
    const dataDirectory = join(tempDir(), 'データ 置き場');
    const { run, agent } = await world({ dataDirectory });
    const cwd = join(agent.directory, '作業 場所');
    mkdirSync(cwd);
    const script = `# ${'x'.repeat(100_000)}\n${makes('here')}`;
    expect(await run({ script, cwd })).toMatchObject({ exit_code: 0, stderr: '' });
    expect(existsSync(join(cwd, 'here'))).toBe(true);
  });

  test('that says 5 MB: its result fits a message, and the PC has all of it', async () => {
    const { nc, agent } = await world();
    const id = await publishCommand(nc, MINE, command({ script: saysMany(5_000_000) }));
    const { exit_code, stdout } = await waitForResult(nc, id);
    expect([exit_code, stdout.includes('bytes of output left out')]).toEqual([0, true]);
    const client = await agent.connect();
    const [row] = (await client.call('runs.list', {})).rows;
    if (row === undefined) throw new Error('no run');
    const { size } = await client.call('runs.output', { run: row.run, stream: 'stdout' });
    expect(size).toMatchObject({ cut: false, totalBytes: 5_000_000 + said('').length });
  });
});

test('gates: what is pinned, withdrawn or late is answered and does not run; the rest runs', async () => {
  const { nc, agent, run } = await world();
  await putKey(nc, 'script_current', 'pinned', '2.0.0');
  await putKey(nc, 'script_status', 'withdrawn', 'REVOKED');
  const ran = join(agent.directory, 'ran');
  const script = appends(ran, 'x');
  const past = new Date(Date.now() - 60_000).toISOString();
  expect(await run({ script, id: 'pinned', version: '1.0.0' })).toMatchObject({ exit_code: 124, skipped: true });
  expect(await run({ script, id: 'withdrawn', version: '1.0.0' })).toMatchObject({ exit_code: 126, skipped: true });
  expect(await run({ script, deadline_at: past })).toMatchObject({ exit_code: 125, skipped: true });
  expect(await run({ script, staleness: { mode: 'strict', max_cache_age: '1h' } })).toMatchObject({ exit_code: 0 });
  expect(await run({ script, id: 'pinned', version: '2.0.0' })).toMatchObject({ exit_code: 0 });
  expect(readFileSync(ran, 'utf8')).toBe('x\nx\n');
});

describe('a script with a child that has left it', () => {
  const stays = (file: string) => `echo began; ${leavesBehind(file)} ${waitsFor(file)}; ${appendsPid(file)}; sleep 300`;

  async function begun(file: string): Promise<number[]> {
    return eventually(() => {
      expect(readFileSync(file, 'utf8')).toMatch(/^\d+\n\d+\n$/);
      return pidsIn(file);
    });
  }

  test('is killed with it', async () => {
    const { nc, agent } = await world();
    const [execId, file] = [randomUUID(), join(agent.directory, 'pids')];
    const id = await publishCommand(nc, MINE, command({ exec_id: execId, script: stays(file), timeout_secs: 600 }));
    const tree = await begun(file);
    await killExec(nc, execId);
    const stderr = expect.stringContaining(`killed by remote signal (kill.${execId})`);
    expect(await waitForResult(nc, id)).toMatchObject({ exit_code: -1, stdout: said('began'), stderr });
    expect(tree.filter(isAlive)).toEqual([]);
  });

  test('ends with it when its time is over', async () => {
    const { nc, agent } = await world();
    const file = join(agent.directory, 'pids');
    // Long enough for the slowest start of a shell.
    const timeout = IS_WINDOWS ? 20 : 3;
    const id = await publishCommand(nc, MINE, command({ script: stays(file), timeout_secs: timeout }));
    const tree = await begun(file);
    const stderr = expect.stringContaining(`timeout after ${timeout}s`);
    const result = await waitForResult(nc, id, { timeoutMs: 60_000 });
    expect(result).toMatchObject({ exit_code: -1, stdout: said('began'), stderr });
    expect(tree.filter(isAlive)).toEqual([]);
  });
});

test(`${MANY} at once: each runs once, and each has one result`, async () => {
  const { nc, agent } = await world();
  const directory = join(agent.directory, 'ran');
  mkdirSync(directory);
  const ids = Array.from({ length: MANY }, () => randomUUID());
  await Promise.all(
    ids.map((id) => publishCommand(nc, MINE, command({ request_id: id, script: appends(join(directory, id), 'x') }))),
  );
  for (const id of ids)
    expect(await waitForResult(nc, id, { timeoutMs: MANY_END_MS })).toMatchObject({ exit_code: 0, stderr: '' });
  for (const id of ids) expect(readFileSync(join(directory, id), 'utf8')).toBe('x\n');
  expect(await countStored(nc, 'RESULTS', 'results.>')).toBe(MANY);
}, 240_000);

test('an outage: what runs ends and is delivered after it, what was queued before a SIGKILL too, each once', async () => {
  const { server, nc, agent } = await world();
  const go = join(agent.directory, 'go');
  const begun = join(agent.directory, 'begun');
  const id = await publishCommand(nc, MINE, command({ script: `${makes(begun)}; ${waitsFor(go)}; echo done` }));
  await eventually(() => expect(existsSync(begun)).toBe(true));
  await server.stop();
  const client = await agent.connect();
  await eventually(async () => expect((await client.call('state.snapshot', {})).connection.state).toBe('unreachable'));
  // Only now does it come to its end.
  await agentRuns(client, 1);
  mkdirSync(go);
  await agentRuns(client, 0);
  await eventually(async () => expect((await client.call('state.snapshot', {})).outbox.waiting).toBe(1));
  await agent.end('SIGKILL');
  agent.start();
  await server.start();
  expect(await waitForResult(nc, id)).toMatchObject({ exit_code: 0, stdout: said('done') });
  const next = await publishCommand(nc, MINE, command({ shell: SHELL }));
  expect(await waitForResult(nc, next)).toMatchObject({ exit_code: 0, stdout: said('hello') });
  expect(await countStored(nc, 'RESULTS', `results.${id}`)).toBe(1);
});

async function agentRuns(client: Awaited<ReturnType<AgentRun['connect']>>, count: number): Promise<void> {
  await eventually(async () => expect((await client.call('state.snapshot', {})).now.running).toHaveLength(count));
}
