/** An orderly stop leaves a result for everything that ran, and what waited is there at the next start (architecture §4). */
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { AgentStatus } from '../../src/shared/agent-status.ts';
import { ADMINISTRATOR } from '../../test/support/agent-client.ts';
import { AgentRun, type AgentRunOptions, settings } from '../../test/support/agent-run.ts';
import { eventually } from '../../test/support/eventually.ts';
import {
  command,
  countStored,
  killExec,
  provisionedOperator,
  publishCommand,
  waitForResult,
} from '../../test/support/fleet.ts';
import { gate } from '../../test/support/gate.ts';
import { heartbeatAfter } from '../../test/support/heartbeats.ts';
import { noMountsHere, smallDisk } from '../../test/support/mounts.ts';
import { startNatsServer } from '../../test/support/nats-server.ts';
import { isAlive } from '../../test/support/running-scripts.ts';
import { appendsPid, leavesBehind, makes, pidsIn, said, waitsFor } from '../../test/support/scripts.ts';

const MINE = 'commands.pc.PC-OURS';

async function world(options: Partial<AgentRunOptions> = {}) {
  const server = await startNatsServer();
  const nc = await provisionedOperator(server);
  const agent = new AgentRun({ toml: settings(server), ...options });
  await heartbeatAfter(nc, 'PC-OURS', agent);
  const file = (name: string) => join(agent.directory, name);
  const pids = (name: string) =>
    eventually(() => {
      expect(readFileSync(file(name), 'utf8')).toMatch(/^\d+\n\d+\n$/);
      return pidsIn(file(name));
    });
  return { server, nc, agent, file, pids };
}

/** Writes its pid and that of a child in a session of its own, and stays. */
const stays = (file: string) => `echo began; ${leavesBehind(file)} ${waitsFor(file)}; ${appendsPid(file)}; sleep 300`;

test('SIGTERM ends a running script with its whole tree, and its result is delivered before the exit with 0', async () => {
  const { nc, agent, file, pids } = await world();
  const id = await publishCommand(
    nc,
    MINE,
    command({ exec_id: randomUUID(), script: stays(file('a')), timeout_secs: 600 }),
  );
  const tree = await pids('a');
  expect(await agent.end('SIGTERM')).toEqual({ code: 0, signal: null });
  const result = await waitForResult(nc, id, { timeoutMs: 5_000 });
  expect(result).toMatchObject({ exit_code: -1, stdout: said('began') });
  expect(result.stderr).toContain('stopped: the agent is shutting down');
  expect(tree.filter(isAlive)).toEqual([]);

  await heartbeatAfter(nc, 'PC-OURS', agent);
  const after = await publishCommand(nc, MINE, command());
  await waitForResult(nc, after);
  expect(await countStored(nc, 'RESULTS', `results.${id}`)).toBe(1);
  expect((await waitForResult(nc, id)).result_id).toBe(result.result_id);
});

test('a script that ends within the grace has its own result', async () => {
  const { nc, agent, file } = await world();
  const script = `${makes(file('b'))}; ${waitsFor(file('go'))}; echo done; exit 3`;
  const id = await publishCommand(nc, MINE, command({ script }));
  await eventually(() => expect(existsSync(file('b'))).toBe(true));
  const ended = agent.end('SIGTERM');
  writeFileSync(file('go'), '');
  expect(await ended).toEqual({ code: 0, signal: null });
  expect(await waitForResult(nc, id)).toMatchObject({ exit_code: 3, stdout: said('done'), stderr: '' });
});

test('while a script ends within the grace, whoever looks on sees the agent finish, up to its end', async () => {
  const server = await startNatsServer();
  const nc = await provisionedOperator(server);
  const agent = new AgentRun({ toml: settings(server).replace('grace = "1s"', 'grace = "60s"') });
  await heartbeatAfter(nc, 'PC-OURS', agent);
  const file = (name: string) => join(agent.directory, name);
  const script = `${makes(file('f'))}; ${waitsFor(file('go'))}`;
  const id = await publishCommand(nc, MINE, command({ script }));
  await eventually(() => expect(existsSync(file('f'))).toBe(true));
  const client = await agent.connect();
  const pushed: AgentStatus[] = [];
  client.onPush('state.changed', (status) => pushed.push(status));
  await client.call('state.subscribe', {});
  let isClosed = false;
  client.onClose(() => {
    isClosed = true;
  });
  const ended = agent.end('SIGTERM');
  const finishing = expect.objectContaining({ agent: expect.objectContaining({ state: 'draining' }) });
  await eventually(() => expect(pushed).toContainEqual(finishing));
  const late = await agent.connect();
  const seen = await late.call('state.snapshot', {});
  expect([seen.agent.state, seen.now.running.length, isClosed]).toEqual(['draining', 1, false]);
  writeFileSync(file('go'), '');
  expect(await ended).toEqual({ code: 0, signal: null });
  expect(await waitForResult(nc, id)).toMatchObject({ exit_code: 0 });
  expect(isClosed).toBe(true);
});

test('without a broker the result of a stopped script is stored, and delivered after the next start', async () => {
  const { server, nc, agent, file, pids } = await world();
  const id = await publishCommand(nc, MINE, command({ script: stays(file('c')), timeout_secs: 600 }));
  await pids('c');
  await server.stop();
  expect(await agent.end('SIGTERM')).toEqual({ code: 0, signal: null });
  await server.start();
  agent.start();
  const result = await waitForResult(nc, id);
  expect(result.exit_code).toBe(-1);
  expect(result.stderr).toContain('stopped: the agent is shutting down');
});

test('what waits for its moment still waits after the stop and the next start, and can be killed there', async () => {
  const { nc, agent, file } = await world();
  const execId = randomUUID();
  const script = makes(file('ran'));
  const id = await publishCommand(nc, MINE, command({ exec_id: execId, script, jitter_secs: 86_400 }));
  const client = await agent.connect();
  const waiting = async (from: typeof client) => (await from.call('state.snapshot', {})).now.waitingCount;
  await eventually(async () => expect(await waiting(client)).toBe(1));
  expect(await agent.end('SIGTERM')).toEqual({ code: 0, signal: null });
  expect(await countStored(nc, 'RESULTS', `results.${id}`)).toBe(0);

  await heartbeatAfter(nc, 'PC-OURS', agent);
  const again = await agent.connect();
  await eventually(async () => expect(await waiting(again)).toBe(1));
  await killExec(nc, execId);
  expect(await waitForResult(nc, id)).toMatchObject({ exit_code: -1 });
  expect(existsSync(file('ran'))).toBe(false);
});

test('a kill that comes during a stop ends its script, and what waits of it never runs', async () => {
  const { nc, agent, file, pids } = await world();
  const execId = randomUUID();
  const waits = makes(file('ran'));
  const waiting = await publishCommand(nc, MINE, command({ exec_id: execId, script: waits, jitter_secs: 86_400 }));
  const id = await publishCommand(nc, MINE, command({ exec_id: execId, script: stays(file('k')), timeout_secs: 600 }));
  const tree = await pids('k');
  const client = await agent.connect(ADMINISTRATOR);
  await eventually(async () => expect((await client.call('state.snapshot', {})).now.waitingCount).toBe(1));
  await client.call('agent.drain', {});
  await eventually(() => expect(agent.stdout).toContain('stopping'));
  await killExec(nc, execId);
  expect((await waitForResult(nc, id)).stderr).toContain('killed');
  expect(tree.filter(isAlive)).toEqual([]);
  expect(await agent.ended()).toEqual({ code: 0, signal: null });

  await heartbeatAfter(nc, 'PC-OURS', agent);
  expect(await waitForResult(nc, waiting)).toMatchObject({ exit_code: -1 });
  expect(existsSync(file('ran'))).toBe(false);
});

test('SIGTERM during a drain does not wait for the end of the drain', async () => {
  const { nc, agent, file, pids } = await world();
  const id = await publishCommand(nc, MINE, command({ script: stays(file('d')), timeout_secs: 600 }));
  const tree = await pids('d');
  const client = await agent.connect(ADMINISTRATOR);
  await client.call('agent.drain', {});
  await eventually(() => expect(agent.stdout).toContain('stopping'));
  expect(await agent.end('SIGTERM')).toEqual({ code: 0, signal: null });
  expect(agent.stdout).toMatch(/stopping sooner grace_ms=1000/);
  expect((await waitForResult(nc, id)).stderr).toContain('stopped: the agent is shutting down');
  expect(tree.filter(isAlive)).toEqual([]);
});

test('the end of the PC during a stop leaves the scripts less time', async () => {
  const server = await startNatsServer();
  const nc = await provisionedOperator(server);
  const toml = settings(server).replace('grace = "1s"', 'grace = "60s"');
  const agent = new AgentRun({ toml, args: ['--service', '--control'] });
  await heartbeatAfter(nc, 'PC-OURS', agent);
  const began = join(agent.directory, 'e');
  await publishCommand(
    nc,
    MINE,
    command({ script: `${makes(began)}; ${waitsFor(began, { isGone: true })}`, timeout_secs: 600 }),
  );
  await eventually(() => expect(existsSync(began)).toBe(true));
  agent.say('stop');
  await eventually(() => expect(agent.stdout).toContain('stopping grace_ms=60000'));
  agent.say('preshutdown');
  await eventually(() => expect(agent.stdout).toContain('stopping sooner grace_ms=30000'));
  await agent.end('SIGKILL');
});

test('stopped while a connect is under way, it ends, also where that connect succeeds after all', async () => {
  const server = await startNatsServer();
  const between = await gate(server.port);
  const agent = new AgentRun({ toml: settings({ url: between.url }) });
  agent.start();
  await between.arrived;
  await agent.connect();
  const ended = agent.end('SIGTERM');
  await eventually(() => expect(agent.stdout).toContain('stopping'));
  between.open();
  expect(await ended).toEqual({ code: 0, signal: null });
  expect(agent.stdout).toContain('stopped');
});

test('a result that a full disk does not take keeps nobody from the end', async (context) => {
  const noMounts = noMountsHere();
  if (noMounts !== null) return context.skip(noMounts);
  const disk = smallDisk(80);
  const { nc, agent, file } = await world({ dataDirectory: disk.path });
  const fill = join(disk.path, 'fill');
  const script = `head -c 6000000 /dev/zero | tr '\\0' x; touch ${file('said')}; sleep 300`;
  await publishCommand(nc, MINE, command({ script, timeout_secs: 600 }));
  await eventually(() => expect(existsSync(file('said'))).toBe(true));
  // Takes again and again what the agent frees for itself.
  const filler = spawn('sh', ['-c', `while :; do cat /dev/zero >> ${fill}; done`], { stdio: 'ignore', detached: true });
  onTestFinished(() => void (filler.pid !== undefined && process.kill(-filler.pid, 'SIGKILL')));
  await eventually(() => expect(freeBytes(disk.path)).toBe(0));
  expect(await agent.end('SIGTERM')).toEqual({ code: 0, signal: null });
  expect(agent.stdout).toContain('a result could not be stored yet');
  expect(agent.stdout).not.toContain('a command ended');
  expect(agent.stdout).toMatch(/stopped\n$/);
}, 90_000);

function freeBytes(path: string): number {
  const { bavail, bsize } = statfsSync(path);
  return bavail * bsize;
}
